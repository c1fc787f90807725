"""Dead letters that somebody else holds: waited for while the broker counts a consumer, and never taken for gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aio_pika.abc import AbstractConnection

from gateway import dead_letters
from gateway.broker import connect, open_channel
from gateway.dead_letters import BusyError, standing
from gateway.operating import Filter, driving
from gateway.settings import load
from gateway.topology import Names
from tests.support.operators import WHY, dead_enrolments, operator
from tests.support.outside import eventually
from tests.support.scene import Scene

NAMES = Names("gd_accounting", "default")
ALL, HELD = 20, 15


@asynccontextmanager
async def connected(stage: Scene) -> AsyncIterator[AbstractConnection]:
    async with connect(load(stage.folder / "gateway.toml").broker, "another") as connection:
        yield connection


@asynccontextmanager
async def held(stage: Scene, *, cancelled: bool = False) -> AsyncIterator[AbstractConnection]:
    """Somebody holds the first letters, as the broker sees one who was killed a moment ago: until it is closed."""

    async def take(_: object) -> None:
        """Keep it."""

    async with connected(stage) as connection:
        channel = await open_channel(connection)
        await channel.set_qos(prefetch_count=HELD)
        underlay = await channel.get_underlay_channel()
        consumer = await underlay.basic_consume(NAMES.queue("dead"), take)
        await eventually(lambda: stands(stage, ALL - HELD), what="the holding")
        if cancelled:
            await underlay.basic_cancel(consumer.consumer_tag or "")
        yield connection


async def stands(stage: Scene, number: int) -> bool:
    return await stage.depth("dead") == number


@pytest.mark.parametrize("cancelled", [False, True], ids=["consuming", "cancelled"])
async def test_letters_that_another_holds_are_waited_for_and_come_back(stage: Scene, cancelled: bool) -> None:
    async with stage.running():
        await dead_enrolments(stage, ALL)
    async with held(stage, cancelled=cancelled) as holder, connected(stage) as connection:
        released = asyncio.create_task(later(holder))
        async with standing(connection, NAMES) as found:
            assert len(found) == ALL
        await released
    await eventually(lambda: stands(stage, ALL), what="the return of what was held")


async def later(holder: AbstractConnection) -> None:
    await asyncio.sleep(0.5)
    await holder.close()


async def test_a_letter_that_another_still_holds_is_replayed_in_its_turn(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driving, "MOMENT_SECONDS", 0.01)
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, ALL)
        run = await ana.start(Filter(category="unknown"), WHY)
        async with held(stage) as holder:
            released = asyncio.create_task(later(holder))
            await ana.drive(run.id)
            await released
        done = await ana.run(run.id)
    assert (done.state, done.counts.accepted, done.counts.missing) == ("done", ALL, 0)


async def test_letters_that_another_keeps_are_not_taken_for_gone(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "SILENT_SECONDS", 1)
    async with stage.running():
        await dead_enrolments(stage, ALL)
    async with held(stage), connected(stage) as connection:
        with pytest.raises(BusyError, match="has a consumer that is none of the gateway's"):
            async with standing(connection, NAMES):
                pytest.fail("some of the letters were taken for all of them")
    await eventually(lambda: stands(stage, ALL), what="the return of what was held")
