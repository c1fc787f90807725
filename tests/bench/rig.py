"""What every row of the report stands on: one broker, one endpoint that answers at once, fresh queues for each trial.

    async with rig(folder) as bench:
        async with bench.trial("gateway") as trial:
            config = trial.configured(trial.gateway_settings(max_in_flight=200))
            trial.declare(config)
            await publish(trial.url, credit_syncs(20_000))
            async with trial.gateway(config) as program:
                print(await trial.measured(program, 20_000))

All of it is in `tests.bench.rig`; the modules below it are its parts.
"""

import asyncio
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractChannel
from pamqp.common import FieldValue

from deploy.local.management import Management, own_vhost
from deploy.local.node import Node
from deploy.local.runtimes import LOOPBACK, free_ports
from deploy.local.stack import status, toml
from tests.bench.endpoint import endpoint
from tests.bench.errors import BenchError, EndedError, StuckError
from tests.bench.load import credit_syncs, publish
from tests.bench.measure import Measured, measured, until
from tests.bench.programs import Program, inherited, running
from tests.bench.usage import Usage, usage
from tests.bench.wire import Route

__all__ = [
    "BenchError",
    "EndedError",
    "Measured",
    "Program",
    "Rig",
    "Route",
    "StuckError",
    "Trial",
    "Usage",
    "credit_syncs",
    "publish",
    "rig",
    "running",
    "until",
    "usage",
]

GATEWAY = (sys.executable, "-m", "gateway")
RESULTS_EXCHANGE, RESULTS = "gateway.results", "bench.results"
ACCEPTED = "*.*.*.accepted"
"""The only results that count: whoever refuses everything is fast."""

QUORUM: Final[dict[str, FieldValue]] = {"x-queue-type": "quorum"}
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Rig:
    """The broker and the endpoint of one run, and the folder of all its files."""

    node: Node
    endpoint_url: str
    folder: Path

    @asynccontextmanager
    async def trial(self, name: str) -> AsyncIterator["Trial"]:
        """A virtual host of its own with the results' exchange and queue, and an empty folder; gone afterwards."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with own_vhost(self.node.url, Management(self.node.management_url or "")) as vhost:
            async with await aio_pika.connect(vhost.url) as connection:
                channel = await connection.channel()
                await _results(channel)
                yield Trial(vhost.url, self.endpoint_url, folder, channel)


@dataclass(frozen=True)
class Trial:
    """One measurement: its broker URL, the endpoint's base URL, its folder, a channel to look with."""

    url: str
    endpoint_url: str
    folder: Path
    channel: AbstractChannel

    def gateway_settings(self, **account: Any) -> dict[str, Any]:
        """A configuration with everything on and an account at the endpoint, with these settings of the account.

        `base_url` among them names an endpoint of one's own, a slow one say. `http.port` is a free one, so that
        `gateway` can wait until it is ready.
        """
        (port,) = free_ports(1)
        at = {"base_url": self.endpoint_url, "app_id": "bench", "secret": "synthetic-secret"}
        return {
            "broker": {"url": self.url},
            "ledger": {"url": f"sqlite:///{self.folder.absolute() / 'gateway.db'}"},
            "http": {"host": LOOPBACK, "port": port},
            "log": {"format": "json"},
            "platforms": {"gd_accounting": {"default": {**at, **account}}},
        }

    def configured(self, settings: Mapping[str, Any]) -> Path:
        """The settings as a file for `--config`."""
        file = self.folder / "gateway.toml"
        file.write_text(toml(settings), encoding="utf-8")
        return file

    def declare(self, config: Path) -> None:
        """Make the gateway's exchanges and queues, so that events can wait before a gateway runs."""
        command = [*GATEWAY, "topology", "declare", "--config", str(config)]
        subprocess.run(command, check=True, capture_output=True, env=inherited())

    @asynccontextmanager
    async def gateway(self, config: Path, *, name: str = "gateway") -> AsyncIterator[Program]:
        """`gateway run` while the block runs, ready at its begin; its log is a file. Raises EndedError."""
        port = _port(config)
        with running([*GATEWAY, "run", "--config", str(config)], self.folder / f"{name}.log") as program:
            await _ready(program, port)
            yield program

    async def waiting(self, queue: str = RESULTS) -> int:
        """Messages ready in a queue; asked passively, which costs the broker next to nothing."""
        declared = await self.channel.declare_queue(queue, passive=True)
        return declared.declaration_result.message_count or 0

    async def done(self, program: Program, results: float) -> int:
        """Wait until so many results are there; gives the count. Raises StuckError, EndedError."""
        return await until(self.waiting, results, program)

    async def measured(self, program: Program, events: int, *, before: int = 0) -> Measured:
        """Rate and cost of the program between 10 and 95 % of `events` results, without those there `before`."""
        return await measured(program, self.waiting, events, before=before)


@asynccontextmanager
async def rig(folder: Path) -> AsyncIterator[Rig]:
    """Broker and endpoint while the block runs, with their files in `folder`, which must be nobody else's.

    The folder stays behind with its logs, without the broker's data.
    """
    node = Node(folder / "node", management=True)
    with ExitStack() as stack:
        stack.callback(node.remove)
        node.start()
        (folder / "nginx").mkdir(parents=True, exist_ok=True)
        url = stack.enter_context(endpoint(folder / "nginx"))
        yield Rig(node, url, folder)


async def _results(channel: AbstractChannel) -> None:
    """Where the results go of whoever is measured: the same durable topic exchange and quorum queue."""
    exchange = await channel.declare_exchange(RESULTS_EXCHANGE, "topic", durable=True)
    queue = await channel.declare_queue(RESULTS, durable=True, arguments=QUORUM)
    await queue.bind(exchange, ACCEPTED)


def _port(config: Path) -> int:
    port: int = tomllib.loads(config.read_text(encoding="utf-8"))["http"]["port"]
    return port


async def _ready(program: Program, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while await asyncio.to_thread(status, port, "/readyz") != 200:
        program.check()
        if time.monotonic() > deadline:
            raise EndedError(f"not ready within {READY_SECONDS:.0f} s, see {program.log}")
        await asyncio.sleep(0.02)
