"""Deliveries become jobs in order; closing finishes what was begun, gives back the rest, leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic

import aio_pika
import pytest
from aio_pika.abc import AbstractConnection
from aiormq.abc import DeliveredMessage

from gateway import intake as intake_module
from gateway.broker import connect
from gateway.intake import Intake
from gateway.settings import Broker
from tests.support.line import line
from tests.support.outside import until

BULK, DUE = "tests.bulk", "tests.due"
QUEUES = {BULK: 10, DUE: 10}


def fail() -> Awaitable[None]:
    raise ZeroDivisionError


class Job:
    """Waits to begin, and then to end, and acknowledges."""

    def __init__(self, message: DeliveredMessage, ack: Callable[[], Awaitable[None]]) -> None:
        self.name = message.body.decode()
        self.begun = False
        self.go = asyncio.Event()
        self.end = asyncio.Event()
        self.state = "waiting"
        self._ack = ack

    async def run(self) -> None:
        try:
            await self.go.wait()
            self.begun, self.state = True, "begun"
            await self.end.wait()
            await self._ack() if self.name != "broken" else fail()
            self.state = "done"
        except BaseException:
            self.state = "ended early"
            raise


class Desk:
    """Makes jobs, and has them all."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.on_delivery: Callable[[], None] = lambda: None

    def handle(self, message: DeliveredMessage, ack: Callable[[], Awaitable[None]]) -> Job:
        job = Job(message, ack)
        if job.name == "unreadable":
            fail()
        self.jobs.append(job)
        self.on_delivery()
        return job

    def states(self) -> dict[str, str]:
        return {job.name: job.state for job in self.jobs}

    async def begin(self, number: int) -> None:
        for job in self.jobs[:number]:
            job.go.set()
        await until(lambda: all(job.begun for job in self.jobs[:number]))

    def finish(self) -> None:
        for job in self.jobs:
            job.end.set()


@pytest.fixture
async def connection(vhost_url: str) -> AsyncIterator[AbstractConnection]:
    async with connect(Broker(url=vhost_url), "a test") as opened:
        await declare(opened)
        yield opened


async def declare(connection: AbstractConnection) -> None:
    channel = await connection.channel()
    for name in QUEUES:
        await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})


async def publish(connection: AbstractConnection, *names: str, queue: str = BULK) -> None:
    channel = await connection.channel()
    for name in names:
        await channel.default_exchange.publish(aio_pika.Message(name.encode(), delivery_mode=2), queue)


async def standing(connection: AbstractConnection) -> list[tuple[str, bool]]:
    """What stands in the queue, and whether it was delivered before."""
    channel = await connection.channel()
    queue = await channel.get_queue(BULK, ensure=False)
    found = []
    while (message := await queue.get(fail=False, no_ack=True)) is not None:
        found.append((message.body.decode(), bool(message.redelivered)))
    return found


async def filled(connection: AbstractConnection, *names: str) -> tuple[Intake, Desk]:
    """An intake that holds these deliveries."""
    desk = Desk()
    await publish(connection, *names)
    intake = await Intake.open(connection, QUEUES, desk.handle)
    await until(lambda: len(desk.jobs) == len(names))
    return intake, desk


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    """No patience at all."""


# --- taking


async def test_deliveries_become_jobs_in_order(connection: AbstractConnection) -> None:
    names = [str(number) for number in range(10)]
    intake, desk = await filled(connection, *names)
    assert [job.name for job in desk.jobs] == names
    assert intake.alive
    await intake.close(never())


async def test_a_job_that_fails_is_given_back_and_the_intake_lost(connection: AbstractConnection) -> None:
    intake, desk = await filled(connection, "broken", "other")
    await desk.begin(1)
    desk.finish()
    assert await asyncio.wait_for(intake.lost, 5) == "ZeroDivisionError"
    assert not intake.alive
    await intake.close(never())
    assert await standing(connection) == [("broken", True), ("other", True)]


async def test_what_comes_behind_an_unreadable_delivery_does_not_overtake_it(connection: AbstractConnection) -> None:
    desk = Desk()
    await publish(connection, "unreadable", "behind it")
    intake = await Intake.open(connection, QUEUES, desk.handle)
    assert await asyncio.wait_for(intake.lost, 5) == "ZeroDivisionError"
    await asyncio.sleep(0.2)
    assert desk.jobs == []
    await intake.close(never())
    assert await standing(connection) == [("unreadable", True), ("behind it", True)]


# --- closing


