"""A publisher that writes AMQP's bytes itself: a million messages must not take longer to lay out than to work on.

It is as careful as any: persistent, mandatory, confirmed. Only the waiting is for thousands at a time.
"""

import asyncio
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from urllib.parse import unquote, urlsplit

from pamqp import base, commands, exceptions, frame, header

from tests.bench.errors import WireError

CHANNEL = 1
BODY = struct.Struct(">BHI")
FRAME_BODY, FRAME_END = 3, b"\xce"
READ = 65_536
PERSISTENT = 2


@dataclass(frozen=True, slots=True)
class Route:
    """Where messages go, and what they say they are."""

    exchange: str
    routing_key: str
    content_type: str

    def publish(self) -> bytes:
        """The frame that every message begins with."""
        return frame.marshal(commands.Basic.Publish(0, self.exchange, self.routing_key, mandatory=True), CHANNEL)


class Confirms:
    """Which of the messages sent are confirmed: the broker says so for one, or for all up to one, in any order."""

    def __init__(self) -> None:
        self._sent = self._all_to = 0
        self._beyond: set[int] = set()

    def sent(self, count: int) -> None:
        """So many more are under way."""
        self._sent += count

    @property
    def missing(self) -> int:
        """How many are not confirmed."""
        return self._sent - self._all_to - len(self._beyond)

    def note(self, tag: int, *, multiple: bool) -> None:
        """The broker confirmed this one, or all up to it."""
        if multiple and tag > self._all_to:
            self._all_to = tag
            self._beyond = {other for other in self._beyond if other > tag}
        elif not multiple:
            self._beyond.add(tag)
        while self._all_to + 1 in self._beyond:
            self._all_to += 1
            self._beyond.remove(self._all_to)


class Wire:
    """One connection with one channel in confirm mode. Messages go out with `publish`, `confirmed` waits for all."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._read = b""
        self._confirms = Confirms()

    @classmethod
    async def connect(cls, url: str) -> Self:
        """Log in at amqp://user:password@host:port/vhost."""
        at = urlsplit(url)
        wire = cls(*await asyncio.open_connection(at.hostname, at.port))
        wire._writer.write(header.ProtocolHeader().marshal())
        await wire._next()
        pair = f"\0{unquote(at.username or '')}\0{unquote(at.password or '')}"
        await wire._asked(commands.Connection.StartOk({}, "PLAIN", pair, "en_US"), 0)
        wire._send(commands.Connection.TuneOk(1, 131_072, 0), 0)
        await wire._asked(commands.Connection.Open(unquote(at.path[1:]) or "/"), 0)
        await wire._asked(commands.Channel.Open(), CHANNEL)
        await wire._asked(commands.Confirm.Select(), CHANNEL)
        return wire

    async def publish(self, bodies: list[bytes], route: Route, at_most: int) -> None:
        """Send them, and wait while more than `at_most` are unconfirmed. Raises WireError."""
        begin = route.publish()
        heads = (begin + _header(route, len(body)) + BODY.pack(FRAME_BODY, CHANNEL, len(body)) for body in bodies)
        self._writer.write(b"".join(head + body + FRAME_END for head, body in zip(heads, bodies, strict=True)))
        self._confirms.sent(len(bodies))
        await self._writer.drain()
        await self.confirmed(at_most)

    async def confirmed(self, but: int = 0) -> None:
        """Wait until all are confirmed but so many. Raises WireError."""
        while self._confirms.missing > but:
            self._note(await self._next())

    async def close(self) -> None:
        """End the connection in good order."""
        await self._asked(commands.Connection.Close(200, "bye", 0, 0), 0)
        self._writer.close()

    def _note(self, told: object) -> None:
        match told:
            case commands.Basic.Ack(delivery_tag=tag, multiple=multiple):
                self._confirms.note(tag, multiple=multiple)
            case _:
                raise WireError(f"the broker says {told!r}")

    async def _asked(self, question: base.Frame, channel: int) -> None:
        self._send(question, channel)
        told = await self._next()
        if isinstance(told, commands.Connection.Close | commands.Channel.Close):
            raise WireError(f"the broker says {told.reply_text}")

    def _send(self, what: base.Frame, channel: int) -> None:
        self._writer.write(frame.marshal(what, channel))

    async def _next(self) -> object:
        """The next frame."""
        while True:
            try:
                length, _, told = frame.unmarshal(self._read)
            except exceptions.UnmarshalingException:
                pass
            else:
                self._read = self._read[length:]
                return told
            if not (more := await self._reader.read(READ)):
                raise WireError("the broker closed the connection")
            self._read += more


@lru_cache
def _header(route: Route, length: int) -> bytes:
    """The content header of a body of that length."""
    properties = commands.Basic.Properties(content_type=route.content_type, delivery_mode=PERSISTENT)
    return frame.marshal(header.ContentHeader(body_size=length, properties=properties), CHANNEL)
