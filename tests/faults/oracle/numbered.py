"""Numbered events in numbered lanes, and how to read lane and number back out of what reaches the platform. Pure.

Every second lane is named by the event's subject alone, its learner's ticket being another one each time; the
others by the ticket that the operations declare. The number travels as seconds in the event's time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

PLATFORM = "gd_accounting"
ACCOUNT = "default"
SOURCE = "/oracle"
COURSE = "PRO_A10101"
START = datetime(2026, 1, 1)
CLOCK = "%Y-%m-%d %H:%M:%S"

Wish = Literal["accept", "busy-once", "refuse", "unlisted", "invalid", "ask"]
"""What is to become of the event: the platform knows it by the area code; `invalid` never gets there."""

AREAS: Mapping[Wish, str] = {"accept": "440106", "busy-once": "440105", "refuse": "440103", "unlisted": "440104"}
WISHES = {area: wish for wish, area in AREAS.items()}

OPERATIONS: Mapping[str, tuple[str, str]] = {
    "enrolment-register": ("/intf/org/accountantReg", "regTime"),
    "enrolment-cancel": ("/intf/org/cancelAccountReg", "cancelTime"),
    "credit-sync": ("/intf/org/synchronizeScore", "startTime"),
    "enrolment-check": ("/intf/org/checkAccountReg", ""),
}
"""Operation to the document's path and to the field that carries the number."""

PATHS = {path: operation for operation, (path, _) in OPERATIONS.items()}
QUESTION = "enrolment-check"
DURABLE = tuple(operation for operation in OPERATIONS if operation != QUESTION)
SKIPPING = "credit-sync"
HOLDING = frozenset(DURABLE) - {SKIPPING}
"""Whose dead letters hold the lane: what follows them dies behind them. The other operation is skipped."""

HOLDS = 0.1
"""How many of the events that are to die hold their lane: with too many, nothing else would get through."""

DYING = frozenset({"refuse", "unlisted"})


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `lane` is None for a question, which stands in none."""

    lane: str | None
    number: int
    operation: str
    wish: Wish

    @property
    def id(self) -> str:
        """Its CloudEvents id."""
        return name(self.lane, self.number)

    @property
    def key(self) -> str:
        """The routing key."""
        return f"{PLATFORM}.{ACCOUNT}.{self.operation}"

    @property
    def durable(self) -> bool:
        """Whether it dies as a dead letter when it is not accepted."""
        return self.lane is not None

    def envelope(self) -> dict[str, Any]:
        """The CloudEvent."""
        subject = {"subject": self.lane} if self.lane and by_subject(self.lane) else {}
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": SOURCE,
            "type": f"{PLATFORM}.{self.operation}",
            **subject,
            "data": self.data(),
        }

    def data(self) -> dict[str, Any]:
        """The document's fields."""
        if self.lane is None:
            return {"ticket": self.id}
        field = OPERATIONS[self.operation][1]
        data: dict[str, Any] = {
            "ticket": self.id if by_subject(self.lane) else self.lane,
            "year": 2026,
            "areaCode": AREAS.get(self.wish, AREAS["accept"]),
            "eduType": "XXX" if self.wish == "invalid" else "PRO",
            field: at(self.number),
        }
        if self.operation == "credit-sync":
            data |= {"courseTypeCode": COURSE, "credit": 30.5, "endTime": at(self.number + 3600)}
        return data


def name(lane: str | None, number: int) -> str:
    """The id of the event of this number in this lane."""
    return f"{lane or 'ask'}-{number:05}"


def at(number: int) -> str:
    """A number as a time of the document's format."""
    return (START + timedelta(seconds=number)).strftime(CLOCK)


def by_subject(lane: str) -> bool:
    """Whether the lane is named by the subject; its tickets are the events' ids then."""
    return int(lane[1:]) % 2 == 1


def read(operation: str, data: Mapping[str, Any]) -> Event:
    """The event behind a call. Raises KeyError or ValueError where there is none."""
    ticket = str(data["ticket"])
    field = OPERATIONS[operation][1]
    if not field:
        return Event(None, int(ticket.rpartition("-")[2]), operation, "ask")
    number = round((datetime.strptime(data[field], CLOCK) - START).total_seconds())
    return Event(ticket.partition("-")[0], number, operation, WISHES[data["areaCode"]])


SHARES: Mapping[Wish, float] = {"busy-once": 0.015, "refuse": 0.02, "unlisted": 0.01, "invalid": 0.01, "ask": 0.04}
"""How many of the events are what, the rest being accepted at once."""


def plan(random: Random, lanes: int, events: int, shares: Mapping[Wish, float] = SHARES) -> list[Event]:
    """So many events, lanes at random, each lane numbered from 1 in order."""
    numbers: dict[str | None, int] = {}
    planned = []
    for _ in range(events):
        wish = _wish(random, shares)
        lane = None if wish == "ask" else f"k{random.randrange(lanes):04}"
        numbers[lane] = numbers.get(lane, 0) + 1
        operation = QUESTION if lane is None else _operation(random, wish)
        planned.append(Event(lane, numbers[lane], operation, wish))
    return planned


def _operation(random: Random, wish: Wish) -> str:
    if wish in DYING and random.random() >= HOLDS:
        return SKIPPING
    return random.choice(DURABLE)


def _wish(random: Random, shares: Mapping[Wish, float]) -> Wish:
    drawn = random.random()
    for wish, share in shares.items():
        drawn -= share
        if drawn < 0:
            return wish
    return "accept"
