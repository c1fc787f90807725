"""A bare HTTP server on loopback that misbehaves as told, and remembers every request that reached it."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, repeat

from gateway.ledger import LedgerError
from gateway.token import Token

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes something, or nothing, to the connection on which a request came."""


class MemoryStore:
    """A store of tokens that forgets with the process and fences as the ledger does; it can be down, or slow."""

    def __init__(self, token: Token | None = None) -> None:
        self.token = token
        self.generation = token.generation if token else 0
        self.up = True
        self.asked = 0
        self.fast = asyncio.Event()
        self.fast.set()

    async def load_token(self) -> Token | None:
        await self._answer()
        return self.token

    async def reserve(self) -> int:
        await self._answer()
        self.token = None
        self.generation += 1
        return self.generation

    async def save_token(self, token: Token) -> None:
        await self._answer()
        if self.generation <= token.generation:
            self.token, self.generation = token, token.generation

    async def _answer(self) -> None:
        self.asked += 1
        if not self.fast.is_set():
            await self.fast.wait()
        if not self.up:
            raise LedgerError("the ledger fails")


@dataclass
class Wire:
    """The server: its address and what came over the wire, request line, headers and body as they were.

    `begun`: of how many requests a first byte came.
    """

    url: str
    requests: list[bytes] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)
    begun: int = 0


@asynccontextmanager
async def wire(*answers: Answer) -> AsyncIterator[Wire]:
    """Answer requests one after the other with these; the last answer is for all that follow."""
    script = _then_last(answers)
    server = await asyncio.start_server(lambda r, w: _serve(r, w, script, seen, writers), "127.0.0.1", 0)
    seen = Wire(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    writers: set[asyncio.StreamWriter] = set()
    try:
        yield seen
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        while writers:  # noqa: ASYNC110 - each connection takes itself out
            await asyncio.sleep(0.001)


def _then_last(answers: Iterable[Answer]) -> Iterable[Answer]:
    given = list(answers)
    return chain(given, repeat(given[-1]))


async def _serve(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    script: Iterable[Answer],
    seen: Wire,
    writers: set[asyncio.StreamWriter],
) -> None:
    writers.add(writer)
    seen.peers.append(writer.get_extra_info("peername")[0])
    turns = iter(script)
    try:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while not writer.is_closing():
                first = await reader.readexactly(1)
                seen.begun += 1
                seen.requests.append(first + await _request(reader))
                await next(turns)(writer)
                await writer.drain()
    finally:
        writer.transport.abort() if writer.is_closing() else writer.close()
        writers.discard(writer)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
        if line == b"transfer-encoding: chunked":
            return head + await reader.readuntil(b"0\r\n\r\n")
    return head + await reader.readexactly(length)


def reply(status: int = 200, body: bytes = b"{}", *, close: bool = False, **headers: str) -> Answer:
    """A proper answer; `close` closes the connection after it without having said so."""
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} Said\r\n{named}Content-Length: {len(body)}\r\n\r\n"
    return raw(head.encode() + body, close=close)


def raw(data: bytes, *, close: bool = True) -> Answer:
    """These bytes, and then the end of the connection."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if close:
            writer.close()

    return answer


def silence() -> Answer:
    """Nothing, and the connection stays."""
    return raw(b"", close=False)


def reset(first: bytes = b"") -> Answer:
    """These bytes, and then a TCP reset instead of an orderly end."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await writer.drain()
        await asyncio.sleep(0.02 if first else 0)  # lets the bytes arrive before what cuts them off
        tcp: socket.socket = writer.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer
