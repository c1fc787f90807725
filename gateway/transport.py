"""One HTTP exchange with a platform: a single attempt, whose failures say whether the request had left."""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from time import time
from typing import Any

import aiohttp
import orjson

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


def session(*, source_address: str | None, timeout_seconds: float, **options: Any) -> aiohttp.ClientSession:
    """A client session for one account: fixed outbound address, time limits, no redirects, no cookies.

    The number of connections is bounded by the worker's slots, not here. `options` go to aiohttp.
    """
    middlewares = (_once, *options.pop("middlewares", ()))
    watch = aiohttp.TraceConfig()
    watch.on_request_headers_sent.append(_headers_sent)
    return aiohttp.ClientSession(
        middlewares=middlewares,
        trace_configs=[watch],
        connector=aiohttp.TCPConnector(limit=0, local_addr=(source_address, 0) if source_address else None),
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(5.0, timeout_seconds)),
        cookie_jar=aiohttp.DummyCookieJar(),
        **options,
    )


_begun: ContextVar[bool | None] = ContextVar("begun", default=None)
_sent: ContextVar[bool] = ContextVar("sent", default=False)
"""Of the exchange under way in this task, if one is: whether it was begun, and whether its request left."""


def failure(error: Exception) -> NotSentError | AnswerLostError:
    """What the client library's error means for the exchange under way."""
    timeout = isinstance(error, TimeoutError)
    if not _sent.get():
        return NotSentError("timeout" if timeout else "connect-failed")
    return AnswerLostError("timeout" if timeout else "connection-lost")


def answered() -> None:
    """What was sent so far has been answered, and the same exchange goes on with another request."""
    _sent.set(False)


async def _headers_sent(*_: object) -> None:
    _sent.set(True)


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """The client repeats an idempotent request by itself when a connection drops; an attempt of ours is one."""
    if _begun.get():
        raise AnswerLostError("connection-lost")
    if _begun.get() is not None:
        _begun.set(True)
    request.headers.update(tracing.for_platform())
    return await handler(request)


async def exchange(http: aiohttp.ClientSession, method: str, url: str, **request: Any) -> Reply:
    """Send one request and read the whole answer; `request` takes aiohttp's own words.

    Raises NotSentError or AnswerLostError, whose codes name the kind of failure and carry no address or body.
    """
    _begun.set(False)
    _sent.set(False)
    try:
        async with http.request(method, url, allow_redirects=False, **request) as response:
            return Reply(response.status, response.headers, await response.read())
    except (aiohttp.ClientError, TimeoutError) as error:
        raise failure(error) from error
    finally:
        _begun.set(None)


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
