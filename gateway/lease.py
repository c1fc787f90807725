"""The lease of an account: who holds it may call the platform, and knows at every moment that it still does.

It is an exclusive queue on the connection that consumes. The broker frees it when it notices that the holder is
gone, which a cut network hides from the holder: so the holder asks again and again, and lets go by itself long
before the broker may (that takes a heartbeat's time at the least). The ledger numbers the holders: a later one
waits out what an earlier one that left without a word may still believe, and its numbers fence what is written.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractQueue
from aiormq.exceptions import ChannelLockedResource

from gateway.broker import has_gone, open_channel
from gateway.loss import LostError

log = structlog.get_logger()

SURE_SECONDS = 3.0
"""So long after the broker has last confirmed it the lease is believed in; less than the shortest heartbeat."""

ASK_SECONDS = 0.5
"""Between two questions to the broker."""

LATE_SECONDS = 0.5
"""What an answer is waited for at the least: where this process stood still, time is over and the broker is there."""

HANDOVER_SECONDS = SURE_SECONDS + 0.5
"""How long the next holder waits for one that left without a word."""


class Lease:
    """Held from `take` until the connection closes or `lost` says that the broker no longer confirms it."""

    def __init__(
        self, channel: AbstractChannel, queue: str, asked: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self._channel = channel
        self._queue = queue
        self._clock = clock
        self._confirmed = asked
        self._asked_again = asyncio.Event()

    @classmethod
    async def take(cls, connection: AbstractConnection, queue: str) -> "Lease | None":
        """The lease, or None while another connection holds it. It counts from the question, not from its answer."""
        channel = await open_channel(connection)
        asked = monotonic()
        try:
            await channel.declare_queue(queue, exclusive=True, durable=False)
        except ChannelLockedResource:
            return None
        return cls(channel, queue, asked)

    async def sure(self) -> None:
        """Return once it is certain that we hold it now; wait for the broker's word where that was too long ago."""
        while self._clock() - self._confirmed >= SURE_SECONDS:
            await self._asked_again.wait()

    @asynccontextmanager
    async def watched(self, lost: asyncio.Future[str]) -> AsyncIterator[None]:
        """Cancel the block, and raise LostError, as soon as the lease is not certain or the connection is `lost`.

        What the block has under way ends with it: the next holder may call from now on.
        """
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(lost))
                yield
                watch.cancel()
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _watch(self, lost: asyncio.Future[str]) -> None:
        while await self._ask():
            await asyncio.wait([lost], timeout=ASK_SECONDS)
            if lost.done():
                raise LostError(lost.result())
        raise LostError("the broker does not confirm the lease")

    async def _ask(self) -> bool:
        began = self._clock()
        question = asyncio.ensure_future(self._channel.declare_queue(self._queue, passive=True))
        try:
            left = max(LATE_SECONDS, self._confirmed + SURE_SECONDS - began)
            await asyncio.wait([question], timeout=left)
            if not question.done() and self._clock() - began > left + LATE_SECONDS:
                await asyncio.wait([question], timeout=LATE_SECONDS)
            return question.done() and self._heard(question, began)
        finally:
            question.cancel()

    def _heard(self, question: "asyncio.Future[AbstractQueue]", began: float) -> bool:
        error = question.exception()
        if error is None:
            self._confirmed = began
            self._asked_again.set()
            self._asked_again = asyncio.Event()
        elif not has_gone(error):
            raise error
        return error is None
