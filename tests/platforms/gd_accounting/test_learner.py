"""data of getData, section 3: base64 JSON that the platform signed with the school's secret."""

import json
from base64 import b64encode, encodebytes
from hashlib import md5
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workers.gd_accounting.learner import FIELDS, BadSignError, UnreadableError, read_learner, signs

SECRET = "TESTSECRET0123456789abcdef012345"

# The document's own example of `data`, leading blank included.
DOCUMENT_SAMPLE = (
    " eyJ0aWNrZXQiOiIyMDhjYmM2NmFhZWY0MzE3ODQzYzZjZWRhYmUzMTllMCIsImlkTnVtIjoiNDQwNjgxMTk4NTEyMDYzNDE2"
    "IiwicmVhbE5hbWUiOiLlvKDkuIkiLAoieWVhciI6IjIwMjEiLCJzaWduIjoiYjc4Y2IzMWZkYzVhYjI1NmI2N2ZkYTE0ZGI2ZjAyNWMifQ=="
)
DOCUMENT_SAMPLE_TEXT = (
    '{"ticket":"208cbc66aaef4317843c6cedabe319e0","idNum":"440681198512063416","realName":"张三",\n'
    '"year":"2021","sign":"b78cb31fdc5ab256b67fda14db6f025c"}'
)

PERSON: dict[str, Any] = {
    "ticket": "208cbc66aaef4317843c6cedabe319e0",
    "idNum": "440681198512063416",
    "realName": "张三",
    "pqLevel": None,
    "year": "2021",
    "areaCode": "440106",
}
VECTOR = "0404a2d5d484d0a4f39221fd93e4758f"  # facts/provincial-apis.md, section E
ABSENT = "<absent>"


def md5_of(*parts: str) -> str:
    return md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def signed(values: dict[str, Any], secret: str = SECRET) -> str:
    """As the document says it: ticket + idNum + realName + pqLevel + year + areaCode + secret."""
    level = "null" if values.get("pqLevel") is None else values["pqLevel"]
    area = values.get("areaCode") or ""
    person = (values["ticket"], values["idNum"], values["realName"])
    return md5_of(*person, level, str(values["year"]), area, secret)


def changed(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**PERSON, **changes}.items() if value is not ABSENT}


def packed(values: Any) -> str:
    return b64encode(json.dumps(values, ensure_ascii=False).encode()).decode()


def data(*, sign: str | None = None, **changes: Any) -> str:
    values = changed(**changes)
    return packed({**values, "sign": signed(values) if sign is None else sign})


def told(values: dict[str, Any]) -> dict[str, str | None]:
    return {name: None if values.get(name) in (None, "") else str(values[name]) for name in FIELDS}


# --- what is right


def test_the_vector_is_signed_as_the_document_says() -> None:
    learner = {name: PERSON[name] for name in FIELDS}
    assert signs(learner, SECRET) == [VECTOR]
    assert read_learner(data(sign=VECTOR), SECRET) == learner


def test_the_documents_own_sample_is_read_up_to_its_sign_whose_secret_it_does_not_give() -> None:
    with pytest.raises(BadSignError):
        read_learner(DOCUMENT_SAMPLE, SECRET)


def test_the_documents_own_sample_with_a_sign_of_ours_is_read() -> None:
    sign = md5_of(PERSON["ticket"], PERSON["idNum"], "张三", "null", "2021", SECRET)
    text = DOCUMENT_SAMPLE_TEXT.replace("b78cb31fdc5ab256b67fda14db6f025c", sign)
    assert " " + b64encode(DOCUMENT_SAMPLE_TEXT.encode()).decode() == DOCUMENT_SAMPLE
    learner = read_learner(" " + b64encode(text.encode()).decode(), SECRET)
    assert learner == PERSON | {"areaCode": None}


