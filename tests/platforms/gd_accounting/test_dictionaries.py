from pathlib import Path
from typing import Annotated

import pytest
from pydantic import ValidationError

from schemas.dictionaries import Dictionary, DictionaryError, load
from schemas.fields import Data, OneOf, Sensitive, sensitive_fields
from schemas.gd_accounting import codes


@pytest.mark.parametrize(
    ("dictionary", "count", "first", "last"),
    [
        (
            codes.PROFESSIONAL_COURSES,
            23,
            "PRO_A10101 会计职业道德与诚信体系建设",
            "PRO_A30502 财税体制改革热点问题",
        ),
        (codes.PUBLIC_COURSES, 2, "PUB_01 人工智能赋能制造业高质量发展", "PUB_02 新质生产力与现代化产业体系"),
        (codes.ADMINISTRATIVE_DIVISIONS, 204, "440000 广东省", "445381 罗定市"),
        (codes.EDU_TYPES, 2, "PUB 公需课", "PRO 专业课"),
        (codes.QUALIFICATION_LEVELS, 4, "1 初级", "4 正高级"),
    ],
)
def test_a_dictionary_has_the_documents_rows_in_its_order(
    dictionary: Dictionary, count: int, first: str, last: str
) -> None:
    rows = [f"{code} {name}" for code, name in dictionary.names.items()]
    assert (len(rows), rows[0], rows[-1]) == (count, first, last)


def test_a_dictionary_is_read_once_and_cannot_be_changed() -> None:
    again = load("schemas.gd_accounting", "public_courses.csv", section="13.2 公需课")
    assert again is codes.PUBLIC_COURSES
    with pytest.raises(TypeError):
        again.names["PUB_03"] = "x"  # type: ignore[index]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An importable package with an empty `dictionaries/`, under a name no other test has."""
    name = f"platform_of_{tmp_path.name}"
    (tmp_path / name / "dictionaries").mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return name


def written(tmp_path: Path, package: str, content: bytes) -> Dictionary:
    (tmp_path / package / "dictionaries" / "codes.csv").write_bytes(content)
    return load(package, "codes.csv", section="1 测试")


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"code,name\nA,x\nB,y\nA,z\n", 4, "code A stands here for the second time"),
        (b"code,name\nA,x\nB,\n", 3, "name must not be empty"),
        (b"code,name\n,x\n", 2, "code must not be empty"),
        ("code,name\nA,x　\n".encode(), 2, "blanks around it"),
        (b"code,name\nA\n", 2, "not as many columns"),
        (b"code,name\nA,x,y\n", 2, "not as many columns"),
        (b"code,title\nA,x\n", 1, "the columns code and name"),
        (b"", 1, "the columns code and name"),
        (b"code,name\n", 1, "no code below the header"),
        ("code,name\nA,x\nB,会计\n".encode("gbk"), 3, "not UTF-8"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_line(
    tmp_path: Path, package: str, content: bytes, line: int, reason: str
) -> None:
    with pytest.raises(DictionaryError, match=rf"codes\.csv:{line}: .*{reason}"):
        written(tmp_path, package, content)


def test_a_file_saved_by_a_spreadsheet_is_read(tmp_path: Path, package: str) -> None:
    content = "\ufeffcode,name,number\r\nA,会计,1\r\nB,审计,2\r\n".encode()
    assert dict(written(tmp_path, package, content).names) == {"A": "会计", "B": "审计"}


class Inner(Data):
    note: Annotated[str, Sensitive] | None = None
    plain: str = ""


class Outer(Data):
    inners: list[Inner] | None = None
    names: Annotated[tuple[str, ...], Sensitive()] = ()
    edu_type: Annotated[str, OneOf(codes.EDU_TYPES)] = "PUB"
    remarks: tuple[str, ...] = ()


def test_sensitive_fields_are_found_in_nested_and_optional_places() -> None:
    assert sensitive_fields(Outer) == {"note", "names"}
    assert "x" not in repr(Outer(inners=[Inner(note="x")], names=("x",)))


@pytest.mark.parametrize("data", [{"remarks": ["a", "b\0"]}, {"inners": [{"plain": "\0"}]}])
def test_nul_is_refused_in_any_text(data: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="NUL"):
        Outer.model_validate(data)


def test_an_unknown_code_is_refused_with_the_section_that_lists_the_codes() -> None:
    with pytest.raises(ValidationError, match="must be a code of 5 继续教育类型"):
        Outer(edu_type="ABC")
