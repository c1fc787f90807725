"""A private broker starts anywhere, keeps what it confirmed, and leaves nothing behind, however its owner ends."""

import asyncio
import signal
import subprocess
import sys
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import aio_pika
import pytest
from pamqp.common import FieldTable

from deploy.local import rabbitmq4
from deploy.local.management import Management, Vhost, own_vhost
from deploy.local.node import BrokerError, Node, broker
from deploy.local.runtimes import LOOPBACK

ROOT = Path(__file__).parents[2]
QUORUM: FieldTable = {"x-queue-type": "quorum"}


def processes_of(folder: Path) -> list[Path]:
    """Every living process that was started with this folder as its home."""
    mark = f"HOME={folder}\0".encode()
    return [process for process in Path("/proc").glob("[0-9]*") if mark in content(process / "environ")]


def content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # gone meanwhile, or somebody else's
        return b""


def assert_nothing_left_of(folder: Path) -> None:
    """Erlang's own helpers follow their VM within moments."""
    deadline = time.monotonic() + 10
    while (left := processes_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [content(process / "cmdline") for process in left] == []


def listening_addresses(processes: list[Path]) -> list[IPv4Address | IPv6Address]:
    """What the kernel says about the listening TCP sockets of these processes."""
    sockets = {str(fd.readlink()) for process in processes for fd in (process / "fd").iterdir()}
    rows = [
        row.split() for table in ("tcp", "tcp6") for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return [decoded(row[1]) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]


def decoded(local: str) -> IPv4Address | IPv6Address:
    """The kernel writes an address as 32-bit words, each in the byte order of the machine."""
    words = bytes.fromhex(local.partition(":")[0])
    return ip_address(b"".join(words[i : i + 4][::-1] for i in range(0, len(words), 4)))


async def put(url: str, queue: str, body: bytes) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.declare_queue(queue, durable=True, arguments=QUORUM)
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, queue)


async def take(url: str, queue: str) -> bytes:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        kept = await channel.declare_queue(queue, durable=True, arguments=QUORUM)
        message = await kept.get(timeout=10)
        assert message is not None
        await message.ack()
        return message.body


async def test_a_message_survives_kill_and_start_under_the_same_url(broker_node: Node) -> None:
    url = broker_node.url
    await put(url, "kept", b"confirmed before the power cut")
    broker_node.kill()
    assert not broker_node.running
    with pytest.raises(OSError, match=r"Connect|refused"):
        await aio_pika.connect(url)
    broker_node.start()
    assert broker_node.url == url
    assert await take(url, "kept") == b"confirmed before the power cut"


async def test_a_broker_that_runs_is_not_started_twice(broker_node: Node) -> None:
    before = len(processes_of(broker_node.folder))
    broker_node.start()
    assert len(processes_of(broker_node.folder)) == before


async def test_two_nodes_run_at_once_and_do_not_see_each_other(broker_node: Node, broker_url: str) -> None:
    await put(broker_node.url, "where", b"there")
    await put(broker_url, "where", b"here")
    assert await take(broker_url, "where") == b"here"
    assert await take(broker_node.url, "where") == b"there"


async def test_a_virtual_host_is_empty_and_gone_afterwards(broker_node: Node) -> None:
    with own_vhost(broker_node.url, Management(broker_node.management_url or "")) as own:
        await put(own.url, "mine", b"1")
    with pytest.raises(aio_pika.exceptions.AMQPConnectionError):
        await aio_pika.connect(own.url)


async def test_an_operator_closes_the_connections_of_one_virtual_host(vhost: Vhost, broker_url: str) -> None:
    mine, other = await aio_pika.connect(vhost.url), await aio_pika.connect(broker_url)
    closed = asyncio.Event()
    mine.close_callbacks.add(lambda *_: closed.set())
    vhost.close_connections()
    await asyncio.wait_for(closed.wait(), 10)
    await other.channel()
    await other.close()


def test_stop_leaves_no_process_and_frees_the_ports_but_keeps_the_data(tmp_path: Path) -> None:
    with broker(tmp_path):
        running = b" ".join(content(process / "cmdline") for process in processes_of(tmp_path))
        assert b"beam" in running
        assert b"epmd" in running
    assert_nothing_left_of(tmp_path)
    assert (tmp_path / "data").is_dir()


def test_every_port_of_a_node_is_on_loopback(broker_node: Node) -> None:
    listening = listening_addresses(processes_of(broker_node.folder))
    assert len(listening) >= 4
    assert all(address.is_loopback for address in listening)


def test_a_parent_killed_without_warning_leaves_no_process(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time; from deploy.local.node import Node; "
        "Node(pathlib.Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        assert processes_of(tmp_path)
        parent.send_signal(signal.SIGKILL)
    assert_nothing_left_of(tmp_path)


def test_a_broker_that_cannot_start_says_so_in_one_line_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = tmp_path / "rabbitmq-server"
    server.write_text("#!/bin/sh\necho no room; exit 1\n")
    server.chmod(0o755)
    monkeypatch.setattr(rabbitmq4, "WANTED", False)
    monkeypatch.setattr("deploy.local.machine.find_server", lambda: server)
    with pytest.raises(BrokerError, match=r"^the broker ended while it started, see .*broker\.log$"):
        Node(tmp_path / "node").start()
    assert (tmp_path / "node" / "broker.log").read_text() == "no room\n"
    assert_nothing_left_of(tmp_path / "node")


def test_a_second_broker_on_the_same_data_is_refused(broker_node: Node) -> None:
    with pytest.raises(BrokerError, match="another broker of yours runs in"):
        Node(broker_node.folder).start()
    assert broker_node.running


def test_a_broker_named_in_the_environment_is_used_and_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_BROKER__URL", f"amqp://somebody@{LOOPBACK}:1/")
    with broker(tmp_path / "never") as url:
        assert url == f"amqp://somebody@{LOOPBACK}:1/"
    assert not (tmp_path / "never").exists()
