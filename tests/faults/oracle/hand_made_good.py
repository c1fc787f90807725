"""Histories in which all is well."""

from collections.abc import Callable
from dataclasses import replace

from tests.faults.oracle.hand_made import (
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
from tests.faults.oracle.history import DUPLICATE, EXPIRY, REFUSED, UNLISTED, Ending, History, Trouble
from tests.faults.oracle.numbered import name

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
