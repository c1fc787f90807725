from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.fields import Data, sensitive_fields
from schemas.gd_ecert import codes
from schemas.gd_ecert.events import Operator
from tests.platforms.gd_ecert.document import (
    DOCUMENT,
    GATEWAYS_OWN,
    MODELS,
    REQUIRED,
    example,
    read,
    refusals,
    refused,
)

SHAPES: dict[str, type[Data]] = {
    **{name: model for name, model in MODELS.items() if name in DOCUMENT},
    "operator": Operator,
}
FIELDS = [(name, field, kind) for name, rows in DOCUMENT.items() for field, kind in rows if field not in GATEWAYS_OWN]
TEXTS = [(name, field) for name, field, kind in FIELDS if kind == "string"]
SECRET = {
    "service-call": {"query", "body"},
    "licence-auth": {"identity_number", "account", "name", "identity_num"},
    "licence-get": {"auth_code"},
    "licence-archive": {"auth_code"},
    "licence-token": {"auth_code"},
    "service-invoked": {"uid", "uinfo", "ext", "query", "body"},
}


def placed(shape: str, field: str, value: Any) -> tuple[str, dict[str, Any], str]:
    """Operation, data with this value in this field, and the field's path."""
    if shape == "operator":
        return "licence-auth", example("licence-auth", operator={field: value}), f"operator.{field}"
    return shape, example(shape, **{field: value}), field


@pytest.mark.parametrize("shape", SHAPES)
def test_the_model_has_the_documented_fields_in_their_order(shape: str) -> None:
    documented = [field for field, _ in DOCUMENT[shape] if field not in GATEWAYS_OWN]
    assert list(SHAPES[shape].model_fields) == documented


def test_the_numbers_of_fields_are_these() -> None:
    """Documented (without access_token) and in the schema, per interface."""
    counted = {shape: len(SHAPES[shape].model_fields) for shape in SHAPES}
    assert counted == {"licence-auth": 8, "licence-get": 1, "licence-archive": 3, "licence-token": 1, "operator": 8}
    assert sum(counted.values()) == len(FIELDS) == 21


@pytest.mark.parametrize(("shape", "field", "kind"), FIELDS)
def test_the_json_schema_has_the_documented_type(shape: str, field: str, kind: str) -> None:
    schema = SHAPES[shape].model_json_schema()["properties"][field]
    options = schema.get("anyOf", [schema])
    said = {option.get("type", "object" if "$ref" in option else "") for option in options} - {"null"}
    assert said == {kind}


@pytest.mark.parametrize("operation", MODELS)
def test_the_example_is_valid(operation: str) -> None:
    assert read(operation)


@pytest.mark.parametrize(("shape", "field", "_kind"), FIELDS)
def test_a_field_is_required_exactly_where_a_call_means_nothing_without_it(
    shape: str, field: str, _kind: str
) -> None:
    operation, data, _ = placed(shape, field, None)
    target = data["operator"] if shape == "operator" else data
    del target[field]
    if (shape, field) in REQUIRED:
        assert refusals(operation, data) == {(field, "missing")}
    else:
        assert MODELS[operation].model_validate(data)


@pytest.mark.parametrize(("shape", "field"), TEXTS)
def test_what_is_not_a_text_is_refused_where_a_text_is_documented(shape: str, field: str) -> None:
    for wrong in (1, 1.5, True, ["a"], {"a": "a"}):
        operation, data, path = placed(shape, field, wrong)
        assert refusals(operation, data) == {(path, "string_type")}


@pytest.mark.parametrize(("shape", "field"), TEXTS)
def test_an_empty_or_unsendable_text_is_refused_and_a_long_one_is_the_platforms_to_judge(
    shape: str, field: str
) -> None:
    for text, error in [("", "text_empty"), ("a\0b", "text_nul"), ("a\ud800", "text_unencodable")]:
        operation, data, path = placed(shape, field, text)
        assert refusals(operation, data) == {(path, error)}
    operation, data, _ = placed(shape, field, "证" * 2000)
    assert MODELS[operation].model_validate(data)


