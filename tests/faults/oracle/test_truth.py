"""Every check can fail: each is shown a history that breaks it, made by hand, beside others that do not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.oracle.hand_made import good, result
from tests.faults.oracle.hand_made_bad import BAD
from tests.faults.oracle.hand_made_good import GOOD
from tests.faults.oracle.history import History
from tests.faults.oracle.truth import Policy, judge


def kinds(history: History, policy: Policy | None = None) -> set[str]:
    return {finding.kind for finding in judge(history, policy or Policy()).findings}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD.keys())
def test_a_history_in_which_all_is_well_is_not_complained_of(history: Callable[[], History]) -> None:
    verdict = judge(history(), Policy(repeats=False))
    assert verdict.findings == ()


@pytest.mark.parametrize(("kind", "history"), BAD.values(), ids=BAD.keys())
def test_a_history_in_which_something_is_wrong_is_complained_of(kind: str, history: Callable[[], History]) -> None:
    assert kind in kinds(history(), Policy(repeats=False))


def test_every_kind_of_finding_has_a_history_that_shows_it() -> None:
    shown = {kind for kind, _ in BAD.values()}
    assert shown == {
        "lost", "contradicted", "uncaused", "unexpected", "letter", "left", "complaint", "reordered", "overlapped",
        "two at once", "executed twice", "token", "login", "died", "repeated", "held again",
    }  # fmt: skip


def test_what_a_fault_may_cost_is_counted_and_no_breach() -> None:
    history = replace(good(), results=[result(1, 1.1), result(1, 1.2), result(2, 2.1)])
    verdict = judge(history, Policy(repeats=True))
    assert (verdict.findings, verdict.results_repeated) == ((), 1)


def test_an_event_that_died_is_counted_also_where_it_may() -> None:
    history = BAD["an event that died of the fault"][1]()
    verdict = judge(history, Policy(deaths=True))
    assert (verdict.findings, verdict.died) == ((), 1)


def test_the_numbers_of_a_verdict_are_those_of_the_history() -> None:
    verdict = judge(GOOD["a repetition after a kill, reported as a duplicate"](), Policy())
    assert (verdict.events, verdict.calls_repeated, verdict.logins) == (2, 1, 1)
