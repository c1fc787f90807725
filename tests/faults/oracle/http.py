"""As much of HTTP/1.1 as a platform needs to be asked and to answer, and to be rude on the wire."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request with its body."""

    path: str
    authorization: str
    body: bytes


def read(data: bytes) -> tuple[Request, int] | None:
    """The first request of these bytes and how many of them it takes; None while it is not complete."""
    head, end, _ = data.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    start = len(head) + len(end)
    length = int(headers.get("content-length", "0"))
    if len(data) < start + length:
        return None
    body = data[start : start + length]
    return Request(first.split(" ")[1], headers.get("authorization", ""), body), start + length


def answer(body: Any, status: int = 200, *more: str) -> bytes:
    """A response; text goes out as it is, anything else as JSON; `more` are header lines."""
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, str) else "application/json;charset=UTF-8"
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Content-Type: {kind}", f"Content-Length: {len(raw)}"]
    return "\r\n".join([*lines, *more, "", ""]).encode() + raw


Handler = Callable[[Request, "Connection"], Awaitable[bytes | None]]
"""Answers a request; None to drop the connection without an answer."""


class Connection(asyncio.Protocol):
    """One caller, whose requests are answered one after the other. `idle` closes it after so much silence."""

    def __init__(self, handle: Handler, idle: Callable[[], float | None]) -> None:
        self._handle = handle
        self._idle = idle
        self._data = b""
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.gone: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer = transport.get_extra_info("peername")[0]

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._data += data
        self._next()

    def eof_received(self) -> bool:
        """See asyncio.Protocol: the caller wants no answer any more."""
        self._leave()
        return False

    def connection_lost(self, _: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._leave()

    async def unless_gone(self, event: asyncio.Event) -> None:
        """Wait for the event, or for the caller to be gone."""
        waiting = asyncio.create_task(event.wait())
        both: list[asyncio.Future[Any]] = [waiting, self.gone]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    def _leave(self) -> None:
        if not self.gone.done():
            self.gone.set_result(monotonic())

    def _next(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is None and (found := read(self._data)) is not None:
            self._data = self._data[found[1] :]
            self._task = asyncio.create_task(self._respond(found[0]))

    async def _respond(self, request: Request) -> None:
        assert self._transport is not None
        response = await self._handle(request, self)
        self._task = None
        if response is None:
            self._transport.abort()
            return
        self._transport.write(response)
        self._rest()
        self._next()

    def _rest(self) -> None:
        seconds = self._idle()
        if seconds is not None and self._transport is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._transport.close)
