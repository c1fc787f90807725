"""A TCP proxy for one gateway process, whose lines can be cut, go silent, refuse, or be held at a frame."""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from tests.faults.oracle.amqp import Frame, Frames

HOST = "127.0.0.1"
CHUNK = 65536
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST."""


class Trap:
    """Holds a connection back from the first frame that is `wanted` on, after `skip` of them passed."""

    def __init__(self, wanted: Callable[[Frame], bool], skip: int = 0) -> None:
        self._wanted = wanted
        self._skip = skip
        self.sprung = asyncio.Event()

    def holds(self, frame: Frame) -> bool:
        """Whether this frame, and with it all that follows, does not pass."""
        if not self._wanted(frame):
            return False
        self._skip -= 1
        if self._skip >= 0:
            return False
        self.sprung.set()
        return True


class Line:
    """One connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.held = False
        self.silent = False

    def cut(self) -> None:
        """RST to both ends."""
        for end in (self.client, self.server):
            _reset(end)


class Proxy:
    """Listens on a port of its own and passes on to `target`, another port of loopback.

    It calls from the address that it was called from, so that the target can tell callers apart. With
    `frames`, what clients send is read as AMQP, and `trap` may hold it back.
    """

    def __init__(self, target: int, *, frames: bool = False) -> None:
        self._target = target
        self._frames = frames
        self._server: asyncio.Server | None = None
        self._lines: set[Line] = set()
        self._silent = False
        self._refusing = False
        self.port = 0
        self.trap: Trap | None = None

    @property
    def holding(self) -> bool:
        """Whether the trap holds a connection."""
        return any(line.held for line in self._lines)

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, cut what there is."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        """RST on every connection."""
        for line in list(self._lines):
            line.cut()

    def go_silent(self) -> None:
        """Swallow every byte both ways, on old and new connections, and tell nobody of what is closed."""
        self._silent = True
        for line in self._lines:
            line.silent = True

    def speak(self) -> None:
        """Pass bytes on again; connections that lived through the silence are gone."""
        self._silent = False
        for line in list(self._lines):
            if line.silent:
                line.cut()

    def refuse(self, refusing: bool = True) -> None:
        """RST whoever connects, until told otherwise, and whoever is connected."""
        self._refusing = refusing
        if refusing:
            self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            return _reset(writer)
        caller = writer.get_extra_info("peername")[0]
        try:
            back, forth = await asyncio.open_connection(HOST, self._target, local_addr=(caller, 0))
        except OSError:
            return _reset(writer)
        line = Line(writer, forth)
        line.silent = self._silent
        self._lines.add(line)
        try:
            await asyncio.gather(self._up(line, reader), self._down(line, back))
        finally:
            self._lines.discard(line)
            line.cut()

    async def _up(self, line: Line, reader: asyncio.StreamReader) -> None:
        """From the client to the server."""
        frames = Frames()
        while data := await _read(reader):
            if line.silent or line.held:
                continue
            passing = self._passing(line, frames.feed(data)) if self._frames else data
            await _write(line.server, passing)
        if not line.silent:
            await _finish(line.server)

    async def _down(self, line: Line, reader: asyncio.StreamReader) -> None:
        """From the server to the client."""
        while data := await _read(reader):
            if not line.silent:
                await _write(line.client, data)
        if not line.silent:
            await _finish(line.client)

    def _passing(self, line: Line, frames: list[Frame]) -> bytes:
        passing = b""
        for frame in frames:
            if self.trap is not None and self.trap.holds(frame):
                line.held = True
                break
            passing += frame.raw
        return passing


async def _read(reader: asyncio.StreamReader) -> bytes:
    """The next bytes; none when the connection has ended, however."""
    with suppress(OSError):
        return await reader.read(CHUNK)
    return b""


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(OSError):
        writer.write(data)
        await writer.drain()


async def _finish(writer: asyncio.StreamWriter) -> None:
    """Pass on that there is no more to come; both protocols here close the whole connection then."""
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    found: socket.socket | None = writer.get_extra_info("socket")
    if found is not None:
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()
