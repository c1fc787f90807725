"""Row 9: what an installation needs, calculated from constants of this run, and held against a simulation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.capacity_model import Constants, spent
from tests.bench.capacity_observed import ANSWER_SECONDS, Observed, Plan, observe
from tests.bench.load import credit_syncs, publish
from tests.bench.platform import Platform
from tests.bench.rig import Rig

FEW, MANY, SIMULATED = 10, 40, 200
GOAL = 0.15
WAITING = 10_000
"""Events to see by how much disk one takes while it waits."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of the simulation."""

    name: str
    predicted: float
    measured: float

    @property
    def error(self) -> float:
        """How far the prediction is off, as a share of what was measured."""
        return abs(self.predicted - self.measured) / self.measured


@dataclass(frozen=True, slots=True)
class Capacity:
    """The constants, and what they predicted of the simulation."""

    constants: Constants
    simulated: Observed
    compared: Sequence[Compared]

    @property
    def worst(self) -> float:
        """The largest error."""
        return max(one.error for one in self.compared)


async def measure(bench: Rig, accounts: int = SIMULATED, rate: float = 200.0, seconds: float = 60.0) -> Capacity:
    """Constants from two small gateways, a prediction for so many accounts, and how it went."""
    plan = Plan(rate, seconds, idle_seconds=seconds / 4)
    with Platform(delay_seconds=ANSWER_SECONDS) as platform:
        few = await observe(bench, platform, FEW, plan)
        many = await observe(bench, platform, MANY, plan)
        constants = fitted(few, many, await _bytes_waiting(bench))
        simulated = await observe(bench, platform, accounts, plan)
    return Capacity(constants, simulated, compare(constants, simulated))


def fitted(few: Observed, many: Observed, broker_bytes: float) -> Constants:
    """The constants of two observations that differ in their number of accounts."""
    accounts = many.accounts - few.accounts
    memory_account = (many.peak_bytes - few.peak_bytes) / accounts
    gateway_account, broker_account = _idle(many)
    events = few.events + many.events
    over = [(seen.busy, seen.accounts * seen.busy.seconds) for seen in (few, many)]
    return Constants(
        gateway_event=sum(busy.gateway - idle * gateway_account for busy, idle in over) / events,
        gateway_account=gateway_account,
        broker_event=sum(busy.broker - idle * broker_account for busy, idle in over) / events,
        broker_account=broker_account,
        memory_process=few.peak_bytes - few.accounts * memory_account,
        memory_account=memory_account,
        broker_bytes=broker_bytes,
        ledger_rows=(few.ledger_rows + many.ledger_rows) / events,
        ledger_bytes=(few.ledger_bytes + many.ledger_bytes) / events,
    )


def compare(constants: Constants, seen: Observed) -> list[Compared]:
    """What the constants say of it, and how it was."""
    gateway, broker = spent(constants, seen.accounts, seen.events, seen.busy.seconds)
    memory = constants.memory_process + seen.accounts * constants.memory_account
    return [
        Compared("gateway, processor seconds", gateway, seen.busy.gateway),
        Compared("broker, processor seconds", broker, seen.busy.broker),
        Compared("gateway, memory in bytes", memory, seen.peak_bytes),
        Compared("ledger, rows", seen.events * constants.ledger_rows, seen.ledger_rows),
        Compared("ledger, bytes", seen.events * constants.ledger_bytes, seen.ledger_bytes),
    ]


def _idle(seen: Observed) -> tuple[float, float]:
    """Of gateway and broker, for an account and second."""
    spell = seen.accounts * seen.idle.seconds
    return seen.idle.gateway / spell, seen.idle.broker / spell


async def _bytes_waiting(bench: Rig) -> float:
    """Disk that the broker takes for one event more that waits."""
    async with bench.trial("capacity-waiting") as trial:
        trial.declare(trial.configured(trial.gateway_settings()))
        before = _disk(bench.node.folder)
        await publish(trial.url, credit_syncs(WAITING))
        return (_disk(bench.node.folder) - before) / WAITING


def _disk(folder: Path) -> int:
    """Bytes of all files; one that goes away meanwhile counts nothing."""
    return sum(_size(path) for path in folder.rglob("*"))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_blocks * 512
    except FileNotFoundError:
        return 0
