import base64
import json
from decimal import Decimal, Inexact
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.fields import sensitive_fields, two_places_text
from schemas.gd_accounting.events import CreditSync, LearnerArrived
from tests.platforms.gd_accounting.document import MODELS, example, read, refused

SAMPLE = (  # section 3, as printed: with the blank before it
    " eyJ0aWNrZXQiOiIyMDhjYmM2NmFhZWY0MzE3ODQzYzZjZWRhYmUzMTllMCIsImlkTnVtIjoiNDQwNjgxMTk4NTEyMDYzNDE2Iiw"
    "icmVhbE5hbWUiOiLlvKDkuIkiLAoieWVhciI6IjIwMjEiLCJzaWduIjoiYjc4Y2IzMWZkYzVhYjI1NmI2N2ZkYTE0ZGI2ZjAyNWM"
    "ifQ=="
)


def credit_text(credit: object) -> str:
    event = read("credit-sync", credit=credit)
    assert isinstance(event, CreditSync)
    return two_places_text(event.credit)


def test_an_end_at_the_start_or_before_it_is_refused() -> None:
    start = "2022-03-05 08:00:00"
    for end in (start, "2022-03-05 07:59:59"):
        assert refused("credit-sync", startTime=start, endTime=end) == {("endTime", "end_not_after_start")}


def test_a_refused_start_brings_no_second_refusal_of_the_end() -> None:
    assert refused("credit-sync", startTime="soon") == {("startTime", "timestamp")}


@pytest.mark.parametrize(
    ("credit", "text"),
    [
        (30, "30.00"),
        (30.0, "30.00"),
        (30.5, "30.50"),
        ("30", "30.00"),
        ("30.10", "30.10"),
        (0.29, "0.29"),
        (1.15, "1.15"),
        (0, "0.00"),
        (99999999.99, "99999999.99"),
    ],
)
def test_a_credit_goes_out_exactly_with_two_decimals(credit: object, text: str) -> None:
    assert credit_text(credit) == text


@pytest.mark.parametrize(
    "credit",
    [
        *(0.1 + 0.2, 30.001, "30.001", "30.000", 1e-7, -1, -0.01, "-1", 100_000_000, 1e300, "1e1"),
        *(
            float("nan"),
            float("inf"),
            "NaN",
            "Infinity",
            True,
            None,
            "",
            " 30",
            "３０",
            "3_0",
            ".5",
            "5.",
            [],
        ),
    ],
)
def test_a_credit_that_is_not_a_number_of_at_most_two_decimals_is_refused(credit: object) -> None:
    assert refused("credit-sync", credit=credit) == {("credit", "two_places")}


@given(st.integers(0, 9_999_999_999), st.sampled_from([float, str, Decimal]))
def test_every_number_of_hundredths_survives_to_the_wire(hundredths: int, kind: Any) -> None:
    text = f"{hundredths // 100}.{hundredths % 100:02}"
    assert credit_text(kind(text)) == text


@given(st.floats(0, 1e8, exclude_max=True))
def test_a_float_is_accepted_only_as_the_number_it_prints_as(credit: float) -> None:
    try:
        text = credit_text(credit)
    except ValidationError:
        return
    assert Decimal(text) == Decimal(repr(credit))


def test_a_credit_can_be_dumped_without_losing_exactness() -> None:
    event = read("credit-sync", credit=1.15)
    assert event.model_dump()["credit"] == Decimal("1.15")
    assert event.model_dump(mode="json")["credit"] == "1.15"


def test_a_number_that_would_have_to_be_rounded_has_no_wire_text() -> None:
    with pytest.raises(Inexact):
        two_places_text(Decimal("0.305"))


def test_the_documents_own_sample_of_a_learner_is_valid_with_our_arrival_id() -> None:
    learner = LearnerArrived.model_validate(json.loads(base64.b64decode(SAMPLE)) | {"arrival": "a1"})
    assert (learner.realName, learner.year, learner.areaCode, learner.pqLevel) == ("张三", 2021, None, None)
    assert "sign" not in learner.model_dump()


def test_an_arriving_learner_is_taken_as_the_platform_describes_them() -> None:
    for changes in (
        *({"year": 2020}, {"year": "2020"}, {"areaCode": None}, {"areaCode": "999999"}),
        *({"pqLevel": None}, {"pqLevel": "4"}, {"idNum": "H1234567(8)"}, {"somethingNew": 1}),
    ):
        assert read("learner-arrived", **changes)


def test_an_arriving_learner_with_an_unlisted_level_or_a_year_of_5_digits_is_refused() -> None:
    assert refused("learner-arrived", pqLevel="5") == {("pqLevel", "unknown_code")}
    assert refused("learner-arrived", year=20211) == {("year", "whole_number")}


@pytest.mark.parametrize("operation", MODELS)
def test_what_must_not_be_shown_is_marked_sensitive(operation: str) -> None:
    secret = {"ticket", "authorizationCode", "uuid", "idNum", "realName", "arrival"}
    fields = MODELS[operation].model_fields
    assert sensitive_fields(MODELS[operation]) == secret & set(fields)


@pytest.mark.parametrize("operation", MODELS)
def test_a_printed_event_shows_nothing_sensitive(operation: str) -> None:
    event = read(operation)
    for name in sensitive_fields(type(event)):
        assert getattr(event, name) not in f"{event!r} {event}"


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read("enrolment-check").ticket = "other"  # type: ignore[attr-defined]


MARKED = st.text().map(lambda text: f"☂{text}☂")
NUMBERS = st.integers(10**9) | st.floats(10**9, allow_infinity=False)
VALUES = MARKED | NUMBERS | NUMBERS.map(str) | st.datetimes().map(str) | st.from_regex(r"[0-9]{17}[0-9X]\Z")
FIELD = st.sampled_from([(operation, name) for operation in MODELS for name in MODELS[operation].model_fields])


@given(FIELD, VALUES, st.sampled_from([lambda v: v, lambda v: [v], lambda v: {"a": v}]))
def test_a_refusal_never_contains_the_value(field: tuple[str, str], value: object, wrap: Any) -> None:
    operation, name = field
    data = example(operation) | {name: wrap(value), "startTime": str(value)}
    try:
        MODELS[operation].model_validate(data)
    except ValidationError as error:
        details = error.errors(include_input=False)
        for text in (str(error), repr(error), str(details), *(detail["msg"] for detail in details)):
            assert str(value) not in text


@pytest.mark.parametrize("operation", MODELS)
def test_a_refusal_of_several_fields_contains_none_of_their_values(operation: str) -> None:
    data = {name: f"☂{name}☂" * 400 for name in MODELS[operation].model_fields}
    with pytest.raises(ValidationError) as refusal:
        MODELS[operation].model_validate(data)
    assert refusal.value.error_count() == len(data)
    assert "☂" not in str(refusal.value)
