"""Making the topology at the broker, and checking what is there against it."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import ChannelAccessRefused, ChannelClosed, ChannelNotFoundEntity

from gateway import management, platform, topology
from gateway.account import Account
from gateway.broker import open_channel
from gateway.management import Seen
from gateway.platform import Operation
from gateway.settings import Broker, Settings
from gateway.topology import Exchange, Names, Queue


def expected(settings: Settings, accounts: Sequence[Account]) -> tuple[list[Exchange], list[Queue]]:
    """The exchanges and queues that there must be for these accounts."""
    ladder = settings.retry.ladder_seconds
    queues = topology.shared_queues(ladder)
    for account in accounts:
        names = Names(account.platform, account.name)
        queues += topology.account_queues(names, platform.load(account.platform).operations)
    return topology.exchanges(ladder), queues


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


NOT_COMPARED = "cannot be compared: this user may not declare it; set broker.management_url"
"""Instead of drift. Not drift itself: least rights are no fault."""


async def check(
    connection: AbstractConnection, broker: Broker, exchanges: Iterable[Exchange], queues: Iterable[Queue]
) -> dict[str, list[str]]:
    """What differs from the design, by exchange and queue: an empty list where nothing does.

    AMQP can tell missing and different ones, but not bindings: those need the management interface. It also
    stands in where the user may not declare; without it such a one has NOT_COMPARED.
    """
    seen = await management.see(broker)
    found: dict[str, list[str]] = {}
    for exchange in exchanges:
        found[f"exchange {exchange.name}"] = await _drift_of_exchange(connection, exchange, seen)
    for queue in queues:
        drift = await _drift_of_queue(connection, queue, seen)
        if not drift and seen is not None:
            missing = set(queue.bindings) - seen.bindings.get(queue.name, set())
            drift = [f"missing binding: {exchange} with key {key!r}" for exchange, key in sorted(missing)]
        found[f"queue {queue.name}"] = drift
    return found


async def _drift_of_exchange(connection: AbstractConnection, exchange: Exchange, seen: Seen | None) -> list[str]:
    async with _channel(connection) as channel:
        try:
            await channel.declare_exchange(exchange.name, passive=True)
        except ChannelNotFoundEntity:
            return ["missing"]
    async with _channel(connection) as channel:
        try:
            await _declare_exchange(channel, exchange)
        except ChannelAccessRefused:
            wanted = {"type": exchange.type, "durable": True, "arguments": dict(exchange.arguments)}
            return _differences(wanted, seen.exchanges.get(exchange.name) if seen else None)
        except ChannelClosed as error:
            return [str(error)]
    return []


async def _drift_of_queue(connection: AbstractConnection, queue: Queue, seen: Seen | None) -> list[str]:
    async with _channel(connection) as channel:
        try:
            await channel.declare_queue(queue.name, passive=True)
        except ChannelNotFoundEntity:
            return ["missing"]
    async with _channel(connection) as channel:
        try:  # it exists, so this declares nothing: the broker compares
            await channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
        except ChannelAccessRefused:
            wanted = {"durable": True, "arguments": dict(queue.arguments)}
            return _differences(wanted, seen.queues.get(queue.name) if seen else None)
        except ChannelClosed as error:
            return [str(error)]
    return []


def _differences(wanted: Mapping[str, Any], there: Mapping[str, Any] | None) -> list[str]:
    """Between the design and what the management interface shows."""
    if there is None:
        return [NOT_COMPARED]
    return [f"{key} is {there.get(key)!r}, not {value!r}" for key, value in wanted.items() if there.get(key) != value]


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
