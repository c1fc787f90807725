"""Row 4: how much waits must not matter, neither for the rate nor for the worker's memory."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.platform import Platform
from tests.bench.rig import Program, Rig, Trial, credit_syncs, publish, until

SIZES = (1_000, 100_000, 1_000_000)
SLOTS = 200
HEAD = 1_000
"""Of every size, so that all are compared by the same; where more wait, each in its own lane, `MORE` are looked at
too. One lane goes one by one: its first thousand take long enough."""

MORE = 15_000
SKIPPED = 0.1
"""Of the results, at the begin: connections are opened, nothing is warm."""


@dataclass(frozen=True, slots=True)
class Pile:
    """So many waited, in one lane or each in its own; rates of the first thousand and, where more wait, of more."""

    waiting: int
    one_lane: bool
    heads: Sequence[float]
    mores: Sequence[float]
    peak_bytes: Sequence[int]

    @property
    def head(self) -> float:
        """Events a second, at the begin."""
        return statistics.median(self.heads)

    @property
    def more(self) -> float | None:
        """Events a second, for longer."""
        return statistics.median(self.mores) if self.mores else None

    @property
    def peak(self) -> float:
        """The worker's, in bytes."""
        return statistics.median(self.peak_bytes)


async def measure(bench: Rig, sizes: Sequence[int] = SIZES, rounds: int = 3) -> list[Pile]:
    """Every size with one lane and with as many as events. Each round has a gateway that knows nothing."""
    with Platform() as platform:
        return [
            await _pile(bench, platform, waiting, rounds, one_lane=one_lane)
            for one_lane in (True, False)
            for waiting in sizes
        ]


def spread(rates: Sequence[float]) -> float:
    """How far the slowest stays behind the fastest, as a share of it."""
    return 1 - min(rates) / max(rates)


async def _pile(bench: Rig, platform: Platform, waiting: int, rounds: int, *, one_lane: bool) -> Pile:
    """What is left of the pile is used again where that is most of it."""
    heads, mores, peaks = [], [], []
    async with bench.trial("backlog") as trial:
        trial.declare(trial.configured(trial.gateway_settings(base_url=platform.url)))
        there = 0
        for number in range(rounds):
            there += await _filled_up(trial, waiting - there, first=number * waiting, one_lane=one_lane)
            seen = await _round(trial, platform, number, one_lane=one_lane, more=waiting > 2 * MORE)
            there -= seen.results
            heads.append(seen.head)
            mores += [seen.more] if seen.more is not None else []
            peaks.append(seen.peak_bytes)
    return Pile(waiting, one_lane, heads, mores, peaks)


async def _filled_up(trial: Trial, missing: int, *, first: int, one_lane: bool) -> int:
    return await publish(trial.url, credit_syncs(missing, 1 if one_lane else None, first=first)) if missing else 0


@dataclass(frozen=True, slots=True)
class _Seen:
    head: float
    more: float | None
    results: int
    peak_bytes: int


async def _round(trial: Trial, platform: Platform, number: int, *, one_lane: bool, more: bool) -> _Seen:
    """Start a gateway, look, and end it."""
    settings = trial.gateway_settings(base_url=platform.url, max_in_flight=SLOTS)
    settings["ledger"] = {"url": f"sqlite:///{trial.folder.absolute() / f'round-{number}.db'}"}
    before = await trial.waiting()
    async with trial.gateway(trial.configured(settings), name=f"gateway-{number}") as program:
        head = await _rate(trial, program, before, HEAD)
        then = await _rate(trial, program, before, MORE) if more and not one_lane else None
        peak = program.usage().peak_bytes
    return _Seen(head, then, await trial.waiting() - before, peak)


async def _rate(trial: Trial, program: Program, before: int, results: int) -> float:
    """Events a second between the first tenth and so many results."""
    first = await until(trial.waiting, before + SKIPPED * results, program)
    began = time.perf_counter()
    last = await until(trial.waiting, before + results, program)
    return (last - first) / (time.perf_counter() - began)
