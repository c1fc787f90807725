"""What an installation needs, from what one event, one account and one second were measured to cost. Pure."""

import math
from dataclasses import dataclass

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Line:
    """So much in any case, and so much more for each."""

    base: float
    each: float

    def at(self, number: float) -> float:
        """For so many."""
        return self.base + number * self.each


@dataclass(frozen=True, slots=True)
class Constants:
    """Measured. Times are processor seconds, sizes bytes.

    `gateway` and `broker`: for a second at work, by accounts, without the events themselves; `memory`: of a process,
    by accounts. For an event: `gateway_event`, `broker_event`, `broker_bytes` of disk while it waits, and what it
    leaves in the ledger.
    """

    gateway: Line
    broker: Line
    memory: Line
    gateway_event: float
    broker_event: float
    broker_bytes: float
    ledger_rows: float
    ledger_bytes: float


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked for. `peak`: the busiest time to the mean of the day; `outage_hours`: how long events must be
    able to wait; `keep_days`: for how long the ledger remembers."""

    accounts: int
    events_a_day: float
    answer_seconds: float
    peak: float = 4.0
    outage_hours: float = 12.0
    keep_days: int = 90

    @property
    def peak_rate(self) -> float:
        """Events a second, when it is busiest."""
        return self.peak * self.events_a_day / DAY

    @property
    def an_account(self) -> float:
        """The same for one account, if all have the same share."""
        return self.peak_rate / self.accounts


@dataclass(frozen=True, slots=True)
class Machine:
    """`usable`: the share of a core that may be planned with; what is above is for bad moments."""

    broker_cores: int = 2
    usable: float = 0.7


@dataclass(frozen=True, slots=True)
class Need:
    """When it is busiest. `slots`: calls at once for each account. Memory is of all gateway processes, in bytes.

    `broker_nodes` are those that the work needs; where one may fail without anybody noticing, there are three.
    """

    slots: int
    processes: int
    memory_bytes: float
    broker_nodes: int
    broker_disk_bytes: float
    ledger_rows: float
    ledger_bytes: float


class TooMuchError(ValueError):
    """One account is more than one process can do, and no other process may help it."""


def need(load: Load, constants: Constants, machine: Machine = Machine()) -> Need:
    """What the load needs. Raises TooMuchError."""
    processes = _processes(load, constants, machine.usable)
    broker = constants.broker.at(load.accounts) + load.peak_rate * constants.broker_event
    kept = load.events_a_day * load.keep_days
    return Need(
        slots=max(1, math.ceil(load.an_account * load.answer_seconds)),
        processes=processes,
        memory_bytes=processes * constants.memory.base + load.accounts * constants.memory.each,
        broker_nodes=math.ceil(broker / (machine.broker_cores * machine.usable)),
        broker_disk_bytes=load.events_a_day / 24 * load.outage_hours * constants.broker_bytes,
        ledger_rows=kept * constants.ledger_rows,
        ledger_bytes=kept * constants.ledger_bytes,
    )


def _processes(load: Load, constants: Constants, usable: float) -> int:
    """A process has one core, less what it spends without any account."""
    room = usable - constants.gateway.base
    account = constants.gateway.each + load.an_account * constants.gateway_event
    if account > room:
        raise TooMuchError(f"{load.an_account:.0f} events a second are too much for one account")
    return math.ceil(load.accounts * account / room)
