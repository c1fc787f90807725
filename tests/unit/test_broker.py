"""Connecting: a cluster has several nodes, and any of them will do."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aio_pika
import pytest
from pydantic import ValidationError

from gateway.broker import BrokerAwayError, connect, has_gone
from gateway.settings import Broker


@asynccontextmanager
async def hanging_up(asked: Counter[int]) -> AsyncIterator[int]:
    """The port of a node that lets nobody in; `asked` counts how often each was tried."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked[writer.get_extra_info("sockname")[1]] += 1
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1") as server:
        yield server.sockets[0].getsockname()[1]


async def test_every_node_is_asked_once_and_each_that_failed_is_named() -> None:
    asked: Counter[int] = Counter()
    async with AsyncExitStack() as stack:
        first, *others = [await stack.enter_async_context(hanging_up(asked)) for _ in range(3)]
        broker = Broker(url=f"amqp://somebody:secret@127.0.0.1:{first}/", other_nodes=_at(others))
        with pytest.raises(BrokerAwayError) as refusal:
            async with connect(broker, "test"):
                pass
    assert asked == Counter([first, *others])
    assert all(f"the broker at 127.0.0.1:{port} cannot be reached" in str(refusal.value) for port in asked)
    assert "secret" not in str(refusal.value)


def _at(ports: list[int]) -> tuple[str, ...]:
    return tuple(f"127.0.0.1:{port}" for port in ports)


@pytest.mark.parametrize("node", ["rabbit-2", "rabbit-2:5673", "10.0.0.2", "[::1]:5672"])
def test_another_node_is_a_host_with_or_without_a_port(node: str) -> None:
    assert Broker(other_nodes=(node,)).other_nodes == (node,)


@pytest.mark.parametrize(
    "node", ["", "a b", "amqp://rabbit-2", "guest:guest@rabbit-2", "rabbit-2/", "rabbit-2:99999", "a,b"]
)
def test_what_is_no_host_is_refused(node: str) -> None:
    with pytest.raises(ValidationError, match=r"must be host or host:port|Port out of range"):
        Broker(other_nodes=(node,))


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (Exception(), True),  # what aiormq raises on a channel that closes under a question
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (aio_pika.exceptions.ChannelInvalidStateError(), True),
        (ValueError("a defect"), False),
        (RuntimeError("a defect"), False),
        (KeyError("a defect"), False),
    ],
)
def test_a_defect_of_ours_is_not_taken_for_a_broker_that_went_away(error: Exception, gone: bool) -> None:
    assert has_gone(error) is gone


async def test_a_connection_that_ends_without_a_word_is_named_and_a_defect_keeps_its_name(vhost_url: str) -> None:
    with pytest.raises(BrokerAwayError, match="the connection to the broker has closed"):
        async with connect(Broker(url=vhost_url), "test"):
            raise Exception  # noqa: TRY002 - as the client library does
    with pytest.raises(ValueError, match="a defect"):
        async with connect(Broker(url=vhost_url), "test"):
            raise ValueError("a defect")
