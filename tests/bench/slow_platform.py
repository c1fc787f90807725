"""Row: a platform that takes its time. With enough calls at once the gateway must not add to it."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.figures import percent, spread
from tests.bench.platform import Platform
from tests.bench.rig import Measured, Rig, credit_syncs, publish
from tests.bench.row import Options, Row, table

NAME = "slow platform"
ANSWER_SECONDS = 0.1
SLOTS = (50, 200)
GOAL = 0.98
EVENTS_A_SLOT = 200
"""At 20,000 events; a trial takes 20 s where the gateway keeps up."""


@dataclass
class Trials:
    """With so many slots: at the slow platform, and where answers take no time, which is what the gateway can do."""

    slots: int
    slow: list[Measured] = field(default_factory=list)
    instant: list[Measured] = field(default_factory=list)

    @property
    def theory(self) -> float:
        """Events a second, if every slot were in a call all the time."""
        return self.slots / ANSWER_SECONDS

    @property
    def of_theory(self) -> float:
        """The share of the theoretical rate that was reached."""
        return statistics.median(_rates(self.slow)) / self.theory

    @property
    def of_reach(self) -> float:
        """The same of what can be reached: no gateway is faster at a slow platform than at an instant one."""
        return statistics.median(_rates(self.slow)) / min(self.theory, statistics.median(_rates(self.instant)))


async def measure(bench: Rig, options: Options) -> Row:
    """Every number of slots, slow and instant in turns."""
    all_trials = [Trials(slots) for slots in SLOTS]
    for _ in range(options.rounds):
        for trials in all_trials:
            events = round(EVENTS_A_SLOT * trials.slots * options.scale)
            trials.slow.append(await _trial(bench, trials.slots, events, ANSWER_SECONDS))
            trials.instant.append(await _trial(bench, trials.slots, events, 0.0))
    return _row(all_trials)


async def _trial(bench: Rig, slots: int, events: int, delay: float) -> Measured:
    with Platform(delay_seconds=delay) as platform:
        async with bench.trial("slow-platform") as trial:
            config = trial.configured(trial.gateway_settings(base_url=platform.url, max_in_flight=slots))
            trial.declare(config)
            await publish(trial.url, credit_syncs(events))
            async with trial.gateway(config) as program:
                return await trial.measured(program, events)


def _row(all_trials: Sequence[Trials]) -> Row:
    reached = [f"{percent(one.of_theory)} with {one.slots} slots" for one in all_trials]
    return Row(
        NAME,
        f"answers after {ANSWER_SECONDS * 1000:.0f} ms: ≥ {GOAL:.0%} of slots / answer time",
        ", ".join(reached),
        all(one.of_theory >= GOAL for one in all_trials),
        {str(one.slots): _data(one) for one in all_trials},
        _table(all_trials),
    )


def _table(all_trials: Sequence[Trials]) -> str:
    headings = ["slots", "theory, events/s", "reached", "of theory", "instant platform", "of what can be reached"]
    lines = [
        [
            str(one.slots),
            f"{one.theory:,.0f}",
            spread(_rates(one.slow)),
            percent(one.of_theory),
            spread(_rates(one.instant)),
            percent(one.of_reach),
        ]
        for one in all_trials
    ]
    return table(headings, lines)


def _data(one: Trials) -> dict[str, object]:
    return {
        "theory": one.theory,
        "slow": _rates(one.slow),
        "instant": _rates(one.instant),
        "cpu_micros": [seen.cpu_micros for seen in one.slow],
        "peak_bytes": [seen.peak_bytes for seen in one.slow],
    }


def _rates(seen: Sequence[Measured]) -> list[float]:
    return [one.per_second for one in seen]
