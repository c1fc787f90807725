"""An internal service at the broker: publishes what is planned, takes every result, reads dead letters and depths."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aiormq.exceptions import ChannelLockedResource, ChannelNotFoundEntity

from tests.faults.oracle.history import Ending, Letter, Published, Result
from tests.faults.oracle.numbered import Event

RESULTS = "oracle.results"
CONTENT_TYPE = "application/cloudevents+json"
CONFIRM_SECONDS = 5.0
AWAY = (
    *aio_pika.exceptions.CONNECTION_EXCEPTIONS,
    aio_pika.exceptions.AMQPError,
    asyncio.InvalidStateError,
    RuntimeError,
    TimeoutError,
)
"""What a broker that is away, or goes away, raises in the client."""

WINDOW = 150
"""Events published and not answered, at the most."""

IN_A_LANE = 10
"""The same, of one lane."""

AT_ONCE = 20


class Service:
    """Publishes and collects. A lane's next event is published when the broker has confirmed the one before."""

    def __init__(self, url: str, channel: AbstractChannel) -> None:
        self._url = url
        self._channel = channel
        self._seen: set[tuple[str | None, bytes]] = set()
        self._waiting: Counter[str | None] = Counter()
        self._lane_of: dict[str, str | None] = {}
        self._answered = asyncio.Event()
        self._begun = 0
        self._allowed: float = float("inf")
        self.published: list[Published] = []
        self.results: list[Result] = []
        self.letters: list[Letter] = []
        self.answered: set[str] = set()
        self.quiet = asyncio.Lock()

    async def publish(self, events: Iterable[Event]) -> None:
        """Publish all, in order within each lane, with never too many on their way."""
        window: list[Event] = []
        for event in events:
            in_window = event.lane is not None and any(event.lane == other.lane for other in window)
            if len(window) >= AT_ONCE or in_window or not self._has_room(event.lane):
                await self._together(window)
                window = []
            while not self._has_room(event.lane):
                self._answered.clear()
                await self._answered.wait()
            self._begun += 1
            window.append(event)
        await self._together(window)

    async def _together(self, events: list[Event]) -> None:
        async with self.quiet:
            await asyncio.gather(*(self._insist(event) for event in events))

    def allow(self, events: float) -> None:
        """Publish no more than so many of the stream, until told otherwise: a fault must find calls to come."""
        self._allowed = events
        self._answered.set()

    def _has_room(self, lane: str | None) -> bool:
        waiting = self._waiting
        return self._begun < self._allowed and waiting.total() < WINDOW and waiting[lane] < IN_A_LANE

    async def _insist(self, event: Event) -> None:
        """Publish until the broker has confirmed it, whatever happens to the broker meanwhile."""
        self._lane_of[event.id] = event.lane
        self._waiting[event.lane] += 1
        copies = 1
        while not await self._confirmed(event):
            copies += 1
            await asyncio.sleep(0.2)
        self.published.append(Published(event, monotonic(), copies))

    async def _confirmed(self, event: Event) -> bool:
        message = aio_pika.Message(
            json.dumps(event.envelope()).encode(), delivery_mode=2, content_type=CONTENT_TYPE, message_id=event.id
        )
        try:
            exchange = await self._channel.get_exchange("gateway.events", ensure=False)
            await exchange.publish(message, event.key, mandatory=True, timeout=CONFIRM_SECONDS)
        except AWAY:
            return False
        return True

    async def take(self, message: AbstractIncomingMessage) -> None:
        """Keep a result. One that the broker hands over again, our acknowledgement lost, is no repetition."""
        told = (message.message_id, message.body)
        if not (message.redelivered and told in self._seen):
            self._keep(json.loads(message.body)["data"])
        self._seen.add(told)
        await message.ack()

    def _keep(self, data: dict[str, Any]) -> None:
        event = data["event_id"]
        ending = Ending(data["outcome"], data["category"], data["code"], data["duplicate"])
        self.results.append(Result(event, ending, monotonic()))
        if event not in self.answered:
            self.answered.add(event)
            self._waiting[self._lane_of.get(event)] -= 1
            self._answered.set()

    async def take_letters(self, queue: str) -> list[Letter]:
        """Take what stands in a dead queue."""
        found = []
        async with self._own_channel() as channel:
            source = await channel.get_queue(queue, ensure=False)
            while (message := await source.get(fail=False)) is not None:
                event = json.loads(message.body)["id"]
                category = message.headers.get("x-gateway-category")
                found.append(Letter(event, str(category) if category is not None else None))
                await message.ack()
        return found

    async def depth(self, queue: str) -> int:
        """How many messages a queue has ready; one that is somebody's own, or gone by now, holds none of ours."""
        async with self._own_channel() as channel:
            try:
                declared = await channel.declare_queue(queue, passive=True)
            except (ChannelLockedResource, ChannelNotFoundEntity):
                return 0
            return declared.declaration_result.message_count or 0

    async def delete(self, queue: str) -> None:
        """Delete a queue."""
        async with self._own_channel() as channel:
            await channel.queue_delete(queue)

    async def exists(self, queue: str) -> bool:
        """Whether there is such a queue."""
        async with self._own_channel() as channel:
            try:
                await channel.declare_queue(queue, passive=True)
            except aio_pika.exceptions.ChannelClosed:
                return False
            return True

    @asynccontextmanager
    async def _own_channel(self) -> AsyncIterator[AbstractChannel]:
        """A channel whose failures are nobody else's."""
        async with await aio_pika.connect(self._url) as connection, connection.channel() as channel:
            yield channel


@asynccontextmanager
async def service(url: str) -> AsyncIterator[Service]:
    """Connect, directly and not through any proxy, and take every result from now on."""
    connection = await aio_pika.connect_robust(url, reconnect_interval=0.3)
    try:
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        service = Service(url, channel)
        exchange = await channel.declare_exchange("gateway.results", "topic", durable=True)
        queue = await channel.declare_queue(RESULTS, durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind(exchange, "#")
        await queue.consume(service.take)
        yield service
    finally:
        await connection.close()


async def version(url: str) -> str:
    """The broker's product and version, as it says itself."""
    async with await aio_pika.connect(url) as connection:
        assert connection.transport is not None
        said = connection.transport.connection.server_properties
        return f"{_text(said.get('product'))} {_text(said.get('version'))}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
