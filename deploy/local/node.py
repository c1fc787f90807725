"""A private RabbitMQ on loopback: for the demo, for a local gateway and for tests that kill their broker.

Nodes share nothing: not their ports, not their data, not Erlang's port mapper. Whatever happens to the process
that started one, kill -9 included, no process of the node stays behind.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from deploy.local import machine, rabbitmq4
from deploy.local.container import Container
from deploy.local.installed import Installed
from deploy.local.machine import BrokerError
from deploy.local.runtimes import LOOPBACK, Membership, Plan, Runtime, is_free, plan

__all__ = ["BrokerError", "Node", "broker"]

START_SECONDS = 120
STOP_SECONDS = 20
GREETING = b"AMQP\x00\x00\x09\x01"


class Node:
    """One broker with its data in `folder` (made if it is missing, left behind by `stop`).

    `management=True` adds the HTTP API at `management_url` (about 1.5 s more to start, 5 s more to stop). A later
    Node on the same folder finds the same data, under new ports; in a container the data goes with `stop`.
    Not for several threads at the same time. `membership` is given by the cluster it belongs to.
    """

    def __init__(self, folder: Path, *, management: bool = False, membership: Membership | None = None) -> None:
        self._at = plan(folder, management=management, membership=membership)
        self._runtime: Runtime | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._claim: int | None = None

    @property
    def url(self) -> str:
        """The AMQP URL; the same over every restart of this object."""
        return f"amqp://guest:guest@{LOOPBACK}:{self._at.amqp}/"

    @property
    def management_url(self) -> str | None:
        """The HTTP API's URL, credentials included; None without the plugin."""
        return f"http://guest:guest@{LOOPBACK}:{self._at.http}" if self._at.http else None

    @property
    def folder(self) -> Path:
        """Where its data and its logs are."""
        return self._at.folder

    @property
    def running(self) -> bool:
        """Whether the broker's process lives."""
        return self._keeper is not None and self._keeper.poll() is None

    def start(self) -> None:
        """Starts the broker and returns when it speaks AMQP; does nothing when it runs.

        Raises BrokerError, one line, when there is no broker to be had or it does not come up.
        """
        if self.running:
            return
        self._cut()
        try:
            self._keeper = self._launch()
            self._await_amqp()
        except BaseException:
            self._cut()
            self._discard()
            raise

    def stop(self) -> None:
        """Ends the broker in good order, or the hard way after 20 s."""
        try:
            if self._keeper is not None and self._keeper.stdin is not None:
                with suppress(BrokenPipeError, subprocess.TimeoutExpired):
                    self._keeper.stdin.write(b"stop\n")
                    self._keeper.wait(STOP_SECONDS)
        finally:
            self._cut()
            self._discard()

    def kill(self) -> None:
        """Ends the broker like a power cut (SIGKILL); its data stays for the next `start`. Takes about a second.

        Before that the broker writes its Raft terms down, as it does every 5 s by itself: killed earlier, a quorum
        queue that is younger than that stays without a leader for ever (rabbitmq-server#10070).
        """
        with suppress(subprocess.TimeoutExpired):
            self.evaluate("[dets:sync(Table) || Table <- dets:all()].")
        self._cut()

    def evaluate(self, erlang: str, seconds: float = STOP_SECONDS) -> None:
        """Has a running broker evaluate this; what it says is not looked at. Takes about a second.

        Raises subprocess.TimeoutExpired when it takes longer than `seconds`.
        """
        if self.running and self._runtime is not None:
            command, environment = self._runtime.control("-q", "eval", erlang), self._runtime.environment()
            subprocess.run(command, env=environment, capture_output=True, check=False, timeout=seconds)

    def _cut(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            if self._runtime is not None:
                self._runtime.cut()
            with suppress(ProcessLookupError):
                os.killpg(keeper.pid, signal.SIGKILL)
            keeper.communicate()
            _wait_until_free(self._at.ports)
        claim, self._claim = self._claim, None
        if claim is not None:
            os.close(claim)

    def _discard(self) -> None:
        if self._runtime is not None:
            self._runtime.discard()

    def remove(self) -> None:
        """Ends the broker at once and deletes all it stored, the folder included."""
        self._cut()
        self._discard()
        shutil.rmtree(self._at.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Starts it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops it."""
        self.stop()

    def _launch(self) -> subprocess.Popen[bytes]:
        folder = self._at.folder
        folder.mkdir(parents=True, exist_ok=True)
        self._claim = _claim(folder)
        if self._runtime is None:
            self._runtime = runtime(self._at)
        return keep(self._runtime.prepare(), self._runtime.environment(), folder, self._log)

    @property
    def _log(self) -> Path:
        return self._at.folder / "broker.log"

    def _await_amqp(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _speaks_amqp(self._at.amqp):
            if not self.running:
                raise BrokerError(f"the broker ended while it started, see {self._log}")
            if time.monotonic() > deadline:
                raise BrokerError(f"the broker did not answer within {START_SECONDS} s, see {self._log}")
            time.sleep(0.05)


def runtime(at: Plan) -> Runtime:
    """How a broker runs here. May install it first. Raises BrokerError."""
    if rabbitmq4.WANTED:
        return Installed(at, rabbitmq4.SERVER, rabbitmq4.ensure())
    server = machine.ensure(at.folder / "install.log")
    return Installed(at, server) if server else Container(at)


def keep(command: list[str], environment: dict[str, str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Runs the command in `folder` under keeper.sh, which ends it when we are gone, however that comes."""
    with log.open("ab") as out:
        return subprocess.Popen(
            ["sh", str(machine.HERE / "keeper.sh"), *command],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            env=environment,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for us; we end the broker when we have ended our own work
        )


@contextmanager
def broker(run_dir: Path) -> Iterator[str]:
    """The URL of a broker: the one named by GATEWAY_BROKER__URL, else a node in `run_dir` while the block runs."""
    if url := machine.given_url():
        yield url
        return
    with Node(run_dir) as node:
        yield node.url


def _claim(folder: Path) -> int:
    """An open file that says "taken" for as long as it is open: two brokers on the same data would destroy it."""
    file = os.open(folder / "claim", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise BrokerError(f"another broker of yours runs in {folder}: end that one first") from None
    return file


def _speaks_amqp(port: int) -> bool:
    """Whether a broker answers the protocol header: it opens this port last, so then everything else works too."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=5) as connection:
            connection.sendall(GREETING)
            return connection.recv(1) == b"\x01"
    except OSError:
        return False


def _wait_until_free(ports: list[int]) -> None:
    """Waits for the kernel to take a killed broker's sockets away, so that a start may follow at once."""
    deadline = time.monotonic() + STOP_SECONDS
    while not all(is_free(port) for port in ports) and time.monotonic() < deadline:
        time.sleep(0.01)
