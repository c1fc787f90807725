"""Row 7: twenty thousand dead letters are put back, as fast as it goes and at a rate."""

import asyncio
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.platform import Platform
from tests.bench.programs import inherited
from tests.bench.rig import GATEWAY, Measured, Program, Rig, Trial, credit_syncs, publish

SLOTS = 200
UNLISTED = "X9999"
"""An answer that the manual does not list: each event that meets it is a dead letter at once."""

OK = "200"
RATE = 200.0
GOAL, TOLERANCE = 2_000.0, 0.03


class NotReplayedError(RuntimeError):
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


async def measure(bench: Rig, letters: int = 20_000, limited: int = 6_000, rate: float = RATE) -> list[Replay]:
    """Not limited, then with a rate: fewer letters, for that takes as long as the rate says."""
    with Platform() as platform:
        return [await _replay(bench, platform, letters, None), await _replay(bench, platform, limited, rate)]


async def _replay(bench: Rig, platform: Platform, letters: int, rate: float | None) -> Replay:
    async with bench.trial("replay") as trial:
        config = trial.configured(trial.gateway_settings(base_url=platform.url, max_in_flight=SLOTS))
        async with trial.gateway(config) as program:
            platform.behave(code=UNLISTED)
            await publish(trial.url, credit_syncs(letters))
            died = await trial.measured(program, letters)
            platform.behave(code=OK)
            seconds, steady = await _command(trial, config, program, letters, rate)
            return Replay(letters, rate, seconds, steady, died.per_second)


async def _command(
    trial: Trial, config: Path, program: Program, letters: int, rate: float | None
) -> tuple[float, Measured]:
    """Run it, and look at the results meanwhile. Raises NotReplayedError."""
    began = time.perf_counter()
    async with _replaying(config, rate) as process:
        steady = await trial.measured(program, letters, before=letters)
        said, _ = await process.communicate()
    if process.returncode:
        raise NotReplayedError(said.decode())
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
