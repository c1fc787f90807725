"""Row: what an installation needs, calculated from constants of this run, and held against a simulation."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench.capacity_fitting import Compared, Observed, Trio, compare, fitted
from tests.bench.capacity_model import Constants, Load, Machine, TooMuchError, need
from tests.bench.capacity_observed import ANSWER_SECONDS, Plan, observe
from tests.bench.figures import megabytes, percent
from tests.bench.load import credit_syncs, publish
from tests.bench.platform import Platform
from tests.bench.rig import Rig
from tests.bench.row import Options, Row, table

NAME = "capacity"
FEW, MANY, SIMULATED = 10, 100, 200
GOAL = 0.15
SECONDS = 60.0
FAST, SLOW, BETWEEN = 200.0, 50.0, 150.0
"""Events a second over all accounts together: of those that the constants are from, and of the simulation."""

WAITING = 10_000
"""Events to see by how much disk one takes while it waits."""

LOADS = (
    Load(20, 20_000, 0.2),
    Load(200, 500_000, 0.2),
    Load(200, 5_000_000, 0.5),
    Load(1_000, 20_000_000, 0.5),
)
MACHINE = Machine()


async def measure(bench: Rig, options: Options) -> Row:
    """Constants from three gateways with fewer accounts, a prediction, and how it went. Once: it takes minutes."""
    plans = [
        Plan(accounts, rate, SECONDS * options.scale)
        for accounts, rate in ((FEW, FAST), (MANY, FAST), (MANY, SLOW), (SIMULATED, BETWEEN))
    ]
    with Platform(delay_seconds=ANSWER_SECONDS) as platform:
        *trio, simulated = [await observe(bench, platform, plan) for plan in plans]
    return _row(fitted(Trio(*trio), await _bytes_waiting(bench, options.scale)), simulated)


async def _bytes_waiting(bench: Rig, scale: float) -> float:
    """Disk that the broker takes for one event more that waits."""
    count = round(WAITING * scale)
    async with bench.trial("capacity-waiting") as trial:
        trial.declare(trial.configured(trial.gateway_settings()))
        before = _disk(bench.node.folder)
        await publish(trial.url, credit_syncs(count))
        return (_disk(bench.node.folder) - before) / count


def _disk(folder: Path) -> int:
    """Bytes of all files; one that goes away meanwhile counts nothing."""
    return sum(_size(path) for path in folder.rglob("*"))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_blocks * 512
    except FileNotFoundError:
        return 0


def _row(constants: Constants, simulated: Observed) -> Row:
    compared = compare(constants, simulated)
    worst = max(compared, key=lambda one: abs(one.error))
    return Row(
        NAME,
        f"a model of {FEW} to {MANY} accounts predicts {simulated.accounts} within {GOAL:.0%}",
        f"worst: {worst.name}, {_signed(worst.error)}",
        abs(worst.error) <= GOAL,
        {
            "constants": asdict(constants),
            "simulated": asdict(simulated),
            "compared": [asdict(one) for one in compared],
        },
        "\n\n".join([_constants(constants), _compared(compared, simulated), _needs(constants)]),
    )


def _constants(found: Constants) -> str:
    gateway, broker, memory = found.gateway, found.broker, found.memory
    left = [f"{found.broker_bytes:,.0f}", f"{found.ledger_rows:.2f}", f"{found.ledger_bytes:,.0f}"]
    headings = ["costs", "gateway, µs", "broker, µs", "memory", "bytes while it waits", "ledger rows", "ledger bytes"]
    lines = [
        ["an event", _micros(found.gateway_event), _micros(found.broker_event), "", *left],
        [
            "an account, each second",
            _micros(gateway.each),
            _micros(broker.each),
            f"{memory.each / 1e6:.2f} MB",
            *_NOTHING,
        ],
        ["a process, each second", _micros(gateway.base), _micros(broker.base), megabytes(memory.base), *_NOTHING],
    ]
    return table(headings, lines)


_NOTHING = ("", "", "")


def _micros(seconds: float) -> str:
    return f"{1e6 * seconds:,.0f}"


def _compared(compared: Sequence[Compared], seen: Observed) -> str:
    headings = [f"{seen.accounts} accounts, {seen.events:,} events at mixed rates", "predicted", "measured", "error"]
    lines = [[one.name, f"{one.predicted:,.1f}", f"{one.measured:,.1f}", _signed(one.error)] for one in compared]
    return table(headings, lines)


def _needs(constants: Constants) -> str:
    one = LOADS[0]
    headings = ["accounts", "events a day", "answer", "slots each", "processes", "their memory", "broker nodes"]
    return (
        f"What is needed, if the busiest time has {one.peak:.0f} times the day's mean, a core is planned to "
        f"{MACHINE.usable:.0%} and a broker node has {MACHINE.broker_cores} cores (three nodes at least where one "
        f"may fail); events wait for {one.outage_hours:.0f} hours, the ledger keeps {one.keep_days} days:\n\n"
        + table([*headings, "broker disk", "ledger rows", "ledger"], [_need(load, constants) for load in LOADS])
    )


def _need(load: Load, constants: Constants) -> list[str]:
    asked = [f"{load.accounts:,}", f"{load.events_a_day:,.0f}", f"{load.answer_seconds} s"]
    try:
        found = need(load, constants, MACHINE)
    except TooMuchError as error:
        return [*asked, str(error), *[""] * 6]
    sizes = [megabytes(found.broker_disk_bytes), f"{found.ledger_rows:,.0f}", megabytes(found.ledger_bytes)]
    return [
        *asked,
        str(found.slots),
        str(found.processes),
        megabytes(found.memory_bytes),
        str(found.broker_nodes),
        *sizes,
    ]


def _signed(share: float) -> str:
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"
