"""From what was observed to the constants of the model, and from those to what should have been observed. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.capacity_model import Constants, Line


@dataclass(frozen=True, slots=True)
class Spent:
    """Over so many seconds: processor seconds of gateway and broker."""

    seconds: float
    gateway: float
    broker: float


@dataclass(frozen=True, slots=True)
class Observed:
    """One gateway process, idle and then busy. Rows and bytes are what its ledger got from the events."""

    accounts: int
    events: int
    idle: Spent
    busy: Spent
    peak_bytes: int
    ledger_rows: int
    ledger_bytes: int


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


def fitted(few: Observed, many: Observed, broker_bytes: float) -> Constants:
    """The constants of two observations that differ in their number of accounts."""
    gateway_idle = _line(few, many, lambda seen: seen.idle.gateway / seen.idle.seconds)
    broker_idle = _line(few, many, lambda seen: seen.idle.broker / seen.idle.seconds)
    both, events = (few, many), few.events + many.events
    return Constants(
        gateway_idle=gateway_idle,
        broker_idle=broker_idle,
        memory=_line(few, many, lambda seen: seen.peak_bytes),
        gateway_event=sum(seen.busy.gateway - _idle(gateway_idle, seen) for seen in both) / events,
        broker_event=sum(seen.busy.broker - _idle(broker_idle, seen) for seen in both) / events,
        broker_bytes=broker_bytes,
        ledger_rows=sum(seen.ledger_rows for seen in both) / events,
        ledger_bytes=sum(seen.ledger_bytes for seen in both) / events,
    )


def compare(constants: Constants, seen: Observed) -> Sequence[Compared]:
    """What the constants say of an observation, and how it was."""
    gateway = _idle(constants.gateway_idle, seen) + seen.events * constants.gateway_event
    broker = _idle(constants.broker_idle, seen) + seen.events * constants.broker_event
    return (
        Compared("gateway, processor seconds", gateway, seen.busy.gateway),
        Compared("broker, processor seconds", broker, seen.busy.broker),
        Compared("gateway, memory in MB", constants.memory.at(seen.accounts) / 1e6, seen.peak_bytes / 1e6),
        Compared("ledger, rows", seen.events * constants.ledger_rows, seen.ledger_rows),
        Compared("ledger, MB", seen.events * constants.ledger_bytes / 1e6, seen.ledger_bytes / 1e6),
    )


def _idle(line: Line, seen: Observed) -> float:
    """What the busy time costs without any event."""
    return line.at(seen.accounts) * seen.busy.seconds


def _line(few: Observed, many: Observed, value: Callable[[Observed], float]) -> Line:
    """Through both points."""
    each = (value(many) - value(few)) / (many.accounts - few.accounts)
    return Line(value(few) - few.accounts * each, each)
