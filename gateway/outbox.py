"""Calls from platforms on their way from the ledger to the broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import ChannelLockedResource

from gateway.broker import CONNECTION_ERRORS, Outgoing, Publisher, connect, open_channel
from gateway.declare import declare_shared
from gateway.errors import UnavailableError
from gateway.ledger import Call, Ledger
from gateway.loss import LostError, closing, raise_lost
from gateway.settings import Settings
from gateway.topology import INBOUND
from schemas.envelope import CONTENT_TYPE

log = structlog.get_logger()

RECONNECT_SECONDS = 1.0
STANDBY_SECONDS = 1.0
"""How often a process that stands by asks for the lease."""

LOOK_SECONDS = 0.25
"""How often the one that holds it looks for calls that another process has taken."""

FINISH_SECONDS = 2.0
"""How long what came last may take to be published, once the process is to end."""


class Outbox:
    """Publishes the calls that the ledger keeps, oldest first, whichever process took them.

    Of the processes on one ledger one does it: it holds a lease, an exclusive queue on the connection that
    publishes. At least once: a call whose confirm was lost goes out again under the same event id.
    """

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._inbox = ledger.inbox
        self._lease = f"gateway.inbound.{ledger.hashed('outbox')}.lease"
        self._confirmed: str | None = None
        self._finishing = asyncio.Event()

    @asynccontextmanager
    async def delivering(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """Deliver while the block runs, and at its end what is left, for 2 s. A defect sets `stop`, and is raised."""
        task = asyncio.create_task(self._run())
        task.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            self._finishing.set()
            self._inbox.came.set()
            await asyncio.wait({task}, timeout=FINISH_SECONDS)
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    async def _run(self) -> None:
        while not self._finishing.is_set():
            try:
                await self._session()
            except (*CONNECTION_ERRORS, LostError, UnavailableError) as error:
                log.warning("outbox.interrupted", reason=str(error) or type(error).__name__)
            await self._rest(RECONNECT_SECONDS)

    async def _session(self) -> None:
        async with connect(self._settings.broker, "gateway inbound") as connection:
            lost = closing(connection)
            if self._settings.broker.declare:
                await declare_shared(connection, self._settings.retry.ladder_seconds)
            if await self._stand_by(connection, lost):
                await self._deliver(await Publisher.open(connection), lost)

    async def _stand_by(self, connection: AbstractConnection, lost: asyncio.Future[str]) -> bool:
        """Wait for the lease. False when we are to end before it is ours."""
        while not self._finishing.is_set():
            channel = await open_channel(connection)
            try:
                await channel.declare_queue(self._lease, exclusive=True, durable=False)
            except ChannelLockedResource:
                await self._rest(STANDBY_SECONDS)
                raise_lost(lost)
            else:
                return True
        return False

    async def _deliver(self, publisher: Publisher, lost: asyncio.Future[str]) -> None:
        while True:
            self._inbox.came.clear()
            while call := await self._inbox.first():
                await self._publish(publisher, call)
            if self._finishing.is_set():
                return
            await self._until_called(lost)
            raise_lost(lost)

    async def _publish(self, publisher: Publisher, call: Call) -> None:
        """Publish and forget a call. One that the ledger would not forget last time is not published again."""
        if call.id != self._confirmed:
            properties = {"content_type": CONTENT_TYPE, "message_id": call.id}
            await publisher.publish(Outgoing(INBOUND, call.type, call.event, properties))
            self._confirmed = call.id
            log.info("inbound.published", id=call.id, type=call.type, account=call.account)
        await self._inbox.remove(call)

    async def _until_called(self, lost: asyncio.Future[str]) -> None:
        came: asyncio.Future[Any] = asyncio.ensure_future(self._inbox.came.wait())
        try:
            await asyncio.wait({came, lost}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            came.cancel()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._finishing.wait(), seconds)
