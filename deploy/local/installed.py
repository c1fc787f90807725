"""A private broker run from the installed server's own start script: the same for root and for everybody else."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from deploy.local.machine import ADVANCED
from deploy.local.runtimes import LOOPBACK, Plan

ON_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"


class Installed:
    """See Runtime. `prefix` goes before every command that runs a part of the server.

    It has an epmd of its own, or shares one with its cluster alone, so the node's name may be the same everywhere
    (the data can be read only under the name that wrote it) and neither a system broker nor another clone is met.
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
        if self._at.membership:
            _write_cookie(folder / ".erlang.cookie", self._at.membership.cookie)
            return [*self._prefix, str(self._server)]
        epmd = shlex.join(_epmd(self._at.epmd))
        return [*self._prefix, "sh", "-c", f'{epmd} & exec "$0"', str(self._server)]

    def port_mapper(self) -> list[str]:
        """The command that runs the port mapper of a cluster in the foreground, in the same environment."""
        return [*self._prefix, *_epmd(self._at.epmd)]

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
        if self._at.membership:
            lines.append("cluster_partition_handling = pause_minority")  # or a cut-off node grants a second lease
            lines.append("cluster_formation.peer_discovery_backend = classic_config")
            for name in {self._at.membership.joins, self._at.membership.name}:
                lines.append(f"cluster_formation.classic_config.nodes.{name} = {name}@{LOOPBACK}")
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
            "RABBITMQ_NODENAME": self._at.node_name,
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(folder / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(ADVANCED),
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


def _epmd(port: int) -> list[str]:
    return ["epmd", "-address", LOOPBACK, "-port", str(port)]


def _write_cookie(file: Path, cookie: str) -> None:
    """What nodes of one cluster know each other by; Erlang refuses one that others may read."""
    file.unlink(missing_ok=True)
    file.touch(0o600)
    file.write_text(cookie)
