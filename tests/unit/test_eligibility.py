"""Which letters can be replayed, and what is said of the others."""

from dataclasses import replace

import pytest

from gateway.operating.eligibility import Facts, Holder, split, warnings
from gateway.operating.model import LetterRow

LETTER = LetterRow(
    "l-1", "p", "a", "op", "/s", "e-1", "unknown", "X", "no", "no", 1, None, "2026-03-01", "2026-03-02"
)
FACTS = Facts({"p.a"})


def said(letter: LetterRow, facts: Facts = FACTS) -> str | None:
    good, bad = split("replay", [letter], facts)
    assert len(good) + sum(one.count for one in bad) == 1
    return bad[0].why if bad else None


@pytest.mark.parametrize("category", ["rejected", "exhausted", "uncertain", "unknown", None])
def test_what_may_succeed_is_eligible(category: str | None) -> None:
    assert said(replace(LETTER, category=category)) is None


@pytest.mark.parametrize(
    ("letter", "facts", "why"),
    [
        (replace(LETTER, category="invalid"), FACTS, "invalid"),
        (replace(LETTER, run="r-9"), FACTS, "already in run r-9"),
        (replace(LETTER, event_id=None), FACTS, "cannot be read"),
        (replace(LETTER, account="other"), FACTS, "p.other is not configured"),
        (LETTER, Facts({"p.a"}, {"p.a": "A0210"}), "p.a is stopped"),
        (LETTER, Facts({"p.a"}, refused={"l-1": "the edit does not fit"}), "the edit does not fit"),
    ],
)
def test_what_cannot_is_told_with_the_reason(letter: LetterRow, facts: Facts, why: str) -> None:
    assert why in (said(letter, facts) or "")


def test_with_an_edit_that_fits_what_was_invalid_is_eligible() -> None:
    assert said(replace(LETTER, category="invalid"), Facts({"p.a"}, refused={})) is None


def test_a_follower_goes_with_its_head_or_not_at_all() -> None:
    head = replace(LETTER, id="l-0", event_id="e-0", lane="x")
    follower = replace(LETTER, category="held", lane="x")
    keys = [("p", "a", "/s", name) for name in ("e-0", "e-1")]
    held = Facts(
        {"p.a"},
        positions=dict(zip(keys, (1, 2), strict=True)),
        holders={"x": [Holder(keys[0], 1), Holder(keys[1], 2)]},
    )
    assert [one.id for one in split("replay", [head, follower], held)[0]] == ["l-0", "l-1"]
    assert "held behind the dead letter of event e-0" in (said(follower, held) or "")
    stuck = split("replay", [replace(head, run="r-1"), follower], held)
    assert (stuck[0], len(stuck[1])) == ([], 2)


def test_everything_that_no_run_has_can_be_discarded() -> None:
    letters = [replace(LETTER, category="invalid", event_id=None, account="gone"), replace(LETTER, id="l-2", run="r")]
    good, bad = split("discard", letters, FACTS)
    assert ([one.id for one in good], len(bad)) == (["l-1"], 1)


def test_an_account_that_is_waited_for_and_what_is_uncertain_are_told() -> None:
    told = warnings("replay", [replace(LETTER, category="uncertain")], {"p.a": "paused"})
    assert len(told) == 2
    assert warnings("replay", [LETTER], {"p.a": "working"}) == []
