"""Row 3: questions that a person waits for, while a hundred thousand events wait that nobody waits for."""

from dataclasses import dataclass

from tests.bench.platform import Platform
from tests.bench.questions import Latencies, ask
from tests.bench.rig import Rig, Trial, credit_syncs, publish, until

ANSWER_SECONDS = 0.05
EVERY_SECONDS = 0.1
SLOTS = 50
GOAL = 1.25
UNDER_WAY = 1000
"""Results after which the gateway is at full speed."""


class UsedUpError(RuntimeError):
    """The events were done before the questions were: those at the end met an idle gateway."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long questions took, and how many events a second were done beside those under load."""

    idle: Latencies
    loaded: Latencies
    events_per_second: float
    still_waiting: int

    @property
    def ratio(self) -> float:
        """Of the two p99."""
        return self.loaded.p99 / self.idle.p99


async def measure(bench: Rig, events: int = 100_000, questions: int = 600) -> Patience:
    """So many questions to an idle gateway, then to a new one with so many events waiting. Raises UsedUpError."""
    with Platform(delay_seconds=ANSWER_SECONDS) as platform:
        async with bench.trial("interactive") as trial:
            config = trial.configured(trial.gateway_settings(base_url=platform.url, max_in_flight=SLOTS))
            async with trial.gateway(config):
                await ask(trial.url, "warm", 20, EVERY_SECONDS)
                idle = await ask(trial.url, "idle", questions, EVERY_SECONDS)
            before = await trial.waiting()
            await publish(trial.url, credit_syncs(events))
            async with trial.gateway(config) as program:
                first = await until(trial.waiting, before + min(UNDER_WAY, events // 10), program)
                loaded = await ask(trial.url, "loaded", questions, EVERY_SECONDS)
                done = await trial.waiting() - first - questions
                return Patience(idle, loaded, done / (questions * EVERY_SECONDS), await _left(trial))


async def _left(trial: Trial) -> int:
    left = await trial.waiting("gateway.gd_accounting.default.bulk")
    if not left:
        raise UsedUpError("no events wait any more: more events, or fewer questions")
    return left
