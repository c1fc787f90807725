"""A cluster on loopback: what it has confirmed outlives any one node."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aio_pika.abc import AbstractConnection

from deploy.local.cluster import Cluster, NoClusterError
from deploy.local.node import Node
from gateway.broker import CONNECTION_ERRORS, NotPublishedError, Outgoing, Publisher, connect
from gateway.settings import Broker
from tests.deploy.test_node import assert_nothing_left_of
from tests.support.outside import until

pytestmark = pytest.mark.timeout(400)  # three brokers on a machine that does other things too

QUEUE = "kept"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path / "cluster")
    try:
        made.start()
    except NoClusterError as missing:
        pytest.skip(str(missing))
    try:
        yield made
    finally:
        made.remove()
        for name in ("gateway1", "gateway2", "gateway3", ""):
            assert_nothing_left_of(tmp_path / "cluster" / name)


async def test_a_quorum_queue_outlives_the_node_of_its_leader_with_all_that_was_confirmed(cluster: Cluster) -> None:
    everywhere = broker_of(cluster.nodes)
    async with connect(everywhere, "test") as connection:
        await declare(connection)
    leader = cluster.leader("/", QUEUE)
    assert leader is not None
    publisher = Numbers([broker_of([leader]), everywhere])
    publishing = asyncio.create_task(publisher.run())
    await publisher.more(100)
    await asyncio.to_thread(leader.kill)
    await publisher.more(100)
    assert cluster.leader("/", QUEUE) not in (leader, None)
    await asyncio.to_thread(cluster.start)
    await publisher.more(100)
    publisher.enough = True
    assert await publishing >= 1
    assert await take(broker_of([leader])) == list(range(publisher.confirmed))


class Numbers:
    """Publishes 0, 1, 2 …, each until it is confirmed."""

    def __init__(self, brokers: list[Broker]) -> None:
        self.brokers = brokers
        self.confirmed = 0
        self.enough = False

    async def more(self, number: int) -> None:
        """Wait until so many more are confirmed."""
        wanted = self.confirmed + number
        await until(lambda: self.confirmed >= wanted, 60, "confirms")

    async def run(self) -> int:
        """Until it is enough; how often it began anew: after a lost connection, and while there is no leader.

        Connects to the first broker, ever after to the second.
        """
        lost = 0
        while not self.enough:
            try:
                async with connect(self.brokers[min(lost, 1)], "test") as connection:
                    await self.publish(await Publisher.open(connection))
            except (NotPublishedError, *CONNECTION_ERRORS):
                lost += 1
        return lost

    async def publish(self, publisher: Publisher) -> None:
        while not self.enough:
            await publisher.publish(Outgoing("", QUEUE, str(self.confirmed).encode(), {}))
            self.confirmed += 1
            await asyncio.sleep(0.01)


def broker_of(nodes: list[Node]) -> Broker:
    first, *others = nodes
    return Broker(url=first.url, other_nodes=tuple(f"127.0.0.1:{urlsplit(node.url).port}" for node in others))


async def declare(connection: AbstractConnection) -> None:
    channel = await connection.channel()
    await channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})


async def take(broker: Broker) -> list[int]:
    """The numbers in the queue, in order; one that was published twice, for want of a confirm, counts once."""
    found: dict[int, None] = {}
    async with connect(broker, "test") as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(QUEUE)
        while (message := await queue.get(fail=False)) is not None:
            await message.ack()
            found[int(message.body)] = None
    return list(found)
