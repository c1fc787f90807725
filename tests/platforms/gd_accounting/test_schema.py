from typing import Any

import pytest

from schemas.gd_accounting import EVENTS, INBOUND, codes
from tests.platforms.gd_accounting.document import (
    DOCUMENT,
    GATEWAYS_OWN,
    MODELS,
    OUR_OWN,
    example,
    read,
    refusals,
    refused,
)

FIELDS = [
    (operation, name, kind, length)
    for operation, table in DOCUMENT.items()
    for name, kind, length in table
    if name not in GATEWAYS_OWN
]
OPTIONAL = {("learner-arrived", "pqLevel"), ("learner-arrived", "areaCode")}
REQUIRED = [(operation, name) for operation, name, _, _ in FIELDS if (operation, name) not in OPTIONAL]
STRINGS = [(operation, name) for operation, name, kind, _ in FIELDS if kind == "String"]
TIMES = [(operation, name) for operation, name in STRINGS if name.endswith("Time")]
CODED = [
    (operation, name)
    for operation, name in STRINGS
    if name in {"areaCode", "eduType", "courseTypeCode", "pqLevel"}
    and (operation, name) != ("learner-arrived", "areaCode")  # the platform sets it
]
BOUNDED = [  # the document gives the uuid no length, and a time has its format
    (operation, name, length or 512)
    for operation, name, kind, length in FIELDS
    if kind == "String" and (operation, name) not in TIMES
] + [("learner-arrived", "arrival", 64)]
FREE_TEXTS = [field for field in BOUNDED if field[:2] not in CODED]
COURSES = [("PUB", code) for code in codes.PUBLIC_COURSES.names] + [
    ("PRO", code) for code in codes.PROFESSIONAL_COURSES.names
]
WRONG_YEARS: list[object] = [
    *(2020, "2020", 0, -2021, 10000, 20211, "02021"),
    *(" 2021", "２０２１", "2_021", 2021.5, True, "", [], "9" * 5000),
]
WRONG_TIMES = (
    *("", "2022-03-01", "2022-03-01T09:30:00", "2022/03/01 09:30:00", "2022-3-1 9:30:00"),
    *("2022-03-01 09:30", "2022-03-01 09:30:00.0", "2022-03-01 09:30:00Z", " 2022-03-01 09:30:00"),
    *("2022-03-01 09:30:00\n", "2022-02-29 09:30:00", "2022-13-01 09:30:00", "2022-03-01 24:00:00"),
    *("2022-03-01 09:60:00", "2022-W09-2 09:30:00", "20220301T093000.000", "2022-03-01 09:30+08"),
    *("0000-00-00 00:00:00", "２０２２-03-01 09:30:00", "2022-03-01\t09:30:00", "\ud800"),
)


def with_field(wanted: str) -> list[str]:
    return [operation for operation, name, _, _ in FIELDS if name == wanted and operation in EVENTS]


