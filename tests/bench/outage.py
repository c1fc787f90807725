"""Row: the platform is away for a minute while events wait, and then everybody's are to be done in time."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from tests.bench.platform import Platform
from tests.bench.rig import Rig, Trial, credit_syncs, publish, until
from tests.bench.row import Options, Row

NAME = "after an outage"
EVENTS, SECONDS = 20_000, 60.0
ANSWER_SECONDS = 0.02
RATE = 100.0
"""Calls a second, by the settings: little enough for the longest wait between two probes, 15 s, to be within the goal
at 20,000 events."""

GOAL = 1.1
ON_ITS_WAY_SECONDS = 0.1
"""A call that was begun before the gateway knew may arrive so much later."""


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
        return sum(at <= self.opened_at + ON_ITS_WAY_SECONDS for at in self.attempts)

    @property
    def wasted(self) -> int:
        """Calls made although it was known."""
        return len(self.attempts) - self.noticing


async def measure(bench: Rig, options: Options) -> Row:
    """So many events wait when the platform goes down; work is in full swing before. Once: it takes minutes."""
    events, seconds = round(EVENTS * options.scale), SECONDS * min(1.0, options.scale)
    with Platform(delay_seconds=ANSWER_SECONDS) as platform:
        async with bench.trial("outage") as trial:
            return _row(await _through(trial, platform, events, seconds))


async def _through(trial: Trial, platform: Platform, events: int, seconds: float) -> Outage:
    config = trial.configured(trial.gateway_settings(base_url=platform.url, rate_per_second=RATE))
    trial.declare(config)
    swing = round(RATE)
    await publish(trial.url, credit_syncs(swing + events))
    async with trial.gateway(config) as program:
        await until(trial.waiting, swing, program)
        down_at, up_at = await _outage(platform, seconds)
        left = swing + events - platform.counts()["answers"]
        await until(trial.waiting, swing + events, program)
        drained = time.time() - up_at
    opened, probes = read(program.log, down_at, up_at)
    attempts, cut_off = platform.times("turned_away"), platform.counts()["cut_off"]
    return Outage(seconds, RATE, events, left, drained, cut_off, attempts, probes, opened)


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


def _row(seen: Outage) -> Row:
    return Row(
        NAME,
        f"{seen.seconds:.0f} s down: drained within {GOAL} × events / rate limit, no call wasted but probes",
        f"{seen.ratio:.2f} ×; {seen.wasted} calls wasted, {len(seen.probes)} probes",
        seen.ratio <= GOAL and seen.wasted <= len(seen.probes),
        {**asdict(seen), "ratio": seen.ratio, "wasted": seen.wasted},
        f"{seen.waiting:,} events waited when the platform came back, at {seen.rate:.0f} a second: drained in "
        f"{seen.drained_seconds:.1f} s. Its begin cut off {seen.cut_off} calls; {seen.noticing} more found out "
        f"that it was down, {len(seen.probes)} probed, {seen.wasted - len(seen.probes)} did neither.",
    )
