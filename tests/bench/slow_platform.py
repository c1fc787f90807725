"""Row 2: a platform that takes its time. With enough calls at once the gateway must not add to it."""

from dataclasses import dataclass

from tests.bench.platform import Platform
from tests.bench.rig import Measured, Rig, credit_syncs, publish

ANSWER_SECONDS = 0.1
SLOTS = (50, 200)
GOAL = 0.98


@dataclass(frozen=True, slots=True)
class Pair:
    """With so many slots: at the slow platform, and where answers take no time, which is what the gateway can do."""

    slots: int
    slow: Measured
    instant: Measured

    @property
    def theory(self) -> float:
        """Events a second, if every slot were in a call all the time."""
        return self.slots / ANSWER_SECONDS

    @property
    def of_theory(self) -> float:
        """The share of the theoretical rate that was reached."""
        return self.slow.per_second / self.theory

    @property
    def of_reach(self) -> float:
        """The same of what can be reached: no gateway is faster at a slow platform than at an instant one."""
        return self.slow.per_second / min(self.theory, self.instant.per_second)


async def measure(bench: Rig, seconds: float = 20.0) -> list[Pair]:
    """Each number of slots for about so long, if the gateway keeps up."""
    pairs = []
    for slots in SLOTS:
        events = round(seconds * slots / ANSWER_SECONDS)
        slow = await _trial(bench, slots, events, ANSWER_SECONDS)
        pairs.append(Pair(slots, slow, await _trial(bench, slots, events, 0.0)))
    return pairs


async def _trial(bench: Rig, slots: int, events: int, delay: float) -> Measured:
    with Platform(delay_seconds=delay) as platform:
        async with bench.trial("slow-platform") as trial:
            config = trial.configured(trial.gateway_settings(base_url=platform.url, max_in_flight=slots))
            trial.declare(config)
            await publish(trial.url, credit_syncs(events))
            async with trial.gateway(config) as program:
                return await trial.measured(program, events)
