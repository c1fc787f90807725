"""One HTTP exchange with a platform: a single attempt, whose failures say whether the request had left."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property
from time import time
from typing import Any

import aiohttp
import orjson

from gateway.outcome import Ending, Retry


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
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, local_addr=(source_address, 0) if source_address else None),
        timeout=aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(5.0, timeout_seconds)),
        cookie_jar=aiohttp.DummyCookieJar(),
        **options,
    )


async def exchange(http: aiohttp.ClientSession, method: str, url: str, **request: Any) -> Reply:
    """Send one request and read the whole answer; `request` takes aiohttp's own words.

    Raises NotSentError or AnswerLostError, whose codes name the kind of failure and carry no address or body.
    """
    try:
        async with http.request(method, url, allow_redirects=False, **request) as response:
            return Reply(response.status, response.headers, await response.read())
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotSentError("connect-failed") from error
    except TimeoutError as error:
        raise AnswerLostError("timeout") from error
    except aiohttp.ClientError as error:
        raise AnswerLostError("connection-lost") from error


def refused_by_http(reply: Reply) -> Ending | None:
    """What the HTTP status alone says: 429 and 503 are the platform asking for patience; None otherwise.

    Raises AnswerLostError for other 5xx: what lies behind a broken gateway may have acted on the request.
    """
    if reply.status in {429, 503}:
        return Retry(f"http-{reply.status}", "the platform asks to try later", after=retry_after(reply.headers))
    if reply.status >= 500:  # noqa: PLR2004 - HTTP's own classes
        raise AnswerLostError(f"http-{reply.status}")
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the Retry-After header asks for (RFC 9110: a number or a date), or None."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except ValueError:
        return None
