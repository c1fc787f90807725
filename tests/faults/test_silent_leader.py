"""A quorum queue whose leader is away for a moment.

One that is busy is reported, after 250 ms, as having nothing in it and no consumers; and where there is none, the
broker refuses to itself what is due for this queue.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aio_pika import Message
from aio_pika.abc import AbstractConnection

from deploy.local.node import Node
from gateway import intake as intake_module
from gateway.broker import connect, open_channel
from gateway.dead_letters import standing
from gateway.declare import declare_account, declare_shared
from gateway.depth import Depth, depth_of
from gateway.intake import Intake, Job
from gateway.settings import Broker
from gateway.topology import Names, rung_name

NAMES = Names("gd_accounting", "default")
QUEUE = NAMES.queue("dead")
LEADER = """
{ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"%s">>)), Leader = amqqueue:get_pid(Queue),
"""
SILENT = f"""{LEADER}
ok = sys:suspend(Leader), spawn(fun() -> timer:sleep(%d), sys:resume(Leader) end).
"""
AWAY = f"""{LEADER}
ok = ra:stop_server(quorum_queues, Leader), timer:sleep(%d), ok = ra:restart_server(quorum_queues, Leader).
"""
ALL = 20
SOON = 20.0
"""Seconds; the broker's own default is 180."""


@pytest.fixture
async def connection(broker_node: Node) -> AsyncIterator[AbstractConnection]:
    """One account's queue of dead letters with some in it."""
    async with connect(Broker(url=broker_node.url), "a test") as connection:
        channel = await open_channel(connection)
        await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        for number in range(ALL):
            await channel.default_exchange.publish(Message(f"{number}".encode(), delivery_mode=2), QUEUE)
        yield connection
        await (await open_channel(connection)).queue_delete(QUEUE)


async def silenced(node: Node, connection: AbstractConnection, seconds: float) -> None:
    """Return once the queue's leader answers nobody, which goes on for about so long."""
    await asyncio.to_thread(node.evaluate, SILENT % (QUEUE, 1000 * seconds))
    channel = await open_channel(connection)
    answer = (await channel.declare_queue(QUEUE, passive=True)).declaration_result
    assert (answer.message_count, answer.consumer_count) == (0, 0), "the leader still answers"


async def test_letters_are_all_read_although_the_broker_says_at_first_that_there_are_none(
    broker_node: Node, connection: AbstractConnection
) -> None:
    await silenced(broker_node, connection, 2)
    async with standing(connection, NAMES) as found:
        assert len(found) == ALL


async def test_a_queue_is_not_taken_for_empty_when_its_leader_is_silent_for_a_moment(
    broker_node: Node, connection: AbstractConnection
) -> None:
    channel = await open_channel(connection)
    silence = asyncio.create_task(asyncio.to_thread(broker_node.evaluate, SILENT % (QUEUE, 300)))
    found = set()
    while not silence.done():
        found.add(await depth_of(channel, QUEUE))
    assert found == {Depth(ALL, 0)}


class Kept:
    """A delivery that is held for ever."""

    begun = False

    async def run(self) -> None:
        await asyncio.Event().wait()


async def test_a_worker_does_not_take_its_consumers_for_gone_while_a_leader_is_silent(
    broker_node: Node, connection: AbstractConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "LISTEN_SECONDS", 0.01)
    kept: list[Job] = []

    def keep(*_: object) -> Job:
        kept.append(Kept())
        return kept[-1]

    intake = await Intake.open(connection, {QUEUE: ALL}, keep)
    await silenced(broker_node, connection, 1.5)
    await asyncio.sleep(1)
    assert (intake.alive, len(kept)) == (True, ALL)
    await intake.abandon()


async def test_a_retry_that_is_due_while_its_queue_has_no_leader_comes_seconds_after_there_is_one(
    broker_node: Node,
) -> None:
    names = Names("gd_accounting", "retried")
    async with connect(Broker(url=broker_node.url), "a test") as connection:
        await declare_shared(connection, [1])
        await declare_account(connection, names, {})
        channel = await open_channel(connection)
        rung = await channel.get_exchange(rung_name(1))
        due = await channel.get_queue(names.queue("due"))
        await rung.publish(Message(b"", delivery_mode=2), names.key("credit-sync"))
        await asyncio.to_thread(broker_node.evaluate, AWAY % (due.name, 3000))
        async with asyncio.timeout(SOON), due.iterator(no_ack=True) as arriving:
            await anext(arriving)
