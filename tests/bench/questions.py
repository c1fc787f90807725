"""Interactive questions, one after the other at a steady pace, and how long each waits for its answer."""

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractIncomingMessage

from tests.bench.errors import BenchError
from tests.bench.load import ROUTE, SAMPLES

SAMPLE = SAMPLES / "gd_accounting" / "07-qrcode.json"
KEY = "gd_accounting.default.qrcode-get"
PATIENCE_SECONDS = 60.0


class UnansweredError(BenchError):
    """Questions without an answer, or with one that is not the platform's."""


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of every question, in seconds, from before it was published until its answer was here."""

    seconds: Sequence[float]

    @property
    def p50(self) -> float:
        """Half of them took no longer."""
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        """One in a hundred took longer."""
        return statistics.quantiles(self.seconds, n=100, method="inclusive")[98]


async def ask(url: str, name: str, count: int, every_seconds: float) -> Latencies:
    """Ask so many questions with `reply_to`, at moments fixed beforehand. `name` makes their ids unlike others'.

    Raises UnansweredError.
    """
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        replies = await channel.declare_queue(exclusive=True)
        asking = _Asking(count)
        await replies.consume(asking.answered, no_ack=True)
        events = await channel.get_exchange(ROUTE.exchange, ensure=False)
        began = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(began + number * every_seconds - time.perf_counter())
            message = _question(f"{name}-{number}", replies.name)
            asking.asked[message.message_id or ""] = time.perf_counter()
            await events.publish(message, KEY)
        return await asking.ended()


class _Asking:
    def __init__(self, count: int) -> None:
        self.asked: dict[str, float] = {}
        self._count = count
        self._took: list[float] = []
        self._outcomes: set[str] = set()
        self._all = asyncio.Event()

    async def answered(self, message: AbstractIncomingMessage) -> None:
        """An answer is here."""
        self._took.append(time.perf_counter() - self.asked.pop(message.correlation_id or ""))
        self._outcomes.add(json.loads(message.body)["data"]["outcome"])
        if len(self._took) == self._count:
            self._all.set()

    async def ended(self) -> Latencies:
        """Wait for the last one."""
        try:
            await asyncio.wait_for(self._all.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            raise UnansweredError(f"{len(self.asked)} of {self._count} questions were not answered") from None
        if self._outcomes != {"accepted"}:
            raise UnansweredError(f"questions ended as {', '.join(sorted(self._outcomes))}")
        return Latencies(self._took)


def _question(name: str, reply_to: str) -> aio_pika.Message:
    event = {**json.loads(SAMPLE.read_bytes()), "id": name}
    return aio_pika.Message(
        json.dumps(event).encode(),
        content_type="application/cloudevents+json",
        message_id=name,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        reply_to=reply_to,
    )