async def test_closing_ends_what_was_begun_and_gives_back_the_rest_in_order(connection: AbstractConnection) -> None:
    intake, desk = await filled(connection, "a", "b", "c", "d")
    await publish(connection, *(f"later {number}" for number in range(20)))
    await desk.begin(2)
    closing = asyncio.create_task(intake.close(never()))
    await until(lambda: desk.states()["c"] == "ended early")
    assert (closing.done(), intake.alive) == (False, False)
    assert desk.states() | {"a": "begun", "b": "begun", "c": "ended early", "d": "ended early"} == desk.states()
    desk.finish()
    await asyncio.wait_for(closing, 5)
    back = await standing(connection)
    assert [name for name, _ in back] == ["c", "d", *(f"later {number}" for number in range(20))]
    assert back[0][1]


async def test_closing_while_it_asks_who_consumes_lets_those_who_were_begun_acknowledge(
    connection: AbstractConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "LISTEN_SECONDS", 0)  # it asks all the time
    intake, desk = await filled(connection, "a", "b")
    await desk.begin(2)
    closing = asyncio.create_task(intake.close(never()))
    await asyncio.sleep(0.05)
    desk.finish()
    await asyncio.wait_for(closing, 5)
    assert await standing(connection) == []


async def test_with_nothing_under_way_closing_is_quick_and_patience_not_needed(
    connection: AbstractConnection,
) -> None:
    intake, _ = await filled(connection)
    await asyncio.wait_for(intake.close(never()), 2)


async def test_out_of_patience_it_gives_up_what_was_begun(connection: AbstractConnection) -> None:
    intake, desk = await filled(connection, "a", "b")
    await desk.begin(1)
    await asyncio.wait_for(intake.close(asyncio.sleep(0.2)), 2)
    assert desk.states() == {"a": "ended early", "b": "ended early"}
    assert await standing(connection) == [("a", True), ("b", True)]


async def test_a_patience_that_ends_later_counts_from_when_it_ends(connection: AbstractConnection) -> None:
    """A pause that waits for ever for begun work still hears that we are to stop."""
    stop = asyncio.Event()

    async def once_stopped() -> None:
        await stop.wait()

    intake, desk = await filled(connection, "a")
    await desk.begin(1)
    closing = asyncio.create_task(intake.close(once_stopped()))
    await asyncio.sleep(0.2)
    assert not closing.done()
    stop.set()
    await asyncio.wait_for(closing, 2)
    assert desk.states() == {"a": "ended early"}


async def test_abandoned_it_stops_everything_at_once(connection: AbstractConnection) -> None:
    intake, desk = await filled(connection, "a", "b")
    await desk.begin(1)
    await asyncio.wait_for(intake.abandon(), 1)
    assert desk.states() == {"a": "ended early", "b": "ended early"}
    await publish(connection, "c")
    await asyncio.sleep(0.2)
    assert len(desk.jobs) == 2


# --- being cancelled, as when the lease is lost


async def test_closing_that_is_cancelled_leaves_nothing_running(connection: AbstractConnection) -> None:
    intake, desk = await filled(connection, "a", "b")
    await desk.begin(2)
    closing = asyncio.create_task(intake.close(never()))
    await asyncio.sleep(0.1)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert desk.states() == {"a": "ended early", "b": "ended early"}


async def test_closing_that_is_cancelled_does_not_wait_for_a_silent_broker(vhost_url: str) -> None:
    async with line(vhost_url) as (cable, connection):
        await declare(connection)
        intake, desk = await filled(connection, "a")
        await desk.begin(1)
        cable.cut()
        closing = asyncio.create_task(intake.close(never()))
        await asyncio.sleep(0.1)
        began = monotonic()
        closing.cancel()
        await asyncio.wait([closing], timeout=5)
        assert closing.cancelled()
        assert monotonic() - began < 1
        assert desk.states() == {"a": "ended early"}


async def test_out_of_patience_and_with_a_silent_broker_it_can_still_be_cancelled(vhost_url: str) -> None:
    async with line(vhost_url) as (cable, connection):
        await declare(connection)
        intake, desk = await filled(connection, "a")
        cable.cut()
        closing = asyncio.create_task(intake.close(at_once()))
        await until(lambda: desk.states() == {"a": "ended early"})
        began = monotonic()
        closing.cancel()
        await asyncio.wait([closing], timeout=5)
        assert closing.cancelled()
        assert monotonic() - began < 1


async def test_opening_that_is_cancelled_half_way_leaves_no_job_running(vhost_url: str) -> None:
    """The first queue's deliveries are there already when the broker falls silent."""
    async with line(vhost_url) as (cable, connection):
        await declare(connection)
        await publish(connection, "a")
        desk = Desk()
        desk.on_delivery = cable.cut
        opening = asyncio.create_task(Intake.open(connection, QUEUES, desk.handle))
        await until(lambda: len(desk.jobs) == 1)
        await desk.begin(1)
        assert not opening.done()
        opening.cancel()
        await asyncio.wait([opening], timeout=1)
        assert opening.cancelled()
        assert desk.states() == {"a": "ended early"}
