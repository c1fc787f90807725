"""Who has left is freed at once: memory holds what is in flight, not what the collector has not seen yet."""

import gc
from collections.abc import Iterator

import pytest

from gateway.job import EventJob
from gateway.platform import AfterDeath, Repeat
from tests.unit.lane_world import Verdict, World, operation

ENDS: list[Verdict] = ["accepted", "dead", "retry"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("gateway.lanes.COMES_BACK_SECONDS", 0.0)
    made: list[World] = []
    skip = operation(lambda: made[0], "skip", Repeat.IDEMPOTENT, AfterDeath.SKIP)
    made.append(World({"skip": skip}))
    gc.collect()
    gc.disable()
    yield made[0]
    gc.enable()
    made[0].end()


@pytest.mark.parametrize("ends", ENDS)
def test_a_job_is_freed_when_its_event_has_left(world: World, ends: Verdict) -> None:
    before = jobs()
    world.on_call = lambda event: ends
    for number in range(3):
        world.publish(f"e-{number}", "l", "skip")
        world.deliver("bulk")
    assert jobs() - before == 3
    while world.asked:
        world.step(world.asked[0])
    assert jobs() == before


def jobs() -> int:
    return sum(isinstance(one, EventJob) for one in gc.get_objects())
