"""Calls from platforms on their way from the ledger to the broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aio_pika.abc import AbstractConnection

from gateway.broker import CONNECTION_ERRORS, Outgoing, Publisher, connect
from gateway.declare import declare_shared
from gateway.errors import UnavailableError
from gateway.lease import Lease
from gateway.ledger import Call, Ledger
from gateway.loss import LostError, closing, first_of, raise_lost
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
        self._ledger = ledger
        self._queue = f"gateway.inbound.{ledger.hashed('outbox')}.lease"
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
            await asyncio.wait({task}, timeout=FINISH_SECONDS)
            task.cancel()
            await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    async def _run(self) -> None:
        while not self._finishing.is_set():
            try:
                await self._ledger.check()
                await self._session()
            except (*CONNECTION_ERRORS, LostError, UnavailableError) as error:
                log.warning("outbox.interrupted", reason=str(error) or type(error).__name__)
            await first_of(self._finishing, asyncio.sleep(RECONNECT_SECONDS))

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
            if await Lease.take(connection, self._queue):
                return True
            await first_of(self._finishing, asyncio.sleep(STANDBY_SECONDS), lost)
            raise_lost(lost)
        return False

    async def _deliver(self, publisher: Publisher, lost: asyncio.Future[str]) -> None:
        inbox = self._ledger.inbox
        while True:
            inbox.came.clear()
            while call := await inbox.first():
                await self._publish(publisher, call)
            if self._finishing.is_set():
                return
            await first_of(self._finishing, inbox.came.wait(), asyncio.sleep(LOOK_SECONDS), lost)
            raise_lost(lost)

    async def _publish(self, publisher: Publisher, call: Call) -> None:
        """Publish and forget a call. One that the ledger would not forget last time is not published again."""
        if call.id != self._confirmed:
            properties = {"content_type": CONTENT_TYPE, "message_id": call.id}
            await publisher.publish(Outgoing(INBOUND, call.type, call.event, properties))
            self._confirmed = call.id
            log.info("inbound.published", id=call.id, type=call.type, account=call.account)
        await self._ledger.inbox.remove(call)
