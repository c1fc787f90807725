"""A cluster for the oracle: an internal service reaches it at one address, a gateway knows all of its nodes."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.cluster import Cluster
from deploy.local.management import own_vhost
from deploy.local.node import Node
from deploy.local.runtimes import LOOPBACK
from tests.faults.oracle import service
from tests.faults.oracle.broker import Broker

CHUNK = 65536
ELECTION_SECONDS = 30
RESTART_DEAD_LETTERING = Path(__file__).parents[2] / "deploy" / "rabbitmq" / "restart-dead-lettering.erl"
RESTART_SECONDS = 60
TRIED_AGAIN_SECONDS = 6.0
"""After so long what the broker refused to itself has been tried again: see deploy/rabbitmq/advanced.config."""


class Relay:
    """One port that leads to whichever node lets one in, as a load balancer in front of a cluster does.

    It lets nobody in while `refusing`: the internal service's client, which connects anew by itself, is not made for
    a cluster whose queues have no leader yet.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self._ports = [_port(node) for node in nodes]
        self._server: asyncio.Server | None = None
        self.port = 0
        self.refusing = False

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in self._ports if not self.refusing else ():
            with suppress(OSError):
                back, forth = await asyncio.open_connection(LOOPBACK, port)
                await asyncio.gather(_pass_on(reader, forth), _pass_on(back, writer))
                return
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either end closes, or breaks; AMQP knows no half-closed connection."""
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


class ClusterBroker(Broker):
    """What the oracle needs to know about its broker. `variables` configure a gateway process for it."""

    def __init__(self, cluster: Cluster, relay: Relay) -> None:
        super().__init__(cluster.nodes[0])
        self.relay = relay
        self.cluster = cluster
        self.name = ""

    @contextmanager
    def vhost(self) -> Iterator[str]:
        """See Broker."""
        with own_vhost(f"amqp://{LOOPBACK}:{self.relay.port}/", self.cluster.management) as own:
            self.name = own.name
            yield own.url

    @property
    def variables(self) -> dict[str, str]:
        """Every node by its own address; only while there is a virtual host."""
        first, *others = [f"{LOOPBACK}:{_port(node)}" for node in self.cluster.nodes]
        return {
            "GATEWAY_BROKER__URL": f"amqp://{self.name}:{self.name}@{first}/{self.name}",
            "GATEWAY_BROKER__OTHER_NODES": json.dumps(others),
        }

    async def leader(self, queue: str, after: Node | None = None) -> Node:
        """The node that leads a queue of the virtual host, as soon as there is one, other than the one before."""
        async with asyncio.timeout(ELECTION_SECONDS):
            while True:
                found = await asyncio.to_thread(self.cluster.leader, self.name, queue)
                if found is not None and found is not after:
                    return found
                await asyncio.sleep(0.05)

    async def restart_dead_lettering(self) -> None:
        """As the runbook says for RabbitMQ before 3.12, where refused retries would wait for the dead node."""
        living = [node for node in self.cluster.nodes if node.running]
        if not (await service.version(living[0].url)).startswith(("RabbitMQ 3.10.", "RabbitMQ 3.11.")):
            return
        await asyncio.sleep(TRIED_AGAIN_SECONDS)
        restart = RESTART_DEAD_LETTERING.read_text()
        for node in living:
            await asyncio.to_thread(node.evaluate, restart, RESTART_SECONDS)


def _port(node: Node) -> int:
    return urlsplit(node.url).port or 0
