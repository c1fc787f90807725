"""Three private brokers that are one, on loopback: for tests that kill a part of their broker."""

import secrets
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.installed import Installed
from deploy.local.machine import BrokerError
from deploy.local.management import Management
from deploy.local.node import Node, keep, runtime
from deploy.local.runtimes import Membership, free_ports, plan

NAMES = ("gateway1", "gateway2", "gateway3")


class NoClusterError(BrokerError):
    """What this machine has of a broker cannot be made a cluster."""


class Cluster:
    """Nodes with their data in `folder`, each with the management API; only with an installed server.

    A quorum queue that is declared while all three run has a member on each. Every node may be killed and started
    on its own; the port mapper by which they find each other belongs to the cluster and outlives them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        (epmd,) = free_ports(1)
        cookie = secrets.token_hex(16)
        self._members = [Membership(name, NAMES[0], epmd, cookie) for name in NAMES]
        self._mapper: subprocess.Popen[bytes] | None = None
        self.nodes = [Node(self._folder / at.name, management=True, membership=at) for at in self._members]

    @property
    def management(self) -> Management:
        """The HTTP API of one that runs."""
        return next(Management(node.management_url or "") for node in self.nodes if node.running)

    def start(self) -> None:
        """Starts every node that does not run, and returns when all are up.

        Raises BrokerError, and NoClusterError on a machine that has brokers only in containers.
        """
        try:
            if self._mapper is None:
                self._mapper = self._start_mapper()
            first, *others = self.nodes
            first.start()  # alone, so that those that follow find a cluster to join
            self._all(others, Node.start)
            self._all(self.nodes, _await_startup)
        except BaseException:
            self._end(Node.kill)
            raise

    def leader(self, vhost: str, queue: str) -> Node | None:
        """The node that leads this quorum queue now; None while its members elect one."""
        name = self.management.leader(vhost, queue).partition("@")[0]
        return self.nodes[NAMES.index(name)] if name in NAMES else None

    def remove(self) -> None:
        """Ends all nodes at once and deletes all they stored, the folder included."""
        self._end(Node.remove)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start_mapper(self) -> subprocess.Popen[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True)
        at = plan(self._folder, management=False, membership=self._members[0])
        installed = runtime(at)
        if not isinstance(installed, Installed):
            raise NoClusterError("no cluster here: run 'apt-get install rabbitmq-server' as root")
        return keep(installed.port_mapper(), installed.environment(), self._folder, self._folder / "epmd.log")

    def _end(self, how: Callable[[Node], None]) -> None:
        self._all(self.nodes, how)
        mapper, self._mapper = self._mapper, None
        if mapper is not None:
            mapper.communicate()  # end of input: its keeper kills it

    def _all(self, nodes: list[Node], do: Callable[[Node], None]) -> None:
        with ThreadPoolExecutor() as threads:
            list(threads.map(do, nodes))


def _await_startup(node: Node) -> None:
    """A node speaks AMQP a moment before it is up: a virtual host that is made then waits for it in vain (3.10.8)."""
    node.evaluate("rabbit:await_startup().")
