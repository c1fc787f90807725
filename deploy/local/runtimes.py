"""Where a private broker lives, and what the node needs to know about how it runs.

Either way is one foreground command for keeper.sh, so that starting, stopping and vanishing are the same for all.
"""

import random
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.local.machine import BrokerError

LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes the ports of outgoing connections: a client that keeps knocking while the
# broker is down could otherwise be given the broker's own port, and connect to itself.
PORTS = range(20_000, 32_000)


@dataclass(frozen=True)
class Membership:
    """One node's place in a cluster: its name, the node that it joins (the first: itself), and what all share."""

    name: str
    joins: str
    epmd: int
    cookie: str


@dataclass(frozen=True)
class Plan:
    """Where one node lives: its folder and its loopback ports (`http` only with the management plugin).

    A member of a cluster has no port mapper of its own.
    """

    folder: Path
    amqp: int
    epmd: int
    distribution: int
    http: int | None
    membership: Membership | None = None

    @property
    def ports(self) -> list[int]:
        """Those that are the node's own."""
        own_epmd = None if self.membership else self.epmd
        return [port for port in (self.amqp, own_epmd, self.distribution, self.http) if port]

    @property
    def node_name(self) -> str:
        """Erlang's name for it: an address for a host, for a machine without /etc/hosts."""
        return f"{self.membership.name if self.membership else 'gateway'}@{LOOPBACK}"


class Runtime(Protocol):
    """What the node needs to know about how its broker runs."""

    def prepare(self) -> list[str]:
        """Lays out what the broker needs; returns the command that runs it in the foreground."""

    def environment(self) -> dict[str, str]:
        """The command's whole environment."""

    def control(self, *arguments: str) -> list[str]:
        """The command line that runs rabbitmqctl on this broker, in the same environment."""

    def cut(self) -> None:
        """Ends at once what does not live in the command's process group; what was stored stays."""

    def discard(self) -> None:
        """Takes away for good what does not live in the node's folder."""


def plan(folder: Path, *, management: bool, membership: Membership | None = None) -> Plan:
    """A node in `folder` on ports that are free now."""
    amqp, epmd, distribution, http = free_ports(4)
    if membership is not None:
        epmd = membership.epmd
    return Plan(folder.absolute(), amqp, epmd, distribution, http if management else None, membership)


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on now. Raises BrokerError."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise BrokerError(f"no {count} free ports between {PORTS.start} and {PORTS.stop}")


def is_free(port: int) -> bool:
    """Whether nobody listens on this loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that fade away do not count
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
