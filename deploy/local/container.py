"""A private broker in a Docker container."""

import os
import shlex
import subprocess

from deploy.local.machine import ADVANCED, IMAGE, BrokerError
from deploy.local.runtimes import LOOPBACK, Plan


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
            configured = ["--volume", f"{ADVANCED}:/etc/rabbitmq/advanced.config:ro"]
            if _docker("create", "--name", self._name, *publish, *configured, IMAGE) != 0:
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
