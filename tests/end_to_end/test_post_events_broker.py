"""POST /events while the broker is away, goes away, or does not take what it is given."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import pytest
from yarl import URL

from deploy.local.management import Vhost
from deploy.local.stack import free_port
from gateway.settings import Settings
from tests.support.events import check
from tests.support.line import Line
from tests.support.outside import eventually, mobile_login
from tests.support.posting import BATCH, Poster, connections_counted, posting, refusal
from tests.support.scene import Scene, queue


def at(settings: Settings, **broker: Any) -> Settings:
    """The settings with changes to the broker's table."""
    return settings.model_copy(update={"broker": settings.broker.model_copy(update=broker)})


class Fragile(Line):
    """A line that breaks once it has carried so many bytes more, to and fro."""

    breaks_after: int | None = None

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            await self._flows.wait()
            if self.breaks_after is not None:
                self.breaks_after -= len(data)
                if self.breaks_after < 0:
                    self.break_off()
                    return
            writer.write(data)


@asynccontextmanager
async def through_a_line(stage: Scene) -> AsyncIterator[tuple[Fragile, Poster]]:
    """The HTTP side, whose broker is at the other end of a line that can be cut."""
    broker = URL(stage.url)
    cable = Fragile(broker.host or "", broker.port or 5672)
    server = await asyncio.start_server(cable.carry, "127.0.0.1", 0)
    url = broker.with_host("127.0.0.1").with_port(server.sockets[0].getsockname()[1])
    try:
        async with posting(at(stage.settings(), url=str(url))) as web:
            yield cable, web
    finally:
        cable.break_off()
        server.close()


async def test_while_the_broker_is_away_publishers_are_told_to_come_again_and_all_at_once(stage: Scene) -> None:
    away = at(stage.settings(), url=f"amqp://guest:geheim@127.0.0.1:{free_port()}/")
    async with posting(away) as web:
        began = monotonic()
        replies = await asyncio.gather(*(web.post(mobile_login(f"t-{number}")) for number in range(50)))
        assert monotonic() - began < 15
        for reply in replies:
            detail = refusal(reply, 503, "not-published")
            assert "same id and source" in detail
            assert "geheim" not in detail
            assert int(reply.headers["Retry-After"]) > 0


async def test_it_connects_anew_after_its_connection_was_closed(stage: Scene, vhost: Vhost) -> None:
    async with posting(stage.settings()) as web:
        assert (await web.post(mobile_login("t-1"))).status == 202
        vhost.close_connections()
        event = mobile_login("t-2")

        async def taken() -> bool:
            return (await web.post(event)).status == 202

        await eventually(taken, what="a new connection")
        assert await stage.depth("bulk") >= 2


async def test_an_event_whose_confirm_is_lost_is_not_called_published(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.amqp.confirming.CONFIRM_SECONDS", 1)
    event = mobile_login("t-1")
    async with through_a_line(stage) as (cable, web):
        assert (await web.post(mobile_login("t-0"))).status == 202
        cable.cut()
        refusal(await web.post(event), 503, "not-published")
        cable.mend()

        async def taken() -> bool:
            return (await web.post(event)).status == 202

        await eventually(taken, what="a broker that answers")
    async with stage.running():
        await stage.service.result(event["id"])
        await stage.service.ended(2)


async def test_a_batch_that_is_broken_off_says_how_many_of_its_first_events_were_published(stage: Scene) -> None:
    events = [mobile_login("t", id=f"e-{number:04}") for number in range(200)]
    async with through_a_line(stage) as (cable, web):
        assert (await web.post(mobile_login("t-0"))).status == 202
        cable.breaks_after = 20_000
        reply = await web.post(events, BATCH)
        refusal(reply, 503, "not-published")
        published = reply.json["published"]
        assert 0 < published < len(events)
        assert f"event {published}" in reply.json["detail"]
    standing = [message.message_id for message in await stage.service.messages(queue("bulk"))][1:]
    assert standing[:published] == [event["id"] for event in events[:published]]
    assert len(standing) <= published + 1


async def test_what_no_queue_takes_is_refused_and_tells_how_to_mend_it(stage: Scene) -> None:
    await stage.service.channel.declare_exchange("gateway.events", "topic", durable=True)
    async with posting(at(stage.settings(), declare=False)) as web:
        detail = refusal(await web.post(mobile_login("t-1")), 422, "unknown-type-or-account")
    assert "gateway topology declare" in detail


async def test_a_queue_that_is_full_refuses_without_a_new_connection_for_each(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = connections_counted(monkeypatch)
    exchange = await stage.service.channel.declare_exchange("gateway.events", "topic", durable=True)
    full = await stage.service.channel.declare_queue(
        "full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"}, durable=True
    )
    await full.bind(exchange, "#")
    async with posting(at(stage.settings(), declare=False)) as web:
        await until_refused(web)
        assert {(await web.post(mobile_login("t-2"))).status for _ in range(5)} == {503}
        await full.purge()
        assert (await web.post(check("t-3"))).status == 202
    assert len(opened) == 1


async def until_refused(web: Poster) -> None:
    """A full queue may let a few more in before it says so."""
    statuses: list[int] = []
    while 503 not in statuses:
        statuses.append((await web.post(mobile_login("t-1"))).status)
        assert len(statuses) < 100


async def test_as_much_as_is_in_memory_at_once_is_bounded_and_the_rest_waits(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.http_events.endpoint.ROOM_BYTES", 1)
    async with posting(stage.settings()) as web:
        replies = await asyncio.gather(*(web.post(mobile_login(f"t-{number}")) for number in range(20)))
        assert {reply.status for reply in replies} == {202}
    monkeypatch.setattr("gateway.http_events.endpoint.WAIT_SECONDS", 3)
    async with posting(stage.settings()) as web:
        release = asyncio.Event()
        slow = asyncio.create_task(post_slowly(web, release))

        async def crowded_out() -> bool:
            return (await web.post(mobile_login("t-late"))).status == 503

        await eventually(crowded_out, what="the slow one to hold all the room")
        release.set()
        assert await slow == 202


async def post_slowly(web: Poster, release: asyncio.Event) -> int:
    """An event whose body ends only when told."""

    async def body() -> AsyncIterator[bytes]:
        yield b" "
        await release.wait()
        yield json.dumps(mobile_login("t-slow")).encode()

    headers = {"Authorization": f"Bearer {web.key}", "Content-Type": "application/cloudevents+json"}
    async with web.http.post(f"{web.address}/events", data=body(), headers=headers) as response:
        return response.status
