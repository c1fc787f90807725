"""Histories that break what must be true, with the kind of finding that says so."""

from collections.abc import Callable
from dataclasses import replace

from tests.faults.oracle.hand_made import (
    EXHAUSTED,
    HELD,
    REJECTED,
    TAKEN_ALREADY,
    A,
    B,
    call,
    event,
    good,
    letter,
    login,
    refused,
    result,
)
from tests.faults.oracle.history import DUPLICATE, EXPIRY, REFUSED, Ending, History, Trouble
from tests.faults.oracle.numbered import name

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
    "put back before what holds it": (
        "held again",
        lambda: History(
            published=[event(1, "refuse"), event(2)],
            calls=[login(), call(1, 1.0, REFUSED), call(1, 7.0), call(2, 8.0)],
            results=[
                result(1, 1.1, REJECTED),
                result(2, 1.2, HELD),
                result(2, 6.0, HELD),
                result(1, 7.1),
                result(2, 8.1),
            ],
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