def in_bytes(size: int) -> str:
    """A text of so many bytes in UTF-8, Chinese as far as it goes."""
    return "汉" * (size // 3) + "a" * (size % 3)


def json_schema(operation: str, name: str) -> dict[str, Any]:
    """What the JSON Schema says of a field; of an optional one, what stands beside null."""
    field: dict[str, Any] = MODELS[operation].model_json_schema()["properties"][name]
    return field["anyOf"][0] if (operation, name) in OPTIONAL else field


def test_every_operation_has_its_table() -> None:
    assert list(MODELS) == list(DOCUMENT)
    assert list(INBOUND) == ["learner-arrived"]


@pytest.mark.parametrize("operation", MODELS)
def test_the_model_has_the_fields_of_the_documents_table_in_its_order(operation: str) -> None:
    documented = [name for name, _, _ in DOCUMENT[operation] if name not in GATEWAYS_OWN]
    assert list(MODELS[operation].model_fields) == documented + OUR_OWN.get(operation, [])


@pytest.mark.parametrize(("operation", "name", "kind", "_length"), FIELDS)
def test_the_json_schema_has_the_documented_type(operation: str, name: str, kind: str, _length: int | None) -> None:
    documented = {"String": "string", "int": "integer", "Float": "number"}[kind]
    schema = json_schema(operation, name)
    assert documented in [option["type"] for option in schema.get("anyOf", [schema])]


@pytest.mark.parametrize("operation", MODELS)
def test_the_example_is_valid(operation: str) -> None:
    assert read(operation)


@pytest.mark.parametrize(("operation", "name"), [*REQUIRED, ("learner-arrived", "arrival")])
def test_a_missing_field_is_refused(operation: str, name: str) -> None:
    data = example(operation)
    del data[name]
    assert refusals(operation, data) == {(name, "missing")}


@pytest.mark.parametrize(("operation", "name"), REQUIRED)
def test_null_is_refused_where_a_field_is_required(operation: str, name: str) -> None:
    assert name in dict(refused(operation, **{name: None}))


@pytest.mark.parametrize(("operation", "name"), STRINGS)
def test_what_is_not_a_text_is_refused_where_the_document_says_string(operation: str, name: str) -> None:
    for wrong in (123, 1.5, True, ["a"], {"a": "a"}):
        assert (name, "string_type") in refused(operation, **{name: wrong})


@pytest.mark.parametrize("field", ["token", "appId", "remark"])
@pytest.mark.parametrize("operation", EVENTS)
def test_a_field_outside_the_table_is_refused(operation: str, field: str) -> None:
    assert refused(operation, **{field: "1"}) == {(field, "extra_forbidden")}


@pytest.mark.parametrize(("operation", "name", "length"), FREE_TEXTS)
def test_a_text_of_exactly_its_length_in_bytes_is_accepted(operation: str, name: str, length: int) -> None:
    for text in (in_bytes(length), "x" * length, "x"):
        assert getattr(read(operation, **{name: text}), name) == text


@pytest.mark.parametrize(("operation", "name", "length"), BOUNDED)
def test_a_text_one_byte_too_long_is_refused(operation: str, name: str, length: int) -> None:
    for text in (in_bytes(length + 1), "x" * (length + 1)):
        assert (name, "text_too_long") in refused(operation, **{name: text})


def test_a_ticket_longer_than_512_bytes_is_refused_though_it_has_fewer_characters() -> None:
    assert refused("enrolment-check", ticket="汉" * 171) == {("ticket", "text_too_long")}


@pytest.mark.parametrize(("operation", "name", "_length"), FREE_TEXTS)
def test_an_empty_or_unsendable_text_is_refused(operation: str, name: str, _length: int) -> None:
    for text, error in [("", "text_empty"), ("a\0b", "text_nul"), ("a\ud800", "text_unencodable")]:
        assert refused(operation, **{name: text}) == {(name, error)}


@pytest.mark.parametrize(("operation", "name"), CODED)
def test_a_code_outside_its_dictionary_is_refused(operation: str, name: str) -> None:
    for wrong in ("9", "x", "０", "null"):
        assert dict(refused(operation, **{name: wrong}))[name] in {"unknown_code", "text_too_long"}


@pytest.mark.parametrize("operation", with_field("areaCode"))
def test_every_one_of_the_204_divisions_is_accepted(operation: str) -> None:
    assert len(codes.ADMINISTRATIVE_DIVISIONS.names) == 204
    for code in codes.ADMINISTRATIVE_DIVISIONS.names:
        assert read(operation, areaCode=code)


@pytest.mark.parametrize(("edu_type", "course"), COURSES)
@pytest.mark.parametrize("operation", with_field("courseTypeCode"))
def test_every_course_is_accepted_under_its_own_edu_type_only(operation: str, edu_type: str, course: str) -> None:
    assert read(operation, eduType=edu_type, courseTypeCode=course)
    other = "PRO" if edu_type == "PUB" else "PUB"
    assert refused(operation, eduType=other, courseTypeCode=course) == {("courseTypeCode", "course_not_of_edu_type")}


@pytest.mark.parametrize("operation", with_field("courseTypeCode"))
def test_a_refused_edu_type_brings_no_second_refusal_of_the_course(operation: str) -> None:
    assert refused(operation, eduType="ABC") == {("eduType", "unknown_code")}


@pytest.mark.parametrize("operation", with_field("eduType"))
def test_both_edu_types_are_known_where_they_stand(operation: str) -> None:
    assert json_schema(operation, "eduType")["enum"] == ["PUB", "PRO"]


@pytest.mark.parametrize("operation", with_field("year"))
def test_a_year_before_2021_or_not_of_4_digits_is_refused(operation: str) -> None:
    for wrong in WRONG_YEARS:
        assert refused(operation, year=wrong) == {("year", "whole_number")}


@pytest.mark.parametrize("operation", with_field("year"))
def test_a_year_from_2021_on_is_accepted_as_number_or_as_text(operation: str) -> None:
    for year in (2021, "2021", 2026, 9999):
        assert read(operation, year=year).model_dump()["year"] == int(year)


@pytest.mark.parametrize(("operation", "name"), TIMES)
def test_a_time_not_written_as_the_document_says_is_refused(operation: str, name: str) -> None:
    for wrong in WRONG_TIMES:
        assert (name, "timestamp") in refused(operation, **{name: wrong}), wrong


@pytest.mark.parametrize(("operation", "name"), TIMES)
def test_a_real_time_stays_the_text_it_is(operation: str, name: str) -> None:
    time = "2022-03-05 08:00:01" if name == "endTime" else "2020-02-29 00:00:00"
    assert read(operation, **{name: time}).model_dump(mode="json")[name] == time


@pytest.mark.parametrize(("operation", "name"), TIMES)
def test_the_json_schema_gives_the_pattern_of_a_time(operation: str, name: str) -> None:
    assert json_schema(operation, name)["pattern"].startswith("^[0-9]{4}-[0-9]{2}-[0-9]{2} ")


@pytest.mark.parametrize(("operation", "name", "length"), BOUNDED)
def test_the_json_schema_says_the_length_in_bytes(operation: str, name: str, length: int) -> None:
    assert json_schema(operation, name)["x-max-bytes"] == length
    assert f"at most {length}." in json_schema(operation, name)["description"]


@pytest.mark.parametrize(("operation", "name"), CODED)
def test_the_json_schema_lists_the_codes_and_their_section(operation: str, name: str) -> None:
    assert json_schema(operation, name)["enum"]
    assert "A code of " in json_schema(operation, name)["description"]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("operation", MODELS)
def test_the_json_schema_titles_every_field_and_gives_an_example(operation: str, mode: Any) -> None:
    schema = MODELS[operation].model_json_schema(mode=mode)
    assert all(field["title"] != name for name, field in schema["properties"].items())
    assert len(schema["examples"]) == 1
