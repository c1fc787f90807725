"""The platform goes away, the broker goes away: everything ends, nothing is lost. Counted from outside."""

import asyncio
from pathlib import Path

from deploy.local.node import Node
from tests.support.outside import Outside, enrolment, outside, until
from tests.support.running import Simulator, running, settings, simulator

EVENTS = 300
DOWN_SECONDS = 30
LADDER = (5, 30, 120)


async def test_a_platform_that_is_down_for_30_seconds_costs_no_event(vhost_url: str, tmp_path: Path) -> None:
    async with simulator() as platform, outside(vhost_url) as service:
        await platform.tell("faults", kind="delay", seconds=0.05)
        async with running(settings(vhost_url, tmp_path, platform.base_url, ladder=LADDER, max_in_flight=10)):
            await insist(service)
            await until(lambda: len(service.results) >= EVENTS // 3)
            await platform.down()
            await asyncio.sleep(DOWN_SECONDS)
            assert len(service.results) < EVENTS
            await platform.up()
            await service.ended(EVENTS, 90)
        assert service.outcomes() == {"accepted": EVENTS}
        await all_reported_once(platform)
        await nothing_left(service, LADDER)


async def test_a_broker_that_is_killed_and_started_again_loses_no_event(broker_node: Node, tmp_path: Path) -> None:
    async with simulator() as platform, outside(broker_node.url) as service:
        await platform.tell("faults", kind="delay", seconds=0.05)
        async with running(settings(broker_node.url, tmp_path, platform.base_url, max_in_flight=10)) as run:
            publishing = asyncio.create_task(insist(service))
            await until(lambda: len(service.results) >= EVENTS // 3)
            await asyncio.to_thread(broker_node.kill)
            await until(lambda: not run.worker.ready, what="unreadiness")
            await asyncio.to_thread(broker_node.start)
            await publishing
            await service.ended(EVENTS, 90)
        assert service.outcomes() == {"accepted": EVENTS}
        await all_reported_once(platform)
        await nothing_left(service, (1, 2, 4))


async def insist(service: Outside) -> None:
    for number in range(EVENTS):
        await service.insist(enrolment(f"ticket-{number:04}"))


async def all_reported_once(platform: Simulator) -> None:
    """By the platform's own count: it refuses a second one as a duplicate, so each is there exactly once."""
    enrolments = (await platform.state())["enrolments"]
    assert len(enrolments) == EVENTS
    assert len({enrolled["ticket"] for enrolled in enrolments}) == EVENTS


async def nothing_left(service: Outside, ladder: tuple[int, ...]) -> None:
    queues = [f"gateway.gd_accounting.default.{role}" for role in ("bulk", "interactive", "due", "dead")]
    for queue in [*queues, *(f"gateway.delay.{seconds}s" for seconds in ladder), "gateway.unrouted"]:
        assert await service.depth(queue) == 0, queue
