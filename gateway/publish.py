"""Publishing events as an internal service would, and waiting for their results on a queue of our own."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

import orjson
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue

from gateway.broker import Outgoing, Publisher, connect
from gateway.errors import RefusedError
from gateway.settings import Broker
from gateway.topology import EVENTS
from schemas.envelope import CONTENT_TYPE, LONGEST


def outgoing(event: Mapping[str, Any], reply_to: str | None = None) -> Outgoing:
    """The message of an event; its routing key follows from its type and account.

    Raises RefusedError for an id or a key that AMQP cannot carry.
    """
    platform, _, operation = str(event.get("type", "")).partition(".")
    key = f"{platform}.{event.get('account', 'default')}.{operation}"
    for name, value in (("id", str(event.get("id", ""))), ("type and account", key)):
        if len(value.encode(errors="replace")) > LONGEST:
            raise RefusedError(f"{name}: at most {LONGEST} bytes can be carried")
    properties = {
        "content_type": CONTENT_TYPE,
        "message_id": str(event.get("id", "")) or None,
        "reply_to": reply_to,
    }
    return Outgoing(EVENTS, key, orjson.dumps(event), properties)


async def publish_events(broker: Broker, events: Sequence[Mapping[str, Any]], wait: float) -> list[dict[str, Any]]:
    """Publish in order, each confirmed; a row for each event, with its result when one came within `wait` seconds.

    Raises NotPublishedError when the broker did not take one of them.
    """
    async with connect(broker, "gateway publish") as connection:
        publisher = await Publisher.open(connection)
        channel = await connection.channel()
        replies = await channel.declare_queue(exclusive=True) if wait else None
        async with _collected(replies) as collected:
            started: dict[str, float] = {}
            for event in events:
                started[str(event.get("id"))] = perf_counter()
                await publisher.publish(outgoing(event, replies.name if replies else None))
            if wait:
                await _all_there(collected, started, wait)
    return [_row(event, collected.get(str(event.get("id"))), started) for event in events]


@asynccontextmanager
async def _collected(replies: AbstractQueue | None) -> AsyncIterator[dict[str, tuple[float, dict[str, Any]]]]:
    """Results as they come: event id to the time of arrival and the result's data."""
    found: dict[str, tuple[float, dict[str, Any]]] = {}

    async def take(message: AbstractIncomingMessage) -> None:
        data = orjson.loads(message.body)["data"]
        found.setdefault(str(data["event_id"]), (perf_counter(), data))

    if replies is not None:
        await replies.consume(take, no_ack=True)
    yield found


async def _all_there(found: Mapping[str, Any], wanted: Mapping[str, float], wait: float) -> None:
    deadline = perf_counter() + wait
    while not wanted.keys() <= found.keys() and perf_counter() < deadline:  # noqa: ASYNC110 - a command, not a server
        await asyncio.sleep(0.02)


def _row(
    event: Mapping[str, Any], came: tuple[float, dict[str, Any]] | None, started: Mapping[str, float]
) -> dict[str, Any]:
    at, result = came or (0.0, {})
    identity = str(event.get("id"))
    return {
        "event": identity,
        "type": event.get("type"),
        "outcome": result.get("outcome", "no result yet" if came is None else None),
        "category": result.get("category"),
        "code": result.get("code"),
        "message": result.get("message"),
        "attempts": result.get("attempts"),
        "milliseconds": round((at - started[identity]) * 1000) if came else None,
    }
