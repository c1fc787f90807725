"""What a real installation is made of, and a node of its broker and a process of the gateway killed under load.

Three nodes, two processes, PostgreSQL; counted from outside. Part of `make faults`: it takes a minute or two.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.cluster import Cluster, NoClusterError
from deploy.local.node import Node
from deploy.local.postgres import Postgres
from tests.faults.clustered import ClusterBroker, Relay
from tests.faults.oracle import report
from tests.faults.oracle.scene import Scene, queue
from tests.faults.oracle.service import RESULTS
from tests.faults.oracle.stream import Fault, Prepared, run

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

EVENTS = 5000
SOME = 100
"""Events that must get through after each blow."""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path / "cluster")
    try:
        made.start()
        yield made
    except NoClusterError as missing:
        pytest.skip(str(missing))
    finally:
        made.remove()


@pytest.fixture
async def broker(cluster: Cluster) -> AsyncIterator[ClusterBroker]:
    relay = Relay(cluster.nodes)
    await relay.open()
    yield ClusterBroker(cluster, relay)
    await relay.close()


async def test_no_event_is_lost_doubled_or_overtaken_when_the_leaders_node_and_then_the_active_process_are_killed(
    broker: ClusterBroker, postgres: Postgres, tmp_path: Path
) -> None:
    seed = os.environ.get("ORACLE_SEED") or secrets.token_hex(4)

    async def both(scene: Scene) -> None:
        leader = await broker.leader(queue("bulk"))
        try:
            with scene.trouble("the leader's node killed"):
                await kill(broker, leader)
                await broker.restart_dead_lettering()
                await some_more(scene)
            await scene.kill(await scene.active())
            await some_more(scene)
        finally:
            with scene.trouble("the node comes back"):
                await asyncio.to_thread(leader.start)

    @contextmanager
    def prepare(_: Path) -> Iterator[Prepared]:
        yield Prepared(variables={**broker.variables, "GATEWAY_LEDGER__URL": postgres.url})

    (folder := tmp_path / "run").mkdir()
    row = await run(Fault("takeover", both, prepare=prepare), broker, folder, seed, 1, EVENTS)
    told = "\n".join([f"ORACLE_SEED={seed}", report.line(row), *report.breaches(row)])
    if row.verdict.findings:
        pytest.fail(told, pytrace=False)


async def kill(broker: ClusterBroker, node: Node) -> None:
    """Like a power cut; the gateway finds its way by itself, the internal service when there are leaders again."""
    broker.relay.refusing = True
    await asyncio.to_thread(node.kill)
    for name in (queue("bulk"), RESULTS):
        await broker.leader(name, after=node)
    broker.relay.refusing = False


async def some_more(scene: Scene) -> None:
    await scene.progress(len(scene.service.answered) + SOME)