@pytest.mark.parametrize(
    "changes",
    [
        {"pqLevel": ABSENT},
        {"pqLevel": None},
        {"pqLevel": "3"},
        {"year": 2021},
        {"year": "2021"},
        {"areaCode": ABSENT},
        {"areaCode": None},
        {"areaCode": ""},
        {"realName": "阿卜杜热合曼·阿卜杜热西提"},
        {"realName": 'O\'Brien "B" \\ 𠮷'},
        {"somethingNew": {"of": ["the", "platform"]}},
    ],
    ids=str,
)
def test_signed_data_is_read(changes: dict[str, Any]) -> None:
    assert read_learner(data(**changes), SECRET) == told(changed(**changes))


@pytest.mark.parametrize("level", ["", "null"])
def test_an_empty_pq_level_is_read_whether_it_was_signed_as_nothing_or_as_null(level: str) -> None:
    """Only null is said to count as the word; Java's + gives nothing for an empty text."""
    sign = md5_of(PERSON["ticket"], PERSON["idNum"], "张三", level, "2021", "440106", SECRET)
    assert read_learner(data(pqLevel="", sign=sign), SECRET) == PERSON


@pytest.mark.parametrize("area", ["", "null"])
@pytest.mark.parametrize("sent", [ABSENT, None, ""], ids=["absent", "null", "empty"])
def test_a_missing_area_code_is_read_whether_it_was_signed_as_nothing_or_as_null(sent: Any, area: str) -> None:
    sign = md5_of(PERSON["ticket"], PERSON["idNum"], "张三", "null", "2021", area, SECRET)
    assert read_learner(data(areaCode=sent, sign=sign), SECRET) == PERSON | {"areaCode": None}


WRAPPED = encodebytes(json.dumps(PERSON | {"sign": VECTOR}, indent=1).replace("\n", "\r\n").encode()).decode()


@pytest.mark.parametrize(
    "text",
    [" " + data(), "\n" + data() + "\r\n", WRAPPED, WRAPPED.replace("\n", "\r\n"), data() + "=="],
    ids=["blank", "lines", "wrapped", "wrapped-crlf", "padding"],
)
def test_blanks_line_breaks_and_more_padding_do_not_matter(text: str) -> None:
    assert read_learner(text, SECRET) == PERSON


def test_missing_padding_does_not_matter() -> None:
    missing = set()
    for blanks in ("", " ", "  "):
        text = data(realName="张三" + blanks)
        missing.add(text.count("="))
        assert read_learner(text.rstrip("="), SECRET)["realName"] == "张三" + blanks
    assert missing == {0, 1, 2}


def test_a_raw_line_break_inside_a_json_text_is_read() -> None:
    text = json.dumps(changed(realName="张\n三", sign=signed(changed(realName="张\n三")))).replace("\\n", "\n")
    assert read_learner(b64encode(text.encode()).decode(), SECRET)["realName"] == "张\n三"


def test_a_sign_in_upper_case_is_the_same_sign() -> None:
    assert read_learner(data(sign=VECTOR.upper()), SECRET) == PERSON


# --- what is not


@pytest.mark.parametrize(
    "changes",
    [
        {"ticket": "208cbc66aaef4317843c6cedabe319e1"},
        {"idNum": "440681198512063417"},
        {"realName": "张四"},
        {"realName": "张三 "},
        {"pqLevel": "1"},
        {"year": "2022"},
        {"year": 2022},
        {"areaCode": "440103"},
        {"areaCode": ABSENT},
    ],
    ids=str,
)
def test_data_that_is_not_what_was_signed_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSignError):
        read_learner(data(sign=VECTOR, **changes), SECRET)


@pytest.mark.parametrize(
    "sign", ["", "0", VECTOR[:-1], VECTOR + "0", " " + VECTOR, "0" * 32, "签名", "b78cb31fdc5ab256b67fda14db6f025c"]
)
def test_another_sign_is_not_believed(sign: str) -> None:
    with pytest.raises(BadSignError):
        read_learner(data(sign=sign), SECRET)


@pytest.mark.parametrize("sign", [ABSENT, None, True, 0, [VECTOR], {"sign": VECTOR}], ids=str)
def test_a_sign_that_is_no_text_is_not_believed(sign: Any) -> None:
    with pytest.raises(BadSignError):
        read_learner(packed(changed(sign=sign)), SECRET)


