"""Every check can fail: each is shown a history that breaks it, made by hand, beside one that does not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.oracle.history import (
    ACCEPTED,
    DUPLICATE,
    EXPIRY,
    LOGIN,
    REFUSED,
    UNLISTED,
    Call,
    Ending,
    History,
    Letter,
    Published,
    Result,
    Trouble,
)
from tests.faults.oracle.numbered import QUESTION, Event, Wish, name
from tests.faults.oracle.truth import Policy, judge

A, B = "127.0.0.2", "127.0.0.3"
TAKEN = Ending("accepted", None, ACCEPTED, duplicate=False)
TAKEN_ALREADY = Ending("accepted", None, DUPLICATE, duplicate=True)
REJECTED = Ending("rejected", "rejected", REFUSED, duplicate=False)
HELD = Ending("dead", "held", "held", duplicate=False)
EXHAUSTED = Ending("dead", "exhausted", "500", duplicate=False)


def event(
    number: int,
    wish: Wish = "accept",
    lane: str | None = "k0000",
    copies: int = 1,
    operation: str = "enrolment-register",
) -> Published:
    return Published(Event(lane, number, QUESTION if lane is None else operation, wish), number / 10, copies)


def login(at: float = 0.5, token: str = "t1", peer: str = A, **changes: Any) -> Call:
    return replace(Call(peer, LOGIN, None, None, 0, token, at, at + 0.01, ACCEPTED, at), **changes)


def call(number: int, at: float, answer: str = ACCEPTED, **changes: Any) -> Call:
    """A call of the lane by A with the first token, done at once when it is accepted."""
    done = at if answer == ACCEPTED else None
    lane = changes.get("lane", "k0000")
    made = Call(A, "enrolment-register", name(lane, number), lane, number, "t1", at, at + 0.01, answer, done)
    return replace(made, **changes)


def result(number: int, at: float, ending: Ending = TAKEN, lane: str | None = "k0000") -> Result:
    return Result(name(lane, number), ending, at)


def letter(number: int, category: str = "rejected") -> Letter:
    return Letter(name("k0000", number), category)


def good() -> History:
    """Two events of a lane, one after the other, by one process."""
    return History(
        published=[event(1), event(2)],
        calls=[login(), call(1, 1.0), call(2, 2.0)],
        results=[result(1, 1.1), result(2, 2.1)],
        left={"bulk": 0},
    )


def refused() -> History:
    """One event that the platform refused."""
    return History(
        published=[event(1, "refuse")],
        calls=[login(), call(1, 1.0, REFUSED)],
        results=[result(1, 1.1, REJECTED)],
        letters=[letter(1)],
    )


def kinds(history: History, policy: Policy | None = None) -> set[str]:
    return {finding.kind for finding in judge(history, policy or Policy()).findings}


GOOD: dict[str, Callable[[], History]] = {
    "two in order": good,
    "a refusal with its letter": refused,
    "an unlisted code with its letter": lambda: History(
        published=[event(1, "unlisted")],
        calls=[login(), call(1, 1.0, UNLISTED)],
        results=[result(1, 1.1, Ending("dead", "unknown", UNLISTED, duplicate=False))],
        letters=[letter(1, "unknown")],
    ),
    "an invalid one that was never asked": lambda: History(
        published=[event(1, "invalid")],
        results=[result(1, 1.1, Ending("rejected", "invalid", "invalid", duplicate=False))],
        letters=[letter(1, "invalid")],
    ),
    "a question that expired": lambda: History(
        published=[event(1, "ask", lane=None)],
        results=[result(1, 1.1, Ending("expired", None, "expired", duplicate=False), lane=None)],
    ),
    "a repetition after a kill, reported as a duplicate": lambda: replace(
        good(),
        calls=[login(), call(1, 1.0), call(1, 3.0, DUPLICATE, peer=B), call(2, 4.0, peer=B)],
        results=[result(1, 3.1, TAKEN_ALREADY), result(2, 4.1)],
        troubles=[Trouble("kill", A, 1.05, 1.05, killed=True)],
    ),
    "a repetition after a lost answer": lambda: replace(
        good(),
        calls=[login(), call(1, 1.0, "drop", executed=1.0), call(1, 1.5, DUPLICATE), call(2, 2.0)],
        results=[result(1, 1.6, TAKEN_ALREADY), result(2, 2.1)],
    ),
    "a call cut by a kill, and the next process": lambda: replace(
        good(),
        calls=[login(), call(1, 1.0, "hang", ended=9.0), call(1, 3.0, peer=B), call(2, 4.0, peer=B)],
        results=[result(1, 3.1), result(2, 4.1)],
        troubles=[Trouble("kill", A, 1.5, 1.5, killed=True)],
    ),
    "a call that arrives just after its process was killed": lambda: replace(
        good(),
        calls=[login(), call(1, 1.0, ended=1.2), call(2, 1.15, peer=B)],
        troubles=[Trouble("kill", A, 0.99, 0.99, killed=True)],
    ),
    "a new token after the old one was refused": lambda: replace(
        good(),
        calls=[
            login(),
            call(1, 1.0),
            call(2, 1.5, "A0311"),
            login(1.6, "t2"),
            call(2, 2.0, token="t2"),
        ],
        troubles=[Trouble(EXPIRY, None, 1.2, 1.2, lease=False)],
    ),
    "a second answer to what was published twice": lambda: replace(
        good(), published=[event(1, copies=2), event(2)], results=[result(1, 1.1), result(1, 1.2), result(2, 2.1)]
    ),
    "what is held behind a dead letter": lambda: replace(
        refused(),
        published=[event(1, "refuse"), event(2)],
        results=[result(1, 1.1, REJECTED), result(2, 1.2, HELD)],
        letters=[letter(1), letter(2, "held")],
    ),
    "what was held and is replayed": lambda: History(
        published=[event(1, "refuse"), event(2)],
        calls=[login(), call(1, 1.0, REFUSED), call(1, 6.0), call(2, 7.0)],
        results=[result(1, 1.1, REJECTED), result(2, 1.2, HELD), result(1, 6.1), result(2, 7.1)],
        replayed=frozenset({name("k0000", 1), name("k0000", 2)}),
        replayed_at=5.0,
    ),
    "a dead letter that was replayed after its followers": lambda: History(
        published=[event(1, "refuse", operation="credit-sync"), event(2)],
        calls=[login(), call(1, 1.0, REFUSED), call(2, 2.0), call(1, 6.0)],
        results=[result(1, 1.1, REJECTED), result(2, 2.1), result(1, 6.1)],
        replayed=frozenset({name("k0000", 1)}),
        replayed_at=5.0,
    ),
}


@pytest.mark.parametrize("history", GOOD.values(), ids=GOOD.keys())
def test_a_history_in_which_all_is_well_is_not_complained_of(history: Callable[[], History]) -> None:
    verdict = judge(history(), Policy(repeats=False))
    assert verdict.findings == ()


BAD: dict[str, tuple[str, Callable[[], History]]] = {
    "an event without a result": ("lost", lambda: replace(good(), results=[result(1, 1.1)])),
    "results that differ": (
        "contradicted",
        lambda: replace(good(), results=[result(1, 1.1), result(1, 1.2, REJECTED), result(2, 2.1)]),
    ),
    "a second life without a result": (
        "lost",
        lambda: replace(refused(), replayed=frozenset({name("k0000", 1)}), replayed_at=5.0),
    ),
    "a result for nothing": ("uncaused", lambda: replace(good(), results=[*good().results, result(3, 3.0)])),
    "a letter for nothing": ("uncaused", lambda: replace(good(), letters=[letter(3)])),
    "accepted though the platform was to refuse it": (
        "unexpected",
        lambda: replace(good(), published=[event(1, "refuse"), event(2)]),
    ),
    "a follower that was not held": (
        "unexpected",
        lambda: replace(
            refused(),
            published=[event(1, "refuse"), event(2)],
            calls=[login(), call(1, 1.0, REFUSED), call(2, 2.0)],
            results=[result(1, 1.1, REJECTED), result(2, 2.1)],
        ),
    ),
    "held behind nothing": (
        "unexpected",
        lambda: replace(
            good(),
            calls=[login(), call(1, 1.0)],
            results=[result(1, 1.1), result(2, 2.1, HELD)],
            letters=[letter(2, "held")],
        ),
    ),
    "held and called all the same": (
        "uncaused",
        lambda: replace(
            refused(),
            published=[event(1, "refuse"), event(2)],
            calls=[login(), call(1, 1.0, REFUSED), call(2, 2.0)],
            results=[result(1, 1.1, REJECTED), result(2, 2.1, HELD)],
            letters=[letter(1), letter(2, "held")],
        ),
    ),
    "a refusal without a letter": ("lost", lambda: replace(refused(), letters=[])),
    "a letter of what was accepted": ("letter", lambda: replace(good(), letters=[letter(1)])),
    "a letter that says something else": ("letter", lambda: replace(refused(), letters=[letter(1, "invalid")])),
    "accepted without a call": ("uncaused", lambda: replace(good(), calls=[login(), call(1, 1.0)])),
    "accepted without being done": (
        "uncaused",
        lambda: replace(good(), calls=[login(), call(1, 1.0), call(2, 2.0, executed=None)]),
    ),
    "accepted after an answer that was lost": (
        "uncaused",
        lambda: replace(good(), calls=[login(), call(1, 1.0), call(2, 2.0, "drop", executed=2.0)]),
    ),
    "a duplicate not flagged": (
        "uncaused",
        lambda: replace(
            good(),
            calls=[login(), call(1, 1.0, "drop", executed=1.0), call(1, 1.5, DUPLICATE), call(2, 2.0)],
        ),
    ),
    "a duplicate flagged that is none": (
        "uncaused",
        lambda: replace(good(), results=[result(1, 1.1, TAKEN_ALREADY), result(2, 2.1)]),
    ),
    "rejected without a refusal": ("uncaused", lambda: replace(refused(), calls=[login(), call(1, 1.0, "500")])),
    "an invalid one that was asked": (
        "uncaused",
        lambda: History(
            published=[event(1, "invalid")],
            calls=[login(), call(1, 1.0, "500")],
            results=[result(1, 1.1, Ending("rejected", "invalid", "invalid", duplicate=False))],
            letters=[letter(1, "invalid")],
        ),
    ),
    "messages that are left": ("left", lambda: replace(good(), left={"bulk": 1})),
    "a process that complains": ("complaint", lambda: replace(good(), complaints=["it ended with 1"])),
    "a lane out of order": ("reordered", lambda: replace(good(), calls=[login(), call(2, 1.0), call(1, 2.0)])),
    "replayed letters out of order": (
        "reordered",
        lambda: History(
            published=[event(1, "refuse"), event(2, "refuse")],
            calls=[login(), call(1, 1.0, REFUSED), call(2, 2.0, REFUSED), call(2, 6.0), call(1, 7.0)],
            results=[result(1, 1.1, REJECTED), result(2, 2.1, REJECTED), result(2, 6.1), result(1, 7.1)],
            replayed=frozenset({name("k0000", 1), name("k0000", 2)}),
            replayed_at=5.0,
        ),
    ),
    "two calls of a lane at once": (
        "overlapped",
        lambda: replace(good(), calls=[login(), call(1, 1.0, ended=2.5), call(2, 2.0)]),
    ),
    "two processes at once": (
        "two at once",
        lambda: replace(
            good(),
            published=[event(1), event(1, lane="k0001")],
            calls=[login(), call(1, 1.0, ended=3.0), call(1, 2.0, lane="k0001", peer=B)],
            results=[result(1, 3.1), result(1, 2.1, lane="k0001")],
            troubles=[Trouble("SIGSTOP", A, 1.5, 1.8)],
        ),
    ),
    "processes that take turns": (
        "two at once",
        lambda: replace(good(), calls=[login(), call(1, 1.0), call(2, 2.0, peer=B)]),
    ),
    "a process that comes back though the next one had no trouble": (
        "two at once",
        lambda: replace(
            good(),
            calls=[login(), call(1, 1.0), call(2, 3.0, peer=B), call(3, 4.0)],
            published=[event(1), event(2), event(3)],
            results=[result(1, 1.1), result(2, 3.1), result(3, 4.1)],
            troubles=[Trouble("SIGSTOP", A, 1.5, 3.5)],
        ),
    ),
    "a take-over for trouble with the platform alone": (
        "two at once",
        lambda: replace(
            good(),
            calls=[login(), call(1, 1.0), call(2, 2.0, peer=B)],
            troubles=[Trouble("platform connections cut", A, 1.5, 1.5, lease=False)],
        ),
    ),
    "a call again without a cause": (
        "executed twice",
        lambda: replace(
            good(),
            calls=[login(), call(1, 1.0), call(1, 1.5, DUPLICATE), call(2, 2.0)],
            results=[result(1, 1.6, TAKEN_ALREADY), result(2, 2.1)],
        ),
    ),
    "a refusal asked for again without a cause": (
        "executed twice",
        lambda: replace(refused(), calls=[login(), call(1, 1.0, REFUSED), call(1, 2.0, REFUSED)]),
    ),
    "a call again after somebody else's trouble": (
        "executed twice",
        lambda: replace(
            good(),
            calls=[login(), call(1, 1.0), call(1, 1.5, DUPLICATE), call(2, 2.0)],
            results=[result(1, 1.6, TAKEN_ALREADY), result(2, 2.1)],
            troubles=[Trouble("kill", B, 1.2, 1.2, killed=True)],
        ),
    ),
    "an answer to a token that was expired": (
        "token",
        lambda: replace(good(), troubles=[Trouble(EXPIRY, None, 1.5, 1.5, lease=False)]),
    ),
    "an answer to a token that a later login had killed": (
        "token",
        lambda: replace(good(), calls=[login(), login(0.6, "t2"), call(1, 1.0), call(2, 2.0)]),
    ),
    "an answer to a token that never was": (
        "token",
        lambda: replace(good(), calls=[login(), call(1, 1.0), call(2, 2.0, token="t0")]),
    ),
    "a login though the token was valid": (
        "login",
        lambda: replace(good(), calls=[login(), call(1, 1.0), login(1.5, "t2"), call(2, 2.0, token="t2")]),
    ),
    "an event that died of the fault": (
        "died",
        lambda: replace(
            good(),
            published=[event(1)],
            calls=[login(), call(1, 1.0, "500")],
            results=[result(1, 1.1, EXHAUSTED)],
            letters=[letter(1, "exhausted")],
        ),
    ),
    "a result said twice": (
        "repeated",
        lambda: replace(good(), results=[result(1, 1.1), result(1, 1.2), result(2, 2.1)]),
    ),
    "a letter that stands there twice": ("repeated", lambda: replace(refused(), letters=[letter(1), letter(1)])),
}


@pytest.mark.parametrize(("kind", "history"), BAD.values(), ids=BAD.keys())
def test_a_history_in_which_something_is_wrong_is_complained_of(kind: str, history: Callable[[], History]) -> None:
    assert kind in kinds(history(), Policy(repeats=False))


def test_every_kind_of_finding_has_a_history_that_shows_it() -> None:
    shown = {kind for kind, _ in BAD.values()}
    assert shown == {
        "lost", "contradicted", "uncaused", "unexpected", "letter", "left", "complaint", "reordered", "overlapped",
        "two at once", "executed twice", "token", "login", "died", "repeated",
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
