"""One connection to the broker for all requests: opened on first need, kept, and opened anew when it breaks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

import structlog
from aio_pika.abc import AbstractConnection

from gateway.broker import (
    CONNECTION_ERRORS,
    BrokerAwayError,
    NackedError,
    NotPublishedError,
    Outgoing,
    Publisher,
    UnroutableError,
    connect,
)
from gateway.settings import Broker

log = structlog.get_logger()

FAILED_SECONDS = 1.0
"""So long after it could not be opened, nobody tries again: requests are refused at once instead of queueing up."""

TRUSTED_SECONDS = 5.0
"""A refusal on a connection that is older makes us open another one. A queue that is full would refuse there too, but
RabbitMQ 3.10 and 3.11 keep refusing on a channel whose first message for a queue came as its leader had just died."""

Prepare = Callable[[AbstractConnection], Awaitable[None]]
"""Called on a new connection, before anything is published on it."""


@dataclass(eq=False, slots=True)
class _Session:
    """A connection and who publishes on it. `broken`: nobody new may."""

    connection: AbstractConnection
    publisher: Publisher
    closing: AsyncExitStack
    since: float = field(default_factory=monotonic)
    users: int = 0
    broken: bool = False

    @property
    def usable(self) -> bool:
        return not (self.broken or self.connection.is_closed)


@dataclass(slots=True)
class KeptPublisher:
    """Publishes for any number of callers at once; their confirms are awaited side by side."""

    broker: Broker
    prepare: Prepare
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _session: _Session | None = None
    _failed: tuple[float, str] | None = None

    async def publish(self, outgoing: Outgoing) -> None:
        """Return once the broker has the message in a queue. Raises UnroutableError or another UnavailableError."""
        async with self._using() as session:
            try:
                await session.publisher.publish(outgoing)
            except UnroutableError:
                raise
            except NackedError:
                session.broken |= monotonic() - session.since > TRUSTED_SECONDS
                raise
            except NotPublishedError:
                session.broken = True
                raise

    async def close(self) -> None:
        """Close the connection, if there is one."""
        session, self._session = self._session, None
        if session is not None:
            await session.closing.aclose()

    @asynccontextmanager
    async def _using(self) -> AsyncIterator[_Session]:
        """The connection, which is not closed as long as somebody uses it."""
        session = await self._current()
        session.users += 1
        try:
            yield session
        finally:
            session.users -= 1
            if not session.users and session is not self._session:
                await session.closing.aclose()

    async def _current(self) -> _Session:
        async with self._lock:
            if self._session is not None and self._session.usable:
                return self._session
            if self._failed is not None and monotonic() - self._failed[0] < FAILED_SECONDS:
                raise BrokerAwayError(self._failed[1])
            await self._leave()
            self._session = await self._open()
            return self._session

    async def _leave(self) -> None:
        """The last one to use the old connection closes it."""
        session, self._session = self._session, None
        if session is not None and not session.users:
            await session.closing.aclose()

    async def _open(self) -> _Session:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(connect(self.broker, "gateway http events"))
                await self.prepare(connection)
                publisher = await Publisher.open(connection)
            except (BrokerAwayError, *CONNECTION_ERRORS) as error:
                reason = str(error) if isinstance(error, BrokerAwayError) else type(error).__name__
                self._failed = monotonic(), reason
                log.warning("http_events.disconnected", reason=reason)
                raise BrokerAwayError(reason) from error
            log.info("http_events.connected")
            return _Session(connection, publisher, stack.pop_all())
