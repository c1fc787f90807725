"""The lease of an account on a real broker: one holder, who lets go by itself when the broker falls silent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic

import pytest
from aio_pika.abc import AbstractConnection

from gateway.broker import connect
from gateway.lease import SURE_SECONDS, Lease
from gateway.loss import LostError, closing
from gateway.settings import Broker
from tests.support.line import Line, line

QUEUE = "gateway.toy_land.default.lease"


@pytest.fixture
async def connection(vhost_url: str) -> AsyncIterator[AbstractConnection]:
    async with connect(Broker(url=vhost_url), "lease test") as opened:
        yield opened


async def taken(connection: AbstractConnection) -> Lease:
    lease = await Lease.take(connection, QUEUE)
    assert lease is not None
    return lease


# --- taking


async def test_a_second_connection_gets_no_lease_until_the_first_has_gone(
    connection: AbstractConnection, vhost_url: str
) -> None:
    async with connect(Broker(url=vhost_url), "other") as other:
        await taken(other)
        assert [await Lease.take(connection, QUEUE) for _ in range(3)] == [None] * 3
    assert await Lease.take(connection, QUEUE) is not None


async def test_leases_of_different_accounts_do_not_meet(connection: AbstractConnection, vhost_url: str) -> None:
    await taken(connection)
    async with connect(Broker(url=vhost_url), "other") as other:
        assert await Lease.take(other, f"{QUEUE}.other") is not None


# --- being sure


async def test_a_lease_that_was_confirmed_lately_is_sure_at_once(connection: AbstractConnection) -> None:
    lease = await taken(connection)
    began = monotonic()
    async with lease.watched(closing(connection)):
        for _ in range(1000):
            await lease.sure()
    assert monotonic() - began < 1


async def test_after_too_long_a_silence_the_brokers_word_is_waited_for(connection: AbstractConnection) -> None:
    now = 0.0
    channel = await connection.channel()
    await channel.declare_queue(QUEUE, exclusive=True)
    lease = Lease(channel, QUEUE, now, clock=lambda: now)
    now = SURE_SECONDS - 0.01
    await lease.sure()
    now = SURE_SECONDS
    waiting = asyncio.create_task(lease.sure())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    async with lease.watched(closing(connection)):
        await asyncio.wait_for(waiting, 5)


async def test_a_process_that_stood_still_asks_before_it_lets_go(connection: AbstractConnection) -> None:
    stood_still = 0.0
    channel = await connection.channel()
    await channel.declare_queue(QUEUE, exclusive=True)
    lease = Lease(channel, QUEUE, monotonic(), clock=lambda: monotonic() + stood_still)
    async with lease.watched(closing(connection)):
        for _ in range(3):
            await asyncio.sleep(0.2)
            stood_still += SURE_SECONDS * 3
            await asyncio.wait_for(lease.sure(), 1)


# --- letting go


async def test_a_block_that_ends_well_ends_the_watching_too(connection: AbstractConnection) -> None:
    lease = await taken(connection)
    before = asyncio.all_tasks()
    async with lease.watched(closing(connection)):
        assert len(asyncio.all_tasks()) > len(before)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before


@pytest.mark.parametrize("error", [ValueError("ours"), LostError("an intake"), TimeoutError("late")])
async def test_errors_of_the_block_come_out_as_they_are(connection: AbstractConnection, error: Exception) -> None:
    lease = await taken(connection)
    with pytest.raises(type(error)) as caught:
        async with lease.watched(closing(connection)):
            raise error
    assert caught.value is error


async def test_a_task_that_is_cancelled_within_the_block_is_cancelled(connection: AbstractConnection) -> None:
    lease = await taken(connection)

    async def hold() -> None:
        async with lease.watched(closing(connection)):
            await asyncio.sleep(60)

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0.1)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding


async def hold(lease: Lease, connection: AbstractConnection, act: Callable[[], None] = lambda: None) -> float:
    """Hold the lease, act after a while, and stay until cancelled; how long that took."""
    began, cancelled = monotonic(), asyncio.Event()
    with pytest.raises(LostError):
        async with lease.watched(closing(connection)):
            await stay(act, cancelled)
    assert cancelled.is_set()
    return monotonic() - began


async def stay(act: Callable[[], None], cancelled: asyncio.Event) -> None:
    try:
        await asyncio.sleep(0.1)
        act()
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        cancelled.set()
        raise


async def test_a_broker_that_falls_silent_ends_the_block_in_time(vhost_url: str) -> None:
    async with line(vhost_url) as (cable, connection):
        lease = await taken(connection)
        assert SURE_SECONDS - 0.6 <= await hold(lease, connection, cable.cut) < SURE_SECONDS + 1


async def test_a_short_silence_is_no_reason_to_let_go(vhost_url: str) -> None:
    async with line(vhost_url) as (cable, connection):
        lease = await taken(connection)
        async with lease.watched(closing(connection)):
            cable.cut()
            await asyncio.sleep(SURE_SECONDS / 2)
            cable.mend()
            await asyncio.sleep(0.6)
            await asyncio.wait_for(lease.sure(), 0.1)


async def test_a_line_that_breaks_ends_the_block_at_once(vhost_url: str) -> None:
    async with line(vhost_url) as (cable, connection):
        lease = await taken(connection)
        assert await hold(lease, connection, cable.break_off) < 1.5


@pytest.mark.parametrize("moment", [0.0, 0.001, 0.3])
async def test_a_connection_that_is_closed_ends_the_block_whenever_that_is(vhost_url: str, moment: float) -> None:
    """Also while the question is under way."""
    async with connect(Broker(url=vhost_url), "lease test") as connection:
        lease = await taken(connection)
        closed = asyncio.create_task(close_after(connection, moment))
        await hold(lease, connection)
        await closed


async def close_after(connection: AbstractConnection, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await connection.close()


async def test_a_connection_that_was_lost_before_ends_the_block_at_once(connection: AbstractConnection) -> None:
    lease = await taken(connection)
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    lost.set_result("connection closed: ConnectionReset")
    with pytest.raises(LostError, match="ConnectionReset"):
        async with lease.watched(lost):
            await asyncio.sleep(60)


async def test_what_the_block_does_while_it_is_cancelled_does_not_hide_why(vhost_url: str) -> None:
    async with line(vhost_url) as (cable, connection):
        lease = await taken(connection)
        with pytest.raises(LostError):
            async with lease.watched(closing(connection)):
                await fails_at_the_end(cable)


async def fails_at_the_end(cable: Line) -> None:
    cable.break_off()
    try:
        await asyncio.sleep(60)
    finally:
        raise ConnectionError
