"""From what was observed to the constants of the model, and from those to what should have been observed. Pure.

All is observed at work: what an idle account costs is less beside events, which wake up the same processors.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.capacity_model import Constants, Line

Figure = Callable[["Observed"], float]


@dataclass(frozen=True, slots=True)
class Observed:
    """One gateway process at work for so many seconds: processor seconds of it and of the broker, its memory at the
    end, and what its ledger got from the events."""

    accounts: int
    events: int
    seconds: float
    gateway: float
    broker: float
    memory: float
    ledger_rows: int
    ledger_bytes: int

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


@dataclass(frozen=True, slots=True)
class Trio:
    """Few accounts, many at about the same rate, and those with much less to do."""

    few: Observed
    many: Observed
    slow: Observed


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of the simulation."""

    name: str
    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """How far the prediction is off, as a share of what was measured: above 0 it was too high."""
        return self.predicted / self.measured - 1


def fitted(seen: Trio, broker_bytes: float) -> Constants:
    """The constants of three observations."""
    gateway, gateway_event = _plane(seen, lambda one: one.gateway / one.seconds)
    broker, broker_event = _plane(seen, lambda one: one.broker / one.seconds)
    memory = _line(seen.few, seen.many, lambda one: one.memory)
    three = (seen.few, seen.many, seen.slow)
    events = sum(one.events for one in three)
    return Constants(
        gateway=gateway,
        broker=broker,
        memory=memory,
        gateway_event=gateway_event,
        broker_event=broker_event,
        broker_bytes=broker_bytes,
        ledger_rows=sum(one.ledger_rows for one in three) / events,
        ledger_bytes=sum(one.ledger_bytes for one in three) / events,
    )


def compare(constants: Constants, seen: Observed) -> Sequence[Compared]:
    """What the constants say of an observation, and how it was."""
    gateway = constants.gateway.at(seen.accounts) * seen.seconds + seen.events * constants.gateway_event
    broker = constants.broker.at(seen.accounts) * seen.seconds + seen.events * constants.broker_event
    return (
        Compared("gateway, processor seconds", gateway, seen.gateway),
        Compared("broker, processor seconds", broker, seen.broker),
        Compared("gateway, memory in MB", constants.memory.at(seen.accounts) / 1e6, seen.memory / 1e6),
        Compared("ledger, rows", seen.events * constants.ledger_rows, seen.ledger_rows),
        Compared("ledger, MB", seen.events * constants.ledger_bytes / 1e6, seen.ledger_bytes / 1e6),
    )


def _plane(seen: Trio, value: Figure) -> tuple[Line, float]:
    """By accounts, and for an event; noise makes nothing cost less than nothing."""
    event = (value(seen.many) - value(seen.slow)) / (seen.many.rate - seen.slow.rate)
    line = _line(seen.few, seen.many, lambda one: value(one) - one.rate * event)
    return Line(max(0.0, line.base), line.each), event


def _line(few: Observed, many: Observed, value: Figure) -> Line:
    """Through both points."""
    each = max(0.0, (value(many) - value(few)) / (many.accounts - few.accounts))
    return Line(value(few) - few.accounts * each, each)
