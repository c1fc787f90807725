"""The outside view: publishing and reading with plain AMQP, without any code of the gateway."""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage

PLATFORM = "gd_accounting"


def event(operation: str, data: Mapping[str, Any], **attributes: Any) -> dict[str, Any]:
    """A CloudEvent for the accounting platform."""
    given = {"id": uuid.uuid4().hex, "source": "/tests", "type": f"{PLATFORM}.{operation}", **attributes}
    return {"specversion": "1.0", **given, "data": dict(data)}


def mobile_login(ticket: str, **attributes: Any) -> dict[str, Any]:
    """The cheapest durable event: the platform takes it from anybody, and any number of times."""
    data = {"ticket": ticket, "loginTime": "2026-03-03 20:15:00", "year": 2026, "areaCode": "440106"}
    return event("mobile-login-sync", data, **attributes)


def enrolment(ticket: str, **attributes: Any) -> dict[str, Any]:
    """A durable event that needs the token and that the platform takes once."""
    data = {"ticket": ticket, "regTime": "2026-03-01 09:30:00", "year": 2026, "areaCode": "440106", "eduType": "PRO"}
    return event("enrolment-register", data, **attributes)


async def until(true: Callable[[], bool], seconds: float = 20, what: str = "it") -> None:
    """Wait for a condition; fails the test when it does not come."""
    deadline = monotonic() + seconds
    while not true():
        assert monotonic() < deadline, f"{what} did not happen within {seconds} s"
        await asyncio.sleep(0.02)


async def eventually(true: Callable[[], Awaitable[bool]], seconds: float = 20, what: str = "it") -> None:
    """Like `until`, for a condition that has to ask somebody."""
    deadline = monotonic() + seconds
    while not await true():
        assert monotonic() < deadline, f"{what} did not happen within {seconds} s"
        await asyncio.sleep(0.05)


class Outside:
    """An internal service: publishes events, keeps every result that comes back."""

    def __init__(self, connection: AbstractConnection, channel: AbstractChannel) -> None:
        self.connection = connection
        self.channel = channel
        self.results: list[tuple[AbstractIncomingMessage, dict[str, Any]]] = []

    async def publish(
        self, body: Mapping[str, Any] | bytes, key: str | None = None, seconds: float = 30, **properties: Any
    ) -> None:
        """Publish as the contract says; `key` stands in for the one that follows from type and account."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if key is None:
            assert not isinstance(body, bytes)
            platform, _, operation = body["type"].partition(".")
            key = f"{platform}.{body.get('account', 'default')}.{operation}"
        message = aio_pika.Message(raw, delivery_mode=2, content_type="application/cloudevents+json", **properties)
        exchange = await self.channel.get_exchange("gateway.events", ensure=False)
        await exchange.publish(message, key, mandatory=True, timeout=seconds)

    async def insist(self, body: Mapping[str, Any]) -> None:
        """Publish until the broker has confirmed it, whatever happens to the broker meanwhile."""
        while True:
            try:
                await self.publish(body, seconds=5)
            except (
                *aio_pika.exceptions.CONNECTION_EXCEPTIONS,
                aio_pika.exceptions.AMQPError,
                TimeoutError,
                RuntimeError,
            ):
                await asyncio.sleep(0.2)
            else:
                return

    async def ended(self, number: int, seconds: float = 60) -> None:
        """Wait until so many events have a result."""
        await until(lambda: self.outcomes().total() >= number, seconds, f"{number} results")

    async def result(self, event_id: str | None, seconds: float = 20) -> dict[str, Any]:
        """The data of the first result for this event."""
        await until(lambda: bool(self.of(event_id)), seconds, f"a result for {event_id}")
        return self.of(event_id)[0]

    def of(self, event_id: str | None) -> list[dict[str, Any]]:
        """The data of every result for this event so far."""
        return [result["data"] for _, result in self.results if result["data"]["event_id"] == event_id]

    def outcomes(self) -> Counter[str]:
        """How many events ended how; an event that was answered twice counts once."""
        return Counter({data["event_id"]: data["outcome"] for _, data in self._datas()}.values())

    def _datas(self) -> list[tuple[AbstractIncomingMessage, dict[str, Any]]]:
        return [(message, result["data"]) for message, result in self.results]

    async def depth(self, queue: str) -> int:
        """Messages that stand in a queue, counted by taking them and giving them back."""
        return len(await self.messages(queue))

    async def messages(self, queue: str) -> list[AbstractIncomingMessage]:
        """What stands in a queue, oldest first; it stays there, in order.

        Returned one by one: the broker gives back what `get` took and a closed channel held in any order.
        """
        await self.connection.ready()  # after a restart of the broker it may still be on its way
        channel = await self.connection.channel()
        try:
            found = []
            source = await channel.get_queue(queue, ensure=False)
            while (message := await source.get(fail=False)) is not None:
                found.append(message)
            for message in found:
                await message.nack(requeue=True)
            return found
        finally:
            await channel.close()


@asynccontextmanager
async def outside(url: str) -> AsyncIterator[Outside]:
    """Connect, and collect everything from `gateway.results`, in a queue that outlives a broker's restart."""
    connection = await aio_pika.connect_robust(url, reconnect_interval=0.5)
    try:
        channel = await connection.channel(on_return_raises=True)
        service = Outside(connection, channel)
        exchange = await channel.declare_exchange("gateway.results", "topic", durable=True)
        queue = await channel.declare_queue("tests.results", durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(exchange, "#")

        async def take(message: AbstractIncomingMessage) -> None:
            service.results.append((message, json.loads(message.body)))
            await message.ack()

        await queue.consume(take)
        yield service
    finally:
        await connection.close()
