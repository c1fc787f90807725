"""How fast a program makes results, and what each costs, while it is neither starting nor running out of work."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.bench.errors import StuckError
from tests.bench.programs import Program

FROM, TO = 0.10, 0.95
"""The part of the results that is measured."""

LOOK_SECONDS = 0.05
STUCK_SECONDS = 60.0

Counted = Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Measured:
    """`events` were done in `seconds` with `cpu_seconds` of the program's time; its peak of memory since it began."""

    events: int
    seconds: float
    cpu_seconds: float
    peak_bytes: int

    @property
    def per_second(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cpu_micros(self) -> float:
        """Microseconds of processor time for each event."""
        return self.cpu_seconds / self.events * 1e6


@dataclass(frozen=True, slots=True)
class _Look:
    at: float
    results: int
    cpu_seconds: float


async def measured(program: Program, counted: Counted, events: int, *, before: int = 0) -> Measured:
    """Between 10 and 95 % of `events` results, as `counted` tells them. Raises StuckError, EndedError."""
    first = await _look(program, counted, before + FROM * events)
    last = await _look(program, counted, before + TO * events)
    await until(counted, before + events, program)
    cpu = last.cpu_seconds - first.cpu_seconds
    return Measured(last.results - first.results, last.at - first.at, cpu, program.usage().peak_bytes)


async def until(counted: Counted, wanted: float, program: Program | None = None) -> int:
    """Wait for that many results; gives the count. Raises StuckError after 60 s without a further one."""
    seen, moved = -1, time.monotonic()
    while (now := await counted()) < wanted:
        if program is not None:
            program.check()
        if now != seen:
            seen, moved = now, time.monotonic()
        if time.monotonic() - moved > STUCK_SECONDS:
            raise StuckError(f"{now} of {wanted:.0f} results, and no further one for {STUCK_SECONDS:.0f} s")
        await asyncio.sleep(LOOK_SECONDS)
    return now


async def _look(program: Program, counted: Counted, wanted: float) -> _Look:
    results = await until(counted, wanted, program)
    return _Look(time.perf_counter(), results, program.usage().cpu_seconds)
