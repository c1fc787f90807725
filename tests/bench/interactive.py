"""Row: questions that a person waits for, while a hundred thousand events wait that nobody waits for."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.figures import millis, spread
from tests.bench.platform import Platform
from tests.bench.questions import Latencies, ask
from tests.bench.rig import BenchError, Rig, Trial, credit_syncs, publish, until
from tests.bench.row import Options, Row, table

NAME = "interactive under load"
ANSWER_SECONDS = 0.05
EVERY_SECONDS = 0.1
SLOTS = 50
GOAL = 1.25
WAITING, QUESTIONS = 100_000, 300
LEAST_QUESTIONS = 20
WARM_UP = 20
"""Questions before those that count."""

UNDER_WAY = 0.01
"""Of the events, results after which the gateway is at full speed."""


class UsedUpError(BenchError):
    """The events were done before the questions were: those at the end met an idle gateway."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long questions took, and how many events a second were done beside those under load."""

    idle: Latencies
    loaded: Latencies
    events_per_second: float

    @property
    def ratio(self) -> float:
        """Of the two p99."""
        return self.loaded.p99 / self.idle.p99


async def measure(bench: Rig, options: Options) -> Row:
    """In each round questions to an idle gateway, then to a new one with the events waiting. Raises UsedUpError."""
    waiting = round(WAITING * options.scale)
    questions = max(LEAST_QUESTIONS, round(QUESTIONS * options.scale))
    with Platform(delay_seconds=ANSWER_SECONDS) as platform:
        rounds = [await _round(bench, platform, waiting, questions) for _ in range(options.rounds)]
    return _row(rounds, waiting)


async def _round(bench: Rig, platform: Platform, waiting: int, questions: int) -> Patience:
    async with bench.trial("interactive") as trial:
        settings = trial.gateway_settings(base_url=platform.url, max_in_flight=SLOTS)
        async with trial.gateway(trial.configured(settings)):
            await ask(trial.url, "warm", WARM_UP, EVERY_SECONDS)
            idle = await ask(trial.url, "idle", questions, EVERY_SECONDS)
        await publish(trial.url, credit_syncs(waiting))
        return await _loaded(trial, platform, idle, waiting)


async def _loaded(trial: Trial, platform: Platform, idle: Latencies, waiting: int) -> Patience:
    """The same number of questions to a gateway that has work."""
    config = trial.configured(trial.gateway_settings(base_url=platform.url, max_in_flight=SLOTS))
    questions, before = len(idle.seconds), await trial.waiting()
    async with trial.gateway(config, name="loaded") as program:
        first = await until(trial.waiting, before + UNDER_WAY * waiting, program)
        loaded = await ask(trial.url, "loaded", questions, EVERY_SECONDS)
        done = await trial.waiting() - first - questions
        if not await trial.waiting("gateway.gd_accounting.default.bulk"):
            raise UsedUpError(f"{waiting} events were done before {questions} questions")
        return Patience(idle, loaded, done / (questions * EVERY_SECONDS))


def _row(rounds: Sequence[Patience], waiting: int) -> Row:
    ratio = statistics.median(one.ratio for one in rounds)
    idle, loaded = ([latencies.p99 for latencies in kind] for kind in _kinds(rounds))
    p99 = f"p99 {millis(statistics.median(idle))} idle, {millis(statistics.median(loaded))} under load"
    return Row(
        NAME,
        f"questions while {waiting:,} events wait: p99 ≤ {GOAL} × that of an idle gateway",
        f"{spread([one.ratio for one in rounds], '.2f')} ×: {p99}",
        ratio <= GOAL,
        {
            "idle": [one.idle.seconds for one in rounds],
            "loaded": [one.loaded.seconds for one in rounds],
            "events_per_second": [one.events_per_second for one in rounds],
        },
        _table(rounds),
    )


def _table(rounds: Sequence[Patience]) -> str:
    names = ("idle", "with events waiting")
    lines = [[name, *_cells(kind)] for name, kind in zip(names, _kinds(rounds), strict=True)]
    beside = spread([one.events_per_second for one in rounds])
    return (
        f"A question every {millis(EVERY_SECONDS)}; answers after {millis(ANSWER_SECONDS)}; {SLOTS} events "
        f"in flight, {beside} a second.\n\n"
        + table(["gateway", "questions", "p50, ms", "p99, ms", "slowest, ms"], lines)
    )


def _cells(kind: Sequence[Latencies]) -> list[str]:
    figures = ([1000 * value for value in values] for values in zip(*map(_figures, kind), strict=True))
    return [str(sum(len(one.seconds) for one in kind)), *map(spread, figures)]


def _figures(one: Latencies) -> tuple[float, float, float]:
    return one.p50, one.p99, max(one.seconds)


def _kinds(rounds: Sequence[Patience]) -> tuple[list[Latencies], list[Latencies]]:
    return [one.idle for one in rounds], [one.loaded for one in rounds]
