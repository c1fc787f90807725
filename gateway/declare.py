"""Making the topology at the broker, and checking what is there against it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import quote

import aiohttp
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import ChannelClosed, ChannelNotFoundEntity
from yarl import URL

from gateway import topology
from gateway.broker import open_channel
from gateway.errors import UnavailableError
from gateway.platform import Operation
from gateway.settings import Broker
from gateway.topology import Exchange, Names, Queue


async def declare_shared(connection: AbstractConnection, ladder: Sequence[int]) -> None:
    """Exchanges, the queue of the unrouted and the ladder. Raises ChannelPreconditionFailed on drift."""
    async with _channel(connection) as channel:
        for exchange in topology.exchanges(ladder):
            await _declare_exchange(channel, exchange)
        await _declare_queues(channel, topology.shared_queues(ladder))


async def declare_account(connection: AbstractConnection, names: Names, operations: Mapping[str, Operation]) -> None:
    """An account's queues and bindings. Raises ChannelPreconditionFailed on drift."""
    async with _channel(connection) as channel:
        await _declare_queues(channel, topology.account_queues(names, operations))


async def check(
    connection: AbstractConnection, broker: Broker, exchanges: Iterable[Exchange], queues: Iterable[Queue]
) -> dict[str, list[str]]:
    """What differs from the design, by exchange and queue: an empty list where nothing does.

    AMQP can tell missing and different ones, but not bindings: those need the management interface.
    """
    found: dict[str, list[str]] = {}
    for exchange in exchanges:
        found[f"exchange {exchange.name}"] = await _drift_of_exchange(connection, exchange)
    bindings = await _bindings(broker)
    for queue in queues:
        drift = await _drift_of_queue(connection, queue)
        if not drift and bindings is not None:
            missing = set(queue.bindings) - bindings.get(queue.name, set())
            drift = [f"missing binding: {exchange} with key {key!r}" for exchange, key in sorted(missing)]
        found[f"queue {queue.name}"] = drift
    return found


async def _drift_of_exchange(connection: AbstractConnection, exchange: Exchange) -> list[str]:
    async with _channel(connection) as channel:
        try:
            await channel.declare_exchange(exchange.name, passive=True)
        except ChannelNotFoundEntity:
            return ["missing"]
    async with _channel(connection) as channel:
        try:
            await _declare_exchange(channel, exchange)
        except ChannelClosed as error:
            return [str(error)]
    return []


async def _drift_of_queue(connection: AbstractConnection, queue: Queue) -> list[str]:
    async with _channel(connection) as channel:
        try:
            await channel.declare_queue(queue.name, passive=True)
        except ChannelNotFoundEntity:
            return ["missing"]
    async with _channel(connection) as channel:
        try:  # it exists, so this declares nothing: the broker compares
            await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
        except ChannelClosed as error:
            return [str(error)]
    return []


async def _bindings(broker: Broker) -> dict[str, set[tuple[str, str]]] | None:
    """Queue name to its bindings, from the management interface; None where none is configured."""
    if broker.management_url is None:
        return None
    vhost = URL(broker.url).path.lstrip("/") or "/"
    base = URL(broker.management_url)
    path = f"{base.path.rstrip('/')}/api/bindings/{quote(vhost, safe='')}"
    url = base.with_user(None).with_path(path, encoded=True)
    auth = aiohttp.BasicAuth(base.user or "guest", base.password or "guest")
    try:
        async with aiohttp.ClientSession(auth=auth) as http, http.get(url, raise_for_status=True) as response:
            rows = await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        kind = type(error).__name__
        raise UnavailableError(f"the management interface at {base.host}:{base.port} fails: {kind}") from None
    found: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row["destination"], set()).add((row["source"], row["routing_key"]))
    return found


async def _declare_exchange(channel: AbstractChannel, exchange: Exchange) -> None:
    await channel.declare_exchange(exchange.name, exchange.type, durable=True, arguments=dict(exchange.arguments))


async def _declare_queues(channel: AbstractChannel, queues: Iterable[Queue]) -> None:
    for queue in queues:
        declared = await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
        for exchange, key in queue.bindings:
            await declared.bind(exchange, key)


@asynccontextmanager
async def _channel(connection: AbstractConnection) -> AsyncIterator[AbstractChannel]:
    channel = await open_channel(connection)
    try:
        yield channel
    finally:
        if not channel.is_closed:
            await channel.close()
