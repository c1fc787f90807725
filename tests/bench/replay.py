"""Row: twenty thousand dead letters are put back, as fast as it goes and at a rate."""

import asyncio
import statistics
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.figures import spread
from tests.bench.measure import measured
from tests.bench.platform import Platform
from tests.bench.programs import inherited
from tests.bench.rig import GATEWAY, BenchError, Measured, Program, Rig, Trial, credit_syncs, publish
from tests.bench.row import Options, Row, table

NAME = "replay"

SLOTS = 200
UNLISTED = "X9999"
"""An answer that the manual does not list: each event that meets it is a dead letter at once."""

OK = "200"
DEAD = "gateway.gd_accounting.default.dead"
LETTERS, LIMITED, RATE = 20_000, 6_000, 200.0
GOAL, TOLERANCE = 2_000.0, 0.03


class NotReplayedError(BenchError):
    """The run did not end well; the message has its counts."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`seconds`: the whole command, from its start until everything was accepted."""

    letters: int
    rate: float | None
    seconds: float
    steady: Measured
    died_per_second: float

    @property
    def per_second(self) -> float:
        """Letters a second over the whole command."""
        return self.letters / self.seconds


async def measure(bench: Rig, options: Options) -> Row:
    """Not limited, and with a rate: fewer letters then, for that takes as long as the rate says."""
    free, paced = [], []
    with Platform() as platform:
        for _ in range(options.rounds):
            free.append(await _replay(bench, platform, round(LETTERS * options.scale), None))
            paced.append(await _replay(bench, platform, round(LIMITED * options.scale), RATE))
    return _row(free, paced)


async def _replay(bench: Rig, platform: Platform, letters: int, rate: float | None) -> Replay:
    async with bench.trial("replay") as trial:
        config = trial.configured(trial.gateway_settings(base_url=platform.url, max_in_flight=SLOTS))
        async with trial.gateway(config) as program:
            platform.behave(code=UNLISTED)
            await publish(trial.url, credit_syncs(letters))
            died = await measured(program, lambda: trial.waiting(DEAD), letters)
            platform.behave(code=OK)
            seconds, steady = await _command(trial, config, program, letters, rate)
            return Replay(letters, rate, seconds, steady, died.per_second)


async def _command(
    trial: Trial, config: Path, program: Program, letters: int, rate: float | None
) -> tuple[float, Measured]:
    """Run it, and look at the results meanwhile. Raises NotReplayedError."""
    began = time.perf_counter()
    async with _replaying(config, rate) as process:
        steady = await trial.measured(program, letters)
        said, _ = await process.communicate()
    if process.returncode:
        raise NotReplayedError(f"the replay ended with {process.returncode}: {' '.join(said.decode().split())}")
    return time.perf_counter() - began, steady


@asynccontextmanager
async def _replaying(config: Path, rate: float | None) -> AsyncIterator[Process]:
    command = [*GATEWAY, "dead", "replay", "--account", "gd_accounting.default", "--reason", "bench", "--yes"]
    options = ["--json", "--config", str(config), *([] if rate is None else ["--rate", str(rate)])]
    process = await asyncio.create_subprocess_exec(*command, *options, stdout=PIPE, env=inherited())
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _row(free: Sequence[Replay], paced: Sequence[Replay]) -> Row:
    fast = statistics.median(one.per_second for one in free)
    off = statistics.median(one.steady.per_second / RATE - 1 for one in paced)
    return Row(
        NAME,
        f"{free[0].letters:,} dead letters: ≥ {GOAL:,.0f}/s; with a rate, that ± {TOLERANCE:.0%}",
        f"{spread([one.per_second for one in free])}/s; at {RATE:.0f}/s it is {100 * off:+.1f} %",
        fast >= GOAL and abs(off) <= TOLERANCE,
        {"free": [asdict(one) for one in free], "limited": [asdict(one) for one in paced]},
        _table(free, paced),
    )


def _table(free: Sequence[Replay], paced: Sequence[Replay]) -> str:
    headings = ["replay", "letters", "whole command, letters/s", "steady, letters/s", "dying before, letters/s"]
    return table(headings, [_line("not limited", free), _line(f"--rate {RATE:.0f}", paced)])


def _line(name: str, seen: Sequence[Replay]) -> list[str]:
    steady = [one.steady.per_second for one in seen]
    rates = ([one.per_second for one in seen], steady, [one.died_per_second for one in seen])
    return [name, f"{seen[0].letters:,}", *map(spread, rates)]
