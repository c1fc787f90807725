"""As much of HTTP/1.1 as the platform of the bench needs, and no slower than that: one request after the other."""

import asyncio
from dataclasses import dataclass
from typing import cast

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` has no query; `authorization` is empty where there is none."""

    path: bytes
    authorization: bytes
    body: bytes


def read(data: bytes) -> tuple[Request, int] | None:
    """The first request of these bytes and how many of them it takes; None while it is not complete."""
    end = data.find(HEAD_END)
    if end < 0:
        return None
    head = data[:end]
    start = end + len(HEAD_END)
    whole = start + int(_header(head, b"content-length") or 0)
    if len(data) < whole:
        return None
    path = head.split(b" ", 2)[1].partition(b"?")[0]
    return Request(path, _header(head, b"authorization"), data[start:whole]), whole


def _header(head: bytes, name: bytes) -> bytes:
    at = head.lower().find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    begin = at + len(name) + 3
    end = head.find(b"\r\n", begin)
    return head[begin : end if end >= 0 else len(head)].strip()


def answer(body: bytes) -> bytes:
    """200, with this JSON."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Connection(asyncio.Protocol):
    """One caller. `asked` gets each request; whoever overrides it sees to it that `reply` is called once for each."""

    def __init__(self) -> None:
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by class

    def connection_lost(self, _: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._data += data
        self._next()

    @property
    def open(self) -> bool:
        """Whether the caller is there."""
        return self._transport is not None

    def asked(self, request: Request) -> None:
        """A request is here."""
        raise NotImplementedError

    def reply(self, body: bytes) -> None:
        """Answer the request with this JSON, unless the caller has gone."""
        self.busy = False
        if self._transport is not None:
            self._transport.write(answer(body))
            self._next()

    def cut(self) -> None:
        """Drop the caller without a word."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _next(self) -> None:
        if not self.busy and (found := read(self._data)) is not None:
            self._data = self._data[found[1] :]
            self.busy = True
            self.asked(found[0])
