"""Row 6: the platform is away for a minute while events wait, and then everybody's are to be done in time."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.platform import Platform
from tests.bench.rig import Rig, credit_syncs, publish, until

ANSWER_SECONDS = 0.02
RATE = 100.0
"""Calls a second, by the settings: little enough for the longest wait between two probes, 15 s, to be within the goal
at 20,000 events."""

GOAL = 1.1


@dataclass(frozen=True, slots=True)
class Outage:
    """`attempts`: connections while the platform was down, Unix seconds; `probes`: when the gateway began to probe;
    `opened_at`: when it took the platform for down. `waiting` of `events` when it came back."""

    seconds: float
    rate: float
    events: int
    waiting: int
    drained_seconds: float
    cut_off: int
    attempts: Sequence[float]
    probes: Sequence[float]
    opened_at: float

    @property
    def ratio(self) -> float:
        """Of the time it took to the time that the rate limit makes it take."""
        return self.drained_seconds / (self.waiting / self.rate)

    @property
    def noticing(self) -> int:
        """Calls that found out that the platform is down."""
        return sum(at <= self.opened_at for at in self.attempts)

    @property
    def wasted(self) -> int:
        """Calls made although it was known."""
        return len(self.attempts) - self.noticing


async def measure(bench: Rig, events: int = 20_000, seconds: float = 60.0, rate: float = RATE) -> Outage:
    """So many events wait when the platform goes down for so long; work is in full swing before."""
    with Platform(delay_seconds=ANSWER_SECONDS) as platform:
        async with bench.trial("outage") as trial:
            config = trial.configured(trial.gateway_settings(base_url=platform.url, rate_per_second=rate))
            trial.declare(config)
            swing = round(rate)
            await publish(trial.url, credit_syncs(swing + events))
            async with trial.gateway(config) as program:
                await until(trial.waiting, swing, program)
                down_at, up_at = await _outage(platform, seconds)
                left = swing + events - platform.counts()["answers"]
                await until(trial.waiting, swing + events, program)
                drained = time.time() - up_at
            opened, probes = read(program.log, down_at, up_at)
            attempts, cut_off = platform.times("turned_away"), platform.counts()["cut_off"]
            return Outage(seconds, rate, events, left, drained, cut_off, attempts, probes, opened)


async def _outage(platform: Platform, seconds: float) -> tuple[float, float]:
    """From when to when."""
    down_at = time.time()
    platform.down()
    await asyncio.sleep(seconds)
    up_at = time.time()
    platform.up()
    return down_at, up_at


def read(log: Path, begin: float, end: float) -> tuple[float, list[float]]:
    """When the breaker first opened in this time, else its end; and when the account probed."""
    changes = [(at, state) for at, state in _changes(log) if begin <= at <= end]
    opened = min((at for at, state in changes if state == "paused"), default=end)
    return opened, [at for at, state in changes if state == "probing"]


def _changes(log: Path) -> Iterator[tuple[float, str]]:
    for line in log.read_text(encoding="utf-8").splitlines():
        if '"account.changed"' in line:
            said = json.loads(line)
            yield datetime.fromisoformat(said["timestamp"]).timestamp(), said["state"]
