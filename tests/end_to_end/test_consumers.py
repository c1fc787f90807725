"""The broker takes consumers, queues and connections away: the worker notices, says so and comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aio_pika
import pytest
from aiohttp import ClientSession

from deploy.local.management import Vhost
from gateway.topology import Names, account_queues
from gateway.web import application, serve
from gateway.worker import Worker
from tests.support.events import check
from tests.support.outside import PLATFORM, enrolment, eventually, mobile_login, until
from tests.support.scene import Scene, queue


class Watch:
    """Asks for a worker's readiness over HTTP, all the time, and keeps what was answered."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.last: dict[str, Any] = {}

    async def follow(self, address: str) -> None:
        async with ClientSession() as http:
            while True:
                async with http.get(f"{address}/readyz") as response:
                    self.last = await response.json()
                    if self.seen[-1:] != [response.status]:
                        self.seen.append(response.status)
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("role", ["bulk", "interactive", "due"])
async def test_a_queue_deleted_under_its_consumer_is_noticed_and_made_again(stage: Scene, role: str) -> None:
    async with stage.running() as run, watched(run.worker) as watch:
        await until(lambda: watch.seen == [200], what="readiness")
        await delete(stage, queue(role))
        await until(lambda: watch.seen[-2:] == [503, 200], 10, "unready, then ready again")
        for event in (mobile_login("t-1"), check("t-2")):
            await stage.service.publish(event)
            assert (await stage.service.result(event["id"]))["outcome"] == "accepted"


async def delete(stage: Scene, name: str) -> None:
    channel = await stage.service.connection.channel()
    await channel.queue_delete(name)
    await channel.close()


@asynccontextmanager
async def watched(worker: Worker) -> AsyncIterator[Watch]:
    """Serve the worker's readiness, as a process does, and watch it."""
    watch = Watch()

    async def not_ready() -> dict[str, str]:
        return {} if worker.ready else {str(worker.account): worker.phase}

    app = application([], worker.ledger, not_ready)
    async with serve(app, worker.settings.http) as address:
        task = asyncio.create_task(watch.follow(address))
        try:
            yield watch
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_a_bulk_queue_that_an_operator_deletes_and_makes_again_is_consumed_again(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running() as run, watched(run.worker) as watch:
        await until(lambda: watch.seen == [200], what="readiness")
        await delete(stage, queue("bulk"))
        await until(lambda: watch.seen[-1] == 503, what="unreadiness")
        await make_bulk(stage)
        await until(lambda: watch.seen[-1] == 200, 10, "readiness again")
        await stage.service.publish(event)
        assert (await stage.service.result(event["id"]))["outcome"] == "accepted"


async def make_bulk(stage: Scene) -> None:
    """With the arguments it had, and without its bindings: those the worker makes."""
    (bulk,) = [made for made in account_queues(Names(PLATFORM, "default"), {}) if made.name == queue("bulk")]
    channel = await stage.service.connection.channel()
    await channel.declare_queue(bulk.name, durable=True, arguments=dict(bulk.arguments))
    await channel.close()


async def test_connections_closed_by_an_operator_in_the_middle_lose_nothing(stage: Scene, vhost: Vhost) -> None:
    async with stage.running(max_in_flight=5) as run:
        await stage.fault("delay", seconds=0.03)
        publishing = asyncio.create_task(insist(stage, 100))
        for ended in (20, 50):
            await until(lambda so_many=ended: stage.service.outcomes().total() >= so_many)  # type: ignore[misc]
            await asyncio.to_thread(vhost.close_connections)
            await until(lambda: not run.worker.ready, 5, "the loss")
        await publishing
        await stage.service.ended(100)
        await until(lambda: run.worker.ready, what="readiness")
    assert stage.service.outcomes() == {"accepted": 100}
    state = await stage.platform.state()
    assert len(state["enrolments"]) == 100
    assert state["logins"] == {"succeeded": 1, "failed": 0}
    for role in ("bulk", "interactive", "due", "dead"):
        assert await stage.depth(role) == 0


async def insist(stage: Scene, number: int) -> None:
    for which in range(number):
        await stage.service.insist(enrolment(f"t-{which:03}"))


async def test_lanes_keep_their_order_when_the_connection_is_lost(stage: Scene, vhost: Vhost) -> None:
    async with stage.running(max_in_flight=5) as run:
        await stage.fault("delay", seconds=0.02)
        for number in range(60):
            await stage.service.publish(mobile_login(f"t-{number:02}", subject=f"learner/{number % 3}"))
        await eventually(lambda: called(stage, 15), what="some calls")
        await asyncio.to_thread(vhost.close_connections)
        await until(lambda: not run.worker.ready, 5, "the loss")
        await stage.service.ended(60)
    tickets = [call["body"]["ticket"] for call in await stage.platform.calls("syncLoginInfo")]
    for lane in range(3):
        first_times = list(dict.fromkeys(t for t in tickets if int(t[2:]) % 3 == lane))
        assert first_times == sorted(first_times)
    assert len(set(tickets)) == 60


async def called(stage: Scene, times: int) -> bool:
    return len(await stage.platform.calls()) >= times


async def test_the_lease_is_free_again_for_another_worker_at_once_when_one_ends(stage: Scene) -> None:
    async with stage.running(), await aio_pika.connect(stage.url) as other:
        channel = await other.channel()
        with pytest.raises(aio_pika.exceptions.ChannelClosed):
            await channel.declare_queue(queue("lease"), exclusive=True, durable=False)
    async with await aio_pika.connect(stage.url) as other:
        channel = await other.channel()
        await channel.declare_queue(queue("lease"), exclusive=True, durable=False)
