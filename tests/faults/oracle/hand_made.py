"""What histories made by hand are made of."""

from dataclasses import replace
from typing import Any

from tests.faults.oracle.history import (
    ACCEPTED,
    DUPLICATE,
    LOGIN,
    REFUSED,
    Call,
    Ending,
    History,
    Letter,
    Published,
    Result,
)
from tests.faults.oracle.numbered import QUESTION, Event, Wish, name

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
