"""The closed set of outcomes, in the words of the public contract."""

from typing import get_args

import pytest

from gateway.outcome import (
    Accepted,
    Category,
    Dead,
    Expired,
    Final,
    Rejected,
    Verdict,
    category_of,
    outcome_name,
)
from schemas.results import CategoryName, OutcomeName

FINALS: dict[str, tuple[Final, Category | None]] = {
    "accepted": (Accepted("200"), None),
    "rejected": (Rejected("A0415", "no"), Category.REJECTED),
    "dead": (Dead("500", "no", Category.EXHAUSTED), Category.EXHAUSTED),
    "expired": (Expired("expired", "late"), None),
}


@pytest.mark.parametrize("name", FINALS)
def test_every_final_ending_has_its_word_and_category(name: str) -> None:
    final, category = FINALS[name]
    assert (outcome_name(final), category_of(final)) == (name, category)


def test_the_words_are_those_of_the_published_result() -> None:
    assert set(FINALS) == set(get_args(OutcomeName))
    assert {type(final) for final, _ in FINALS.values()} == set(get_args(Final))
    assert [category.value for category in Category] == list(get_args(CategoryName))


@pytest.mark.parametrize("category", Category)
def test_a_category_is_kept_as_it_was_given(category: Category) -> None:
    assert category_of(Rejected("x", "y", category)) is category
    assert category_of(Dead("x", "y", category)) is category


def test_an_accepted_event_is_new_unless_it_is_said_to_be_a_duplicate() -> None:
    assert not Accepted().duplicate
    assert outcome_name(Accepted(duplicate=True)) == "accepted"


def test_the_vocabulary_of_code_tables_is_closed() -> None:
    assert {verdict.value for verdict in Verdict} == {
        "accepted", "duplicate", "rejected", "retry", "down", "throttled", "pause", "token", "stop",
    }  # fmt: skip
