"""What an installation needs, from what one event, one account and one second were measured to cost. Pure."""

import math
from dataclasses import dataclass

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Constants:
    """Measured. Gateway and broker: processor seconds for an event, and for an account and second without any.

    Memory: of a process without accounts, and more for each, in bytes. `broker_bytes`: disk for an event that waits.
    Ledger: rows and bytes that an event leaves behind.
    """

    gateway_event: float
    gateway_account: float
    broker_event: float
    broker_account: float
    memory_process: float
    memory_account: float
    broker_bytes: float
    ledger_rows: float
    ledger_bytes: float


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked for. `peak`: the busiest time to the mean of the day; `outage_seconds`: how long events must be
    able to wait; `keep_days`: for how long the ledger remembers."""

    accounts: int
    events_a_day: float
    answer_seconds: float
    peak: float = 4.0
    outage_seconds: float = 12 * 3600.0
    keep_days: int = 90

    @property
    def mean_rate(self) -> float:
        """Events a second, over the day."""
        return self.events_a_day / DAY

    @property
    def peak_rate(self) -> float:
        """Events a second, when it is busiest."""
        return self.mean_rate * self.peak


@dataclass(frozen=True, slots=True)
class Machine:
    """`usable`: the share of a core that may be planned with; what is above is for bad moments."""

    broker_cores: int = 2
    usable: float = 0.7


@dataclass(frozen=True, slots=True)
class Need:
    """`slots`: calls at once for each account, if all have the same share. Memory and disk in bytes."""

    slots: int
    gateway_cores: float
    processes: int
    memory_bytes: float
    broker_cores: float
    broker_nodes: int
    broker_disk_bytes: float
    ledger_rows: float
    ledger_bytes: float


class TooMuchError(ValueError):
    """One account is more than one process can do, and no other process may help it."""


def spent(constants: Constants, accounts: int, events: float, seconds: float) -> tuple[float, float]:
    """Processor seconds of gateway and broker for so many events in this time."""
    idle = accounts * seconds
    gateway = events * constants.gateway_event + idle * constants.gateway_account
    return gateway, events * constants.broker_event + idle * constants.broker_account


def need(load: Load, constants: Constants, machine: Machine = Machine()) -> Need:
    """What the load needs, when it is busiest. Raises TooMuchError.

    Broker nodes are those that the work needs; where one may fail without anybody noticing, there are three at least.
    """
    gateway, broker = spent(constants, load.accounts, load.peak_rate, 1.0)
    each = load.peak_rate / load.accounts
    if each * constants.gateway_event + constants.gateway_account > machine.usable:
        raise TooMuchError(f"{each:.0f} events a second for one account")
    processes = math.ceil(gateway / machine.usable)
    kept = load.events_a_day * load.keep_days
    return Need(
        slots=max(1, math.ceil(each * load.answer_seconds)),
        gateway_cores=gateway,
        processes=processes,
        memory_bytes=processes * constants.memory_process + load.accounts * constants.memory_account,
        broker_cores=broker,
        broker_nodes=math.ceil(broker / (machine.broker_cores * machine.usable)),
        broker_disk_bytes=load.mean_rate * load.outage_seconds * constants.broker_bytes,
        ledger_rows=kept * constants.ledger_rows,
        ledger_bytes=kept * constants.ledger_bytes,
    )
