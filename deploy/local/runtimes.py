"""The two ways a private broker runs: the installed server as this user, or a container.

Both are one foreground command for keeper.sh, so that starting, stopping and vanishing are the same for both.
"""

import os
import random
import shlex
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.local.machine import IMAGE, BrokerError

LOOPBACK = "127.0.0.1"
ON_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"
# Below the range from which Linux takes the ports of outgoing connections: a client that keeps knocking while the
# broker is down could otherwise be given the broker's own port, and connect to itself.
PORTS = range(20_000, 32_000)


@dataclass(frozen=True)
class Plan:
    """Where one node lives: its folder and its loopback ports (`http` only with the management plugin)."""

    folder: Path
    amqp: int
    epmd: int
    distribution: int
    http: int | None

    @property
    def ports(self) -> list[int]:
        """All of them."""
        return [port for port in (self.amqp, self.epmd, self.distribution, self.http) if port]


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


def plan(folder: Path, *, management: bool) -> Plan:
    """A node in `folder` on ports that are free now."""
    amqp, epmd, distribution, http = _free_ports(4)
    return Plan(folder.absolute(), amqp, epmd, distribution, http if management else None)


def _free_ports(count: int) -> list[int]:
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


class Installed:
    """The installed server, run from its own start script: the same for root and for everybody else.

    It has an epmd of its own, so the node's name may be the same everywhere (the data can be read only under the
    name that wrote it) and neither a system broker nor another clone is ever met. `prefix` goes before each
    command that runs a part of it.
    """

    def __init__(self, at: Plan, server: Path, prefix: Sequence[str] = ()) -> None:
        self._at = at
        self._server = server
        self._prefix = prefix

    def prepare(self) -> list[str]:
        """Writes the configuration; see Runtime."""
        folder = self._at.folder
        plugins = "rabbitmq_management" if self._at.http else ""
        (folder / "enabled_plugins").write_text(f"[{plugins}].\n")
        (folder / "rabbitmq.conf").write_text("\n".join(self._configuration()) + "\n")
        (folder / "advanced.config").write_text("[].\n")
        epmd = f"epmd -address {LOOPBACK} -port {self._at.epmd}"
        return [*self._prefix, "sh", "-c", f'{epmd} & exec "$0"', str(self._server)]

    def _configuration(self) -> list[str]:
        lines = [
            f"listeners.tcp.1 = {LOOPBACK}:{self._at.amqp}",
            "disk_free_limit.absolute = 50MB",  # a small machine is no reason to block publishers
            "vm_memory_high_watermark.relative = 0.8",
        ]
        if self._at.http:
            lines += [
                f"management.tcp.ip = {LOOPBACK}",
                f"management.tcp.port = {self._at.http}",
                "management_agent.disable_metrics_collector = true",  # nobody looks at its charts
            ]
        return lines

    def environment(self) -> dict[str, str]:
        """Ours, without what could point the server at the system's broker."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        ours.pop("NOTIFY_SOCKET", None)
        folder = self._at.folder
        return ours | {
            "HOME": str(folder),  # Erlang keeps its cookie there
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._at.epmd),
            "ERL_FLAGS": "-start_epmd false",  # or a second one would outlive us as a daemon
            "RABBITMQ_NODENAME": f"gateway@{LOOPBACK}",  # no name to resolve, for a machine without /etc/hosts
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(folder / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_DIST_PORT": str(self._at.distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ON_LOOPBACK,
            "RABBITMQ_CTL_ERL_ARGS": ON_LOOPBACK,
            # The server's default lets idle Erlang threads sleep at once; waking them costs most of the start on
            # a virtual machine (10–16 s instead of 4).
            "RABBITMQ_SCHEDULER_BUSY_WAIT_THRESHOLD": "very_short",
            "RUNNING_UNDER_SYSTEMD": "true",  # become the Erlang VM, no shell around it that handles signals
        }

    def control(self, *arguments: str) -> list[str]:
        """See Runtime; its script lies beside the server's."""
        return [*self._prefix, str(self._server.with_name("rabbitmqctl")), *arguments]

    def cut(self) -> None:
        """Everything lives in the process group."""

    def discard(self) -> None:
        """Everything lives in the folder."""


class Container:
    """A Docker container, made at the first start, kept over cut and start, gone with discard."""

    def __init__(self, at: Plan) -> None:
        self._at = at
        self._name = f"gateway-broker-{at.amqp}"

    def prepare(self) -> list[str]:
        """Creates the container unless a start before did; see Runtime."""
        if _docker("container", "inspect", self._name) != 0:
            publish = ["--publish", f"{LOOPBACK}:{self._at.amqp}:5672"]
            if self._at.http:
                publish += ["--publish", f"{LOOPBACK}:{self._at.http}:15672"]
            if _docker("create", "--name", self._name, *publish, IMAGE) != 0:
                raise BrokerError(f"docker could not create a container of {IMAGE}")
        return ["docker", "start", "--attach", self._name]

    def environment(self) -> dict[str, str]:
        """Ours, and what the keeper does when we are killed."""
        return os.environ | {"KEEPER_LAST": shlex.join(["docker", "rm", "--force", "--volumes", self._name])}

    def control(self, *arguments: str) -> list[str]:
        """See Runtime."""
        return ["docker", "exec", self._name, "rabbitmqctl", *arguments]

    def cut(self) -> None:
        """Kills the broker in the container."""
        _docker("kill", self._name)

    def discard(self) -> None:
        """Removes the container and what it stored."""
        _docker("rm", "--force", "--volumes", self._name)


def _docker(*arguments: str) -> int:
    return subprocess.run(
        ["docker", *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False
    ).returncode
