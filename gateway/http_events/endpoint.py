"""The endpoint: who asks, what is asked, published and confirmed, answered."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from aio_pika.abc import AbstractConnection
from aiohttp import web

from gateway import metrics, platform, trace_context
from gateway.account import Account
from gateway.broker import Outgoing, UnroutableError
from gateway.declare import declare_account, declare_shared
from gateway.decode import LARGEST_EVENT
from gateway.errors import UnavailableError
from gateway.http_events.judging import judge
from gateway.http_events.keys import owner
from gateway.http_events.problem import MEDIA_TYPE, Kind, ProblemError
from gateway.http_events.reading import read
from gateway.http_events.room import Room
from gateway.http_events.sending import KeptPublisher
from gateway.settings import Settings
from gateway.topology import Names

log = structlog.get_logger()

PATH = "/events"
ROOM_BYTES = 8 * LARGEST_EVENT
WAIT_SECONDS = 10.0
BODY_SECONDS = 60.0
"""How long a body may take to come: it holds its room meanwhile."""

RETRY_AFTER_SECONDS = 5
NOBODY = "unknown"
"""Whose refusals are counted that carried no valid key."""


@dataclass(slots=True)
class _Seen:
    """What is known of a request so far, for the count and the log."""

    publisher: str = NOBODY
    events: int = 1


class EventsEndpoint:
    """`POST /events` for the publishers of the settings; see deploy/docs/publishing.md for its statuses."""

    def __init__(self, settings: Settings, accounts: Sequence[Account], sender: KeptPublisher) -> None:
        self._publishers = settings.http.publishers
        self._accounts = {(each.platform, each.name): platform.load(each.platform).operations for each in accounts}
        self._sender = sender
        self._room = Room(ROOM_BYTES, WAIT_SECONDS)

    def routes(self) -> Iterable[web.RouteDef]:
        """What the application has to serve."""
        return [web.post(PATH, self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        seen = _Seen()
        try:
            await self._take(request, seen)
        except ProblemError as problem:
            return _refused(problem, seen)
        metrics.HTTP_EVENTS.labels(seen.publisher, "202").inc(seen.events)
        log.info("http_events.published", publisher=seen.publisher, events=seen.events)
        return _answer(202, "application/json", {"published": seen.events})

    async def _take(self, request: web.Request, seen: _Seen) -> None:
        seen.publisher = self._who(request)
        try:
            async with self._room.taken(_size(request)):
                raws = read(request.headers.get("Content-Type", ""), request.headers.items(), await _body(request))
                seen.events = len(raws)
                publisher = self._publishers[seen.publisher]
                messages = judge(raws, seen.publisher, publisher, self._accounts)
                trace = trace_context.read(request.headers)
                await self._publish([_traced(message, trace.headers if trace else {}) for message in messages])
        except UnavailableError as error:  # no room
            raise ProblemError(Kind.NOT_PUBLISHED, f"{error}; send it again") from None

    def _who(self, request: web.Request) -> str:
        if not self._publishers:
            raise ProblemError(Kind.CLOSED, "no [http.publishers.<name>] is configured: see gateway publisher key")
        name = owner(request.headers.get("Authorization"), self._publishers)
        if name is None:
            raise ProblemError(Kind.NO_KEY, "send the publisher's key as: Authorization: Bearer <key>")
        return name

    async def _publish(self, messages: Sequence[Outgoing]) -> None:
        """One after the other, so that those of one lane keep their order also when one of them fails."""
        for number, message in enumerate(messages):
            try:
                await self._sender.publish(message)
            except UnroutableError as error:
                raise ProblemError(Kind.UNKNOWN, f"{error}: gateway topology declare", published=number) from None
            except UnavailableError as error:
                raise ProblemError(
                    Kind.NOT_PUBLISHED, _again(error, number, len(messages)), published=number
                ) from None


def _traced(message: Outgoing, trace: Mapping[str, str]) -> Outgoing:
    return message._replace(properties={**message.properties, "headers": trace}) if trace else message


def _again(error: UnavailableError, published: int, events: int) -> str:
    which = "it" if events == 1 else f"event {published} (counted from 0) and all after it"
    return f"{error}; send {which} again under the same id and source: what came through is done once"


def _size(request: web.Request) -> int:
    """What the body may take, at the most."""
    told = request.content_length
    if told is not None and told > LARGEST_EVENT:
        raise _too_large()
    return LARGEST_EVENT if told is None else told


async def _body(request: web.Request) -> bytes:
    """The body, decompressed. Not `request.read()`, whose limit is that of all other paths."""
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                found += chunk
                if len(found) > LARGEST_EVENT:
                    raise _too_large()
    except TimeoutError:
        raise ProblemError(Kind.TOO_SLOW, f"the body did not come within {BODY_SECONDS:.0f} s") from None
    except web.RequestPayloadError:
        raise ProblemError(
            Kind.NO_CLOUDEVENT, "the body does not keep to its own Content-Encoding or length"
        ) from None
    return bytes(found)


def _too_large() -> ProblemError:
    return ProblemError(Kind.TOO_LARGE, f"at most {LARGEST_EVENT} bytes are taken at once")


def _refused(problem: ProblemError, seen: _Seen) -> web.Response:
    status = problem.kind.status
    metrics.HTTP_EVENTS.labels(seen.publisher, str(status)).inc(seen.events)
    log.warning("http_events.refused", publisher=seen.publisher, status=status, reason=problem.detail)
    response = _answer(status, MEDIA_TYPE, problem.body())
    if problem.kind is Kind.NO_KEY:
        response.headers["WWW-Authenticate"] = 'Bearer realm="gateway"'
    if problem.kind is Kind.NOT_PUBLISHED:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _answer(status: int, media_type: str, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), headers={"Content-Type": media_type})


@asynccontextmanager
async def events_endpoint(settings: Settings, accounts: Sequence[Account]) -> AsyncIterator[EventsEndpoint]:
    """The endpoint for these accounts; its connection to the broker is closed at the end."""

    async def prepare(connection: AbstractConnection) -> None:
        if settings.broker.declare:
            await declare_shared(connection, settings.retry.ladder_seconds)
            for account in accounts:
                names = Names(account.platform, account.name)
                await declare_account(connection, names, platform.load(account.platform).operations)

    sender = KeptPublisher(settings.broker, prepare)
    try:
        yield EventsEndpoint(settings, accounts, sender)
    finally:
        await sender.close()
