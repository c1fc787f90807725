"""What was published on a channel and how it fared: the broker confirms by numbers, several at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from itertools import takewhile
from secrets import token_hex
from typing import Any

import aiormq
from aiormq.abc import ChannelFrame, DeliveredMessage
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.frame import marshal
from pamqp.header import ContentHeader

from gateway.amqp.arriving import Arriving

CONFIRM_SECONDS = 30.0


class Fate(Enum):
    """What became of a message."""

    TAKEN = auto()
    REFUSED = auto()
    RETURNED = auto()
    CLOSED = auto()
    SILENCE = auto()


@dataclass(slots=True)
class _Published:
    """A message under way, until `deadline` by the event loop's clock."""

    identity: str
    deadline: float
    fate: "asyncio.Future[Fate]"


class Confirming:
    """Publishes on a corked channel that nobody else publishes on: mandatory messages, each with its fate."""

    def __init__(self, channel: aiormq.Channel) -> None:
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._last_tag = 0
        self._waiting: dict[int, _Published] = {}
        self._tags: dict[str, int] = {}
        self._watching = False
        confirms: dict[type[Frame], Callable[[Any], None]] = {Basic.Ack: self._taken, Basic.Nack: self._refused}
        channel.frames = Arriving(channel, methods=confirms, messages={Basic.Return: self._returned})
        channel.closing.add_done_callback(self._closed)

    async def publish(self, exchange: str, routing_key: str, body: bytes, properties: Basic.Properties) -> Fate:
        """Return once its fate is known; who has no id gets one. Raises ValueError for what AMQP cannot carry.

        A message that comes back is told by its `message_id` alone, so two of the same are not under way at once.
        """
        identity = properties.message_id = properties.message_id or token_hex(16)
        while (tag := self._tags.get(identity)) and not self._waiting[tag].fate.done():
            await asyncio.wait([self._waiting[tag].fate])
        if self._channel.is_closed:
            return Fate.CLOSED
        payload = _method(self._channel.number, exchange, routing_key) + self._content(body, properties)
        fate = self._expect(identity)
        self._channel.write_queue.put_nowait(ChannelFrame(payload, should_close=False))
        return await fate

    def _content(self, body: bytes, properties: Basic.Properties) -> bytes:
        number, most = self._channel.number, self._channel.max_content_size
        header = marshal(ContentHeader(body_size=len(body), properties=properties), number)
        parts = (ContentBody(body[at : at + most]) for at in range(0, len(body), most))
        return b"".join((header, *(marshal(part, number) for part in parts)))

    def _expect(self, identity: str) -> "asyncio.Future[Fate]":
        self._last_tag += 1
        published = _Published(identity, self._loop.time() + CONFIRM_SECONDS, self._loop.create_future())
        self._waiting[self._last_tag] = published
        self._tags[identity] = self._last_tag
        self._watch()
        return published.fate

    def _settle(self, tag: int, fate: Fate) -> None:
        """Once: what was returned is confirmed as well. Who published it may have been cancelled."""
        published = self._waiting.pop(tag, None)
        if published is None:
            return
        if self._tags.get(published.identity) == tag:
            del self._tags[published.identity]
        if not published.fate.done():
            published.fate.set_result(fate)

    def _taken(self, frame: Basic.Ack) -> None:
        self._confirmed(frame, Fate.TAKEN)

    def _refused(self, frame: Basic.Nack) -> None:
        self._confirmed(frame, Fate.REFUSED)

    def _confirmed(self, frame: Any, fate: Fate) -> None:
        """Of several, the last one is named; those that wait do so in the order of their tags."""
        last = frame.delivery_tag
        tags = list(takewhile(lambda tag: tag <= last, self._waiting)) if frame.multiple else [last]
        for tag in tags:
            self._settle(tag, fate)

    def _returned(self, message: DeliveredMessage) -> None:
        identity = message.header.properties.message_id
        self._settle(self._tags.get(identity or "", 0), Fate.RETURNED)

    def _closed(self, _: object) -> None:
        for tag in list(self._waiting):
            self._settle(tag, Fate.CLOSED)

    def _watch(self) -> None:
        """One timer for all: for the first, and then for whichever is first by then."""
        if not self._watching and self._waiting:
            self._watching = True
            self._loop.call_at(next(iter(self._waiting.values())).deadline, self._give_up)

    def _give_up(self) -> None:
        self._watching, now = False, self._loop.time()
        for tag, _ in list(takewhile(lambda item: item[1].deadline <= now, self._waiting.items())):
            self._settle(tag, Fate.SILENCE)
        self._watch()


@lru_cache(4096)
def _method(channel: int, exchange: str, routing_key: str) -> bytes:
    """The same few addresses again and again."""
    return marshal(Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=True), channel)