@pytest.mark.parametrize("secret", ["", SECRET[:-1], SECRET.lower(), SECRET + " "])
def test_a_sign_made_with_another_secret_is_not_believed(secret: str) -> None:
    with pytest.raises(BadSignError):
        read_learner(data(sign=signed(PERSON, secret)), SECRET)


@pytest.mark.parametrize("name", ["ticket", "idNum", "realName", "year"])
@pytest.mark.parametrize("value", [ABSENT, None, "", True, 1.5, [], {}], ids=str)
def test_data_without_what_is_required_is_unreadable_and_the_refusal_names_it(name: str, value: Any) -> None:
    with pytest.raises(UnreadableError) as refusal:
        read_learner(packed(changed(sign=VECTOR, **{name: value})), SECRET)
    assert str(refusal.value) == f"data lacks {name}"


UNREADABLE = {
    "empty": "",
    "blank": " ",
    "padding": "====",
    "percents": "%%%%",
    "cut": "eyJ0",
    "percent-inside": data()[:8] + "%" + data()[8:],
    "no-json": "bm8ganNvbg==",
    "no-utf8": b64encode(b"\xff\xfe\xfd").decode(),
    "list": packed([PERSON]),
    "text": packed("text"),
    "null": packed(None),
    "number": packed(1),
    "chinese-page": "<html>系统维护中</html>",
    "accents": "é" * 8,
    "half-a-character": "\ud800",
    "number-of-5000-digits": b64encode(b'{"year":' + b"1" * 5000 + b"}").decode(),
    "brackets-nested-100000-deep": b64encode(b"[" * 100_000).decode(),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_anything_else_is_unreadable(what: str) -> None:
    with pytest.raises(UnreadableError):
        read_learner(UNREADABLE[what], SECRET)


@pytest.mark.parametrize("name", [*FIELDS, "sign"])
def test_half_a_character_in_a_field_is_refused_like_any_other_bad_data(name: str) -> None:
    text = json.dumps(changed(sign=VECTOR) | {name: "\ud800"})
    with pytest.raises((UnreadableError, BadSignError)):
        read_learner(b64encode(text.encode()).decode(), SECRET)


def test_a_refusal_quotes_nothing_of_the_person() -> None:
    values = [PERSON["ticket"], PERSON["idNum"], "张三", VECTOR, SECRET]
    for text in (data(sign="0"), data(year=None, sign="0"), data()[:-8], packed([PERSON])):
        with pytest.raises((UnreadableError, BadSignError)) as refusal:
            read_learner(text, SECRET)
        assert not any(value in str(refusal.value) for value in values)


# --- whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELD_VALUE = st.none() | st.text(max_size=20) | st.integers() | st.booleans() | st.floats()
OBJECT = st.fixed_dictionaries({}, optional=dict.fromkeys((*FIELDS, "sign", "other"), FIELD_VALUE))


@given(st.text() | st.binary().map(lambda raw: b64encode(raw).decode()) | JSON.map(packed) | OBJECT.map(packed))
@example("é")
@example(b64encode(b'"\xed\xa0\x80"').decode())
def test_no_text_whatever_raises_anything_but_our_two_refusals(text: str) -> None:
    try:
        learner = read_learner(text, SECRET)
    except (UnreadableError, BadSignError):
        return
    assert tuple(learner) == FIELDS


WORD = st.text(min_size=1, max_size=30)


@given(
    values=st.fixed_dictionaries(
        {
            "ticket": WORD,
            "idNum": WORD,
            "realName": WORD,
            "pqLevel": st.none() | st.sampled_from("1234"),
            "year": st.integers(1000, 9999) | st.integers(1000, 9999).map(str),
            "areaCode": st.text("0123456789", min_size=6, max_size=6),
        }
    ),
    secret=WORD,
    wrong=WORD,
)
def test_what_one_secret_signed_is_read_with_that_secret_and_no_other(
    values: dict[str, Any], secret: str, wrong: str
) -> None:
    text = packed({**values, "sign": signed(values, secret)})
    assert read_learner(text, secret) == told(values)
    if wrong != secret:
        with pytest.raises(BadSignError):
            read_learner(text, wrong)
