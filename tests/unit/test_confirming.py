"""Each message that was published gets its own fate, however many are under way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.abc import ChannelFrame
from pamqp.commands import Basic

from gateway.amqp.confirming import Confirming, Fate
from gateway.amqp.corking import corked
from gateway.broker import NackedError, NotPublishedError, Outgoing, Publisher, UnroutableError, connect
from gateway.settings import Broker

QUEUE = "tests.confirming"


@dataclass
class Scene:
    """A queue to publish to, and who publishes."""

    connection: AbstractConnection
    reading: AbstractChannel
    channel: AbstractChannel
    confirming: Confirming

    async def publish(self, key: str, body: bytes = b"x", message_id: str | None = None) -> Fate:
        return await self.confirming.publish("", key, body, Basic.Properties(message_id=message_id))

    async def bodies(self, count: int) -> list[bytes]:
        queue = await self.reading.get_queue(QUEUE)
        return [(await queue.get(no_ack=True)).body for _ in range(count)]


@asynccontextmanager
async def scene(vhost_url: str, overflow: str | None = None) -> AsyncIterator[Scene]:
    async with connect(Broker(url=vhost_url), "a test") as connection:
        reading = await connection.channel()
        arguments: dict[str, int | str] = {"x-max-length": 1, "x-overflow": overflow} if overflow else {}
        await reading.declare_queue(QUEUE, durable=True, arguments={**arguments})
        channel = await connection.channel(publisher_confirms=True)
        yield Scene(connection, reading, channel, Confirming(await corked(channel)))


async def test_of_many_under_way_each_that_no_queue_takes_comes_back_and_the_others_are_taken(vhost_url: str) -> None:
    async with scene(vhost_url) as here:
        keys = [QUEUE if number % 3 else "nowhere" for number in range(300)]
        fates = await asyncio.gather(
            *(here.publish(key, b"%d" % number, f"m{number}") for number, key in enumerate(keys))
        )
        assert fates == [Fate.TAKEN if key == QUEUE else Fate.RETURNED for key in keys]
        assert await here.bodies(200) == [b"%d" % number for number, key in enumerate(keys) if key == QUEUE]


async def test_a_message_without_a_name_that_comes_back_is_told_from_others_too(vhost_url: str) -> None:
    async with scene(vhost_url) as here:
        fates = await asyncio.gather(*(here.publish(key) for key in (QUEUE, "nowhere", QUEUE)))
        assert fates == [Fate.TAKEN, Fate.RETURNED, Fate.TAKEN]


async def test_two_of_the_same_name_are_under_way_one_after_the_other(vhost_url: str) -> None:
    async with scene(vhost_url) as here:
        fates = await asyncio.gather(*(here.publish(key, message_id="same") for key in (QUEUE, "nowhere") * 20))
        assert fates == [Fate.TAKEN, Fate.RETURNED] * 20


async def test_what_a_full_queue_does_not_take_is_refused(vhost_url: str) -> None:
    async with scene(vhost_url, overflow="reject-publish") as here:
        assert await here.publish(QUEUE) is Fate.TAKEN
        assert await here.publish(QUEUE) is Fate.REFUSED


@pytest.mark.parametrize("size", [0, 1, 131_063, 131_064, 131_065, 1_000_000])
async def test_a_body_of_any_size_arrives_as_it_was(vhost_url: str, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    async with scene(vhost_url) as here:
        assert await here.publish(QUEUE, body) is Fate.TAKEN
        assert await here.publish(QUEUE, b"after it") is Fate.TAKEN
        assert await here.bodies(2) == [body, b"after it"]


async def test_who_waits_for_a_confirm_hears_of_a_channel_that_closes_and_later_ones_too(vhost_url: str) -> None:
    async with scene(vhost_url) as here:
        wrong = asyncio.create_task(here.confirming.publish("no such exchange", "", b"x", Basic.Properties()))
        waiting = asyncio.create_task(here.publish(QUEUE))
        assert await wrong is Fate.CLOSED
        assert await waiting in {Fate.CLOSED, Fate.TAKEN}  # the broker may have confirmed it before
        assert await here.publish(QUEUE) is Fate.CLOSED


async def test_a_confirm_that_does_not_come_is_not_waited_for_for_ever(
    vhost_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.amqp.confirming.CONFIRM_SECONDS", 0.2)
    async with scene(vhost_url) as here:
        queue, kept = (await corked(here.channel)).write_queue, list[ChannelFrame]()
        monkeypatch.setattr(queue, "put_nowait", kept.append)
        early, late = asyncio.create_task(here.publish(QUEUE)), asyncio.create_task(_later(0.1, here))
        assert await asyncio.wait_for(early, 2) is Fate.SILENCE
        assert not late.done()
        assert await asyncio.wait_for(late, 2) is Fate.SILENCE
        monkeypatch.undo()
        for frame in kept:
            queue.put_nowait(frame)
        assert await here.publish(QUEUE) is Fate.TAKEN  # what is confirmed late disturbs nobody


async def _later(seconds: float, here: Scene) -> Fate:
    await asyncio.sleep(seconds)
    return await here.publish(QUEUE)


async def test_a_publisher_that_is_cancelled_leaves_the_next_one_of_its_name_alone(vhost_url: str) -> None:
    async with scene(vhost_url) as here:
        first = asyncio.create_task(here.publish(QUEUE, message_id="same"))
        await asyncio.sleep(0)
        first.cancel()
        assert await asyncio.wait_for(here.publish(QUEUE, message_id="same"), 5) is Fate.TAKEN


async def test_each_fate_is_told_with_its_own_error(vhost_url: str) -> None:
    async with scene(vhost_url, overflow="reject-publish") as here:
        publisher = Publisher(here.confirming)
        await publisher.publish(Outgoing("", QUEUE, b"x", {}))
        with pytest.raises(NackedError, match="the broker refused a message for ''"):
            await publisher.publish(Outgoing("", QUEUE, b"x", {}))
        with pytest.raises(UnroutableError, match="no queue takes 'nowhere' on ''"):
            await publisher.publish(Outgoing("", "nowhere", b"x", {}))
        await here.channel.close()
        with pytest.raises(NotPublishedError, match="no confirm from the broker"):
            await publisher.publish(Outgoing("", QUEUE, b"x", {}))
