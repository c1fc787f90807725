"""Who is measured: the gateway, and what users would pick instead, each on fresh queues with its own events."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import nodejs
from tests.bench.errors import BenchError
from tests.bench.load import credit_syncs, publish
from tests.bench.programs import inherited
from tests.bench.rig import QUORUM, Program, Trial, running, until
from tests.bench.wire import Route

GATEWAY, BY_HAND, FASTSTREAM, NODE = "gateway", "aio-pika + aiohttp by hand", "FastStream", "Node, amqplib + undici"
BENCH_PYTHON = Path(".venv-bench/bin").absolute()
PEERS = "tests.bench.peers"
QUEUE = "bench"
AT_ONCE = 200
PREFETCH = {"dramatiq_queue_prefetch": str(AT_ONCE)}
"""dramatiq takes it from the environment alone."""


@dataclass(frozen=True)
class Peer:
    """`command` works on the queue `bench`; `sender` is its module that sends events, None where plain ones do."""

    name: str
    command: Callable[[], tuple[str, ...]]
    sender: str | None = None


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (str(BENCH_PYTHON / "python"), "-m", module, *arguments)


def _by_hand() -> tuple[str, ...]:
    return _python(f"{PEERS}.by_hand", QUEUE)


def _faststream() -> tuple[str, ...]:
    return _python(f"{PEERS}.with_faststream", QUEUE)


def _dramatiq() -> tuple[str, ...]:
    return _python("dramatiq", f"{PEERS}.with_dramatiq", "--processes", "1", "--threads", str(AT_ONCE))


def _celery() -> tuple[str, ...]:
    pool = ("--pool", "gevent", "--concurrency", str(AT_ONCE), "--loglevel", "WARNING")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return _python("celery", "--app", f"{PEERS}.with_celery", "worker", *pool, *quiet)


def _taskiq() -> tuple[str, ...]:
    at_once = ("--workers", "1", "--max-async-tasks", str(AT_ONCE), "--ack-type", "when_executed")
    return _python("taskiq", "worker", f"{PEERS}.with_taskiq:broker", *at_once, "--log-level", "WARNING")


def _node() -> tuple[str, ...]:
    """Installs its packages first. Raises BenchError."""
    try:
        folder = nodejs.installed(Path(__file__).parent / "peers" / "node", Path(".run") / "bench")
    except nodejs.NodeError as missing:
        raise BenchError(str(missing)) from None
    return ("node", str(folder / "loop.js"), QUEUE)


ALL_PEERS = (
    Peer(BY_HAND, _by_hand),
    Peer(FASTSTREAM, _faststream),
    Peer("dramatiq", _dramatiq, "with_dramatiq"),
    Peer("celery", _celery, "with_celery"),
    Peer("taskiq", _taskiq, "with_taskiq"),
    Peer(NODE, _node),
)


@asynccontextmanager
async def gateway_at_work(trial: Trial, events: int) -> AsyncIterator[Program]:
    """A gateway with everything on and so many events before it."""
    config = trial.configured(trial.gateway_settings(max_in_flight=AT_ONCE))
    trial.declare(config)
    await publish(trial.url, credit_syncs(events))
    async with trial.gateway(config) as program:
        yield program


@asynccontextmanager
async def peer_at_work(peer: Peer, trial: Trial, events: int) -> AsyncIterator[Program]:
    """The peer with so many events before it, sent the way that is its own."""
    environment = {
        "BENCH_AMQP_URL": trial.url,
        "BENCH_ENDPOINT": trial.endpoint_url,
        "dramatiq_queue_prefetch": "200",
    }
    if peer.sender is None:
        await trial.channel.declare_queue(QUEUE, durable=True, arguments=QUORUM)
        await publish(trial.url, credit_syncs(events), Route("", QUEUE, "application/json"))
    else:
        await asyncio.to_thread(_send, peer.sender, environment, events, trial.folder / "sent.log")

    async def sent() -> int:
        return await trial.waiting(QUEUE)

    await until(sent, events)
    with running(peer.command(), trial.folder / "worker.log", environment) as program:
        yield program


def _send(module: str, environment: Mapping[str, str], events: int, log: Path) -> None:
    """Raises BenchError."""
    command = _python(f"{PEERS}.{module}", str(events))
    with log.open("ab") as out:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**inherited(), **environment}, check=False
        ).returncode
    if code != 0:
        raise BenchError(f"{module} could not send its events, see {log}")
