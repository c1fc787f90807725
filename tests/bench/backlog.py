"""Row: how much waits must not matter, neither for the rate nor for the worker's memory."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from tests.bench.figures import megabytes, percent, rates, spread
from tests.bench.measure import LOOK_SECONDS
from tests.bench.platform import Platform
from tests.bench.rig import Program, Rig, Trial, credit_syncs, publish
from tests.bench.row import Options, Row, table

NAME = "backlog and memory"
SIZES = (1_000, 100_000, 1_000_000)
SLOTS = 200
HEAD = 1_000
"""Of every size, so that all are compared by the same; where more wait, each in its own lane, `MORE` are looked at
too. One lane goes one by one: its first thousand take long enough."""

MORE = 15_000
SKIPPED = 0.1
"""Of the results, at the begin: connections are opened, nothing is warm."""

PATIENCE_SECONDS = 30.0
LANES = ("one lane", "as many lanes")
RATE_GOAL, MEMORY_GOAL = 0.10, 20e6


@dataclass
class Pile:
    """So many waited, in one lane or each in its own; rates of the first and, where more wait, of more of them."""

    waiting: int
    one_lane: bool
    heads: list[float] = field(default_factory=list)
    mores: list[float] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)

    def add(self, seen: "_Seen") -> None:
        """What one round has shown."""
        self.heads.append(seen.head)
        self.mores += [] if seen.more is None else [seen.more]
        self.peak_bytes.append(seen.peak_bytes)


async def measure(bench: Rig, options: Options) -> Row:
    """Every size with one lane and with as many as events. Each round has a new process, on the same ledger."""
    sizes = [round(size * options.scale) for size in SIZES]
    piles = [Pile(size, one_lane) for one_lane in (True, False) for size in sizes]
    with Platform() as platform:
        for pile in piles:
            await _look_at(_Place(bench, platform, options.scale), pile, options.rounds)
    return _row(piles)


@dataclass(frozen=True, slots=True)
class _Place:
    bench: Rig
    platform: Platform
    scale: float


@dataclass(frozen=True, slots=True)
class _Seen:
    head: float
    more: float | None
    results: int
    peak_bytes: int


async def _look_at(place: _Place, pile: Pile, rounds: int) -> None:
    """What is left of a pile is used again, and filled up: most of a large one stays."""
    async with place.bench.trial("backlog") as trial:
        trial.declare(trial.configured(trial.gateway_settings(base_url=place.platform.url)))
        published = there = 0
        for number in range(rounds):
            missing = pile.waiting - there
            await publish(trial.url, credit_syncs(missing, 1 if pile.one_lane else None, first=published))
            published += missing
            seen = await _round(trial, place, pile, number)
            there = pile.waiting - seen.results
            pile.add(seen)


async def _round(trial: Trial, place: _Place, pile: Pile, number: int) -> _Seen:
    """Start a gateway, look, and end it."""
    settings = trial.gateway_settings(base_url=place.platform.url, max_in_flight=SLOTS)
    head, more = HEAD * place.scale, MORE * place.scale
    before = await trial.waiting()
    async with trial.gateway(trial.configured(settings), name=f"gateway-{number}") as program:
        first = await _rate(trial, program, before, head)
        longer = not pile.one_lane and pile.waiting > more
        then = await _rate(trial, program, before, more) if longer else None
        peak = program.usage().peak_bytes
    return _Seen(first, then, await trial.waiting() - before, peak)


async def _rate(trial: Trial, program: Program, before: int, results: float) -> float:
    """Events a second between the first tenth and so many results, or as many as there are within the patience."""
    start = time.perf_counter()
    first = await _patiently(trial, program, before + SKIPPED * results)
    began = time.perf_counter()
    last = await _patiently(trial, program, before + results)
    now = time.perf_counter()
    return (last - first) / (now - began) if last > first else (last - before) / (now - start)


async def _patiently(trial: Trial, program: Program, wanted: float) -> int:
    """The number of results, once there are so many or the patience is over: a rate may be very low."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while (now := await trial.waiting()) < wanted and time.perf_counter() < deadline:
        program.check()
        await asyncio.sleep(LOOK_SECONDS)
    return now


def behind(piles: Sequence[Pile]) -> float:
    """How far the slowest stays behind the fastest, as a share of it: at the begin, or for longer."""
    heads = [statistics.median(pile.heads) for pile in piles]
    mores = [statistics.median(pile.mores) for pile in piles if pile.mores]
    return max(1 - min(kind) / max(kind) for kind in (heads, mores) if kind)


def apart(piles: Sequence[Pile]) -> float:
    """Bytes between the largest and the smallest worker."""
    peaks = [statistics.median(pile.peak_bytes) for pile in piles]
    return max(peaks) - min(peaks)


def _row(piles: Sequence[Pile]) -> Row:
    kinds = {lanes: [pile for pile in piles if pile.one_lane is (lanes == "one lane")] for lanes in LANES}
    slower = {name: behind(kind) for name, kind in kinds.items()}
    told = ", ".join(f"{percent(share)} with {name}" for name, share in slower.items())
    return Row(
        NAME,
        f"{' to '.join(f'{pile.waiting:,}' for pile in (piles[0], piles[-1]))} waiting: rate within "
        f"{RATE_GOAL:.0%}, memory within {megabytes(MEMORY_GOAL)}",
        f"slowest behind fastest: {told}; memory {megabytes(apart(piles))} apart",
        max(slower.values()) <= RATE_GOAL and apart(piles) <= MEMORY_GOAL,
        {"piles": [asdict(pile) for pile in piles]},
        _table(piles),
    )


def _table(piles: Sequence[Pile]) -> str:
    headings = ["lanes", "waiting", "events/s, the first", "events/s, longer", "peak memory, MB"]
    return table(headings, [_line(pile) for pile in piles])


def _line(pile: Pile) -> list[str]:
    peak = spread([size / 1e6 for size in pile.peak_bytes])
    longer = rates(pile.mores) if pile.mores else "–"
    return [LANES[not pile.one_lane], f"{pile.waiting:,}", rates(pile.heads), longer, peak]