@pytest.mark.parametrize("operation", MODELS)
def test_a_field_outside_the_table_is_refused(operation: str) -> None:
    for field in ("access_token", "system_id", "remark"):
        assert refused(operation, **{field: "1"}) == {(field, "extra_forbidden")}


def test_a_page_has_1_to_150_licences_and_pages_count_from_1() -> None:
    for size in (1, 10, 150, "150"):
        assert read("licence-auth", page_size=size)
    for index in (1, 2, 1_000_000):
        assert read("licence-auth", page_index=index)
    wrong: object
    for wrong in (0, -1, 151, "0", "x", 1.5, True, []):
        assert refused("licence-auth", page_size=wrong) == {("page_size", "whole_number")}
    for wrong in (0, -1, "0", "x", 1.5, True, []):
        assert refused("licence-auth", page_index=wrong) == {("page_index", "whole_number")}


@pytest.mark.parametrize("wrong", [0, 1, "true", "false", "", []])
def test_only_true_and_false_are_true_and_false(wrong: object) -> None:
    assert refused("licence-archive", show_sensitive_data=wrong) == {("show_sensitive_data", "true_or_false")}


@pytest.mark.parametrize("service", ["a", "case-submit", "Case_2", "x" * 64])
def test_a_service_is_named_as_in_the_settings(service: str) -> None:
    assert read("service-call", service=service)


@pytest.mark.parametrize("service", ["", "-a", "a b", "a/b", "../a", "x" * 65, "证照", "a\n", "a.b"])
def test_another_name_of_a_service_is_refused(service: str) -> None:
    assert refused("service-call", service=service) == {("service", "service_name")}


def test_a_body_is_an_object_a_list_or_nothing() -> None:
    for body in ({}, {"a": {"b": [1, 2.5, None]}}, [], [{"a": 1}], None):
        assert read("service-call", body=body)
    for wrong in ("text", 1, 1.5, True):
        assert refused("service-call", body=wrong) == {("body", "json_body")}


def test_a_query_is_texts_by_name() -> None:
    assert read("service-call", query={"a": "", "中": "文"})
    assert refused("service-call", query={"": "a"}) == {("query", "text_empty")}
    assert refused("service-call", query={"a": "\0"}) == {("query", "text_nul")}
    assert refused("service-call", query={"\ud800": "a"}) == {("query", "text_unencodable")}
    assert refused("service-call", query={"a": 1}) == {("query.a", "string_type")}
    assert refused("service-call", query=[]) == {("query", "dict_type")}


@pytest.mark.parametrize("operation", MODELS)
def test_what_must_not_be_shown_is_marked_sensitive_and_not_printed(operation: str) -> None:
    assert sensitive_fields(MODELS[operation]) == SECRET[operation]
    data = read(operation)
    for name in SECRET[operation] & set(type(data).model_fields):
        value = getattr(data, name)
        assert not value or str(value) not in f"{data!r} {data}"


@given(
    st.sampled_from([(name, field) for name in MODELS for field in MODELS[name].model_fields]),
    st.text().map(lambda text: f"☂{text}☂") | st.integers(10**9) | st.floats(10**9, allow_infinity=False),
)
def test_a_refusal_never_contains_the_value(field: tuple[str, str], value: object) -> None:
    operation, name = field
    for wrapped in (value, [value], {"x": value}):
        try:
            MODELS[operation].model_validate(example(operation) | {name: wrapped})
        except ValidationError as error:
            told = f"{error} {error!r} {error.errors(include_input=False)}"
        else:
            continue
        assert str(value) not in told


def test_the_dictionaries_have_the_documents_rows() -> None:
    assert dict(codes.ENVIRONMENTS.names) == {"production": "生产环境", "test": "测试环境"}
    assert len(codes.ACCESS_SCENES.names) == 3
    assert list(codes.IDENTIFIERS.names)[:4] == ["system_id", "vender_id", "department_id", "serviceid"]
