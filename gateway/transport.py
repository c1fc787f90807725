"""One HTTP exchange with a platform: a single attempt, whose failures say whether the request had left."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from time import time
from typing import Any

import aiohttp
import orjson
from aiohttp.abc import AbstractStreamWriter
from aiohttp.connector import Connection

from gateway import tracing
from gateway.outcome import Ending, Unavailable


class NotSentError(Exception):
    """The platform never got the request: repeating it is always safe."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class AnswerLostError(Exception):
    """The request left and no usable answer came: the platform may or may not have acted on it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Reply:
    """What came back. `json` is None where the body is no JSON."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        """The body read as JSON, or None."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


async def _always() -> None:
    """Nobody has to be asked: a client outside any worker."""


_certain: ContextVar[Callable[[], Awaitable[object]]] = ContextVar("certain", default=_always)


def only_while(certain: Callable[[], Awaitable[object]]) -> None:
    """What this task, and every task it begins, sends from now on waits for `certain` to return.

    It is asked when there is nothing left to do but to hand the bytes to the system: a process that stood still
    between its decision to call and the call must not call any more.
    """
    _certain.set(certain)


@dataclass(slots=True)
class _UnderWay:
    """The exchange of this task: whether a request of it has left and is not answered yet."""

    sent: bool = False


_under_way: ContextVar[_UnderWay | None] = ContextVar("under_way", default=None)


class _Request(aiohttp.ClientRequest):
    """Asks right before the bytes leave: those of a request with a body leave in `write_bytes`.

    The client repeats an idempotent request by itself when a connection drops; an attempt of ours is one.
    """

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        await _certain.get()()
        this = _under_way.get()
        if this is not None:
            if this.sent:
                raise AnswerLostError("connection-lost")
            this.sent = True
        if trace := tracing.for_platform():
            self.headers.update(trace)
        return await super().send(conn)

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: Connection, content_length: int | None = None
    ) -> None:
        await _certain.get()()
        await super().write_bytes(writer, conn, content_length)


def session(*, source_address: str | None, timeout_seconds: float, **options: Any) -> aiohttp.ClientSession:
    """A client session for one account: fixed outbound address, time limits, no redirects, no cookies.

    The number of connections is bounded by the worker's slots, not here. `options` go to aiohttp.
    """
    return aiohttp.ClientSession(
        request_class=_Request,
        connector=aiohttp.TCPConnector(limit=0, local_addr=(source_address, 0) if source_address else None),
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(5.0, timeout_seconds)),
        cookie_jar=aiohttp.DummyCookieJar(),
        **options,
    )


def answered() -> None:
    """What was sent so far has been answered, and the same exchange goes on with another request."""
    if (this := _under_way.get()) is not None:
        this.sent = False


def _failure(error: Exception, *, sent: bool) -> NotSentError | AnswerLostError:
    """What the client library's error means for an exchange whose request had left, or not."""
    timeout = isinstance(error, TimeoutError)
    if not sent:
        return NotSentError("timeout" if timeout else "connect-failed")
    return AnswerLostError("timeout" if timeout else "connection-lost")


async def exchange(http: aiohttp.ClientSession, method: str, url: str, **request: Any) -> Reply:
    """Send one request and read the whole answer; `request` takes aiohttp's own words.

    Raises NotSentError or AnswerLostError, whose codes name the kind of failure and carry no address or body.
    """
    this = _UnderWay()
    _under_way.set(this)
    try:
        response = await http.request(method, url, allow_redirects=False, **request)
        body = await response.read()  # which gives the connection back, or closes it
        return Reply(response.status, response.headers, body)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _failure(error, sent=this.sent) from error
    finally:
        _under_way.set(None)


def refused_by_http(reply: Reply) -> Ending | None:
    """What the HTTP status alone says: 429 and 503 are the platform asking for patience; None otherwise.

    Raises AnswerLostError for other 5xx: what lies behind a broken gateway may have acted on the request.
    """
    if reply.status in {429, 503}:
        after, throttled = retry_after(reply.headers), reply.status == 429  # noqa: PLR2004 - HTTP's own code
        return Unavailable(f"http-{reply.status}", "the platform asks to try later", after, throttled)
    if reply.status >= 500:  # noqa: PLR2004 - HTTP's own classes
        raise AnswerLostError(f"http-{reply.status}")
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the Retry-After header asks for (RFC 9110: a number or a date), or None."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, OverflowError):
        return None
