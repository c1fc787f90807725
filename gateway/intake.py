"""Taking deliveries off an account's queues, and giving back in order what was not begun."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from gateway.amqp.acknowledging import Acknowledging
from gateway.amqp.arriving import Arriving
from gateway.amqp.corking import corked
from gateway.broker import has_gone
from gateway.depth import depth_of
from gateway.errors import UnavailableError
from gateway.loss import first_of

log = structlog.get_logger()

LISTEN_SECONDS = 5.0
"""Between two questions whether the broker still knows of our consumers."""


class Job(Protocol):
    """What is to be done with one delivery."""

    @property
    def begun(self) -> bool:
        """Whether it can no longer be put back unseen: from then on it is finished, not cancelled."""

    async def run(self) -> None:
        """Do it, acknowledgement included. A failure of ours is raised, and the delivery given back."""


Handler = Callable[[DeliveredMessage, Callable[[], Awaitable[None]]], Job]
"""Takes a delivery and how to acknowledge it."""


class Intake:
    """Consumers on one channel, whose deliveries each become a task in order of arrival.

    `lost` is done when deliveries stop for a reason of the broker's, or a handler failed: its owner
    closes the intake then. Closing the channel is what returns deliveries, and nothing else keeps their
    order: a negative acknowledgement may put them at the back, and after a `basic.cancel` the broker takes
    back at once what was on its way, in front of what we still hold (seen on 3.10.8).
    """

    def __init__(self, channel: AbstractChannel, acknowledging: Acknowledging, handle: Handler) -> None:
        self._channel = channel
        self._acknowledging = acknowledging
        self._handle = handle
        self._tasks: dict[asyncio.Task[None], Job] = {}
        self._closing = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(
        cls,
        connection: AbstractConnection,
        queues: Mapping[str, int],
        handle: Handler,
    ) -> "Intake":
        """Start consuming: queue names with the number of deliveries each may hold unacknowledged.

        `handle` is called at once for each delivery, in order, and returns what is to be done with it.
        """
        channel = await connection.channel(publisher_confirms=False)
        underlay = await corked(channel)
        intake = cls(channel, Acknowledging(underlay), handle)
        underlay.frames = Arriving(underlay, messages={Basic.Deliver: intake._take})
        try:
            channel.close_callbacks.add(intake._channel_closed)
            underlay.on_consumer_cancel_callbacks.add(intake._consumer_cancelled)
            for name, prefetch in queues.items():
                await channel.set_qos(prefetch_count=prefetch)
                await underlay.rpc(Basic.Consume(queue=name))  # no consumer of the library's: see Arriving
            intake._listening = asyncio.create_task(intake._listen(channel, list(queues)))
        except BaseException:
            await intake.abandon()  # the first consumer's deliveries are under way already
            raise
        return intake

    @property
    def alive(self) -> bool:
        """Whether every consumer is there."""
        return not self.lost.done() and not self._closing.is_set()

    async def close(self, out_of_patience: Coroutine[Any, Any, None]) -> None:
        """Begin nothing more, finish what was begun until `out_of_patience` returns, return the rest in order.

        Cancelled, it does not wait for a broker that may be silent: the connection is about to be closed.
        """
        self._closing.set()
        limit = asyncio.create_task(out_of_patience)
        try:
            for task, job in self._tasks.items():
                if not job.begun:
                    task.cancel()
            while self._tasks and not limit.done():
                await asyncio.wait([*self._tasks, limit], return_when=asyncio.FIRST_COMPLETED)
            for _ in self._tasks:
                log.warning("call.abandoned", reason="it did not end in time; the event will be delivered again")
        finally:
            limit.cancel()
            await self.abandon()
        await self._acknowledging.sent()
        await self._channel.close()

    async def abandon(self) -> None:
        """Stop at once, without finishing anything: the lease is lost, the next worker has the events."""
        self._closing.set()
        if self._listening is not None:
            self._listening.cancel()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _listen(self, channel: AbstractChannel, queues: Sequence[str]) -> None:
        """A queue deleted and made again at once tells its consumers nothing (seen on 3.10.8): so ask for them.

        Where nothing stands there either, it is not known that there are none: see gateway.depth. A question that is
        cancelled closes its channel, which those who finish need: it ends by itself.
        """
        try:
            while self.alive:
                await first_of(self._closing, asyncio.sleep(LISTEN_SECONDS))
                for name in queues if self.alive else ():
                    there = await depth_of(channel, name)
                    if there.messages and not there.consumers:
                        self._lose(f"nobody consumes {name} any more")
        except Exception as error:
            self._lose(f"the broker does not tell who consumes: {type(error).__name__}")
            if not has_gone(error):
                raise

    def _take(self, message: DeliveredMessage) -> None:
        if not self.alive:  # also once it is lost: what follows in a lane must not overtake what failed
            return
        try:
            job = self._handle(message, partial(self._acknowledging.done, message.delivery_tag or 0))
        except Exception as error:  # a defect of ours, which must not leave the delivery in nobody's hands
            log.exception("delivery.unhandled")
            self._lose(type(error).__name__)
            return
        task = asyncio.create_task(job.run())
        self._tasks[task] = job
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            expected = isinstance(error, UnavailableError) or has_gone(error)
            kind = type(error).__name__
            log.error("event.given_back", reason=str(error), error=kind, exc_info=None if expected else error)
            self._lose(type(error).__name__)

    def _channel_closed(self, _: Any, error: BaseException | None) -> None:
        self._lose(f"channel closed: {type(error).__name__}")

    def _consumer_cancelled(self, _: Any) -> None:
        self._lose("consumer cancelled by the broker")

    def _lose(self, reason: str) -> None:
        if self.alive:
            self.lost.set_result(reason)
