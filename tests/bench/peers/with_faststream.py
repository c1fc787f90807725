"""FastStream: a subscriber and a publisher. Takes plain events from the queue that is named."""

import asyncio
import logging
import sys
from typing import Any

import aiohttp
from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, ExchangeType, QueueType, RabbitBroker, RabbitExchange, RabbitQueue

from tests.bench.peers.common import AMQP_URL, AT_ONCE, JSON, KEY, RESULTS, TARGET, result


def application(queue_name: str) -> FastStream:
    """The broker with its handler, and the HTTP session that lives as long."""
    channel = Channel(prefetch_count=AT_ONCE, publisher_confirms=True)
    # A logger of our own, at Python's level: warnings and worse, no lines about each event.
    broker = RabbitBroker(AMQP_URL, default_channel=channel, logger=logging.getLogger("bench"))
    results = RabbitExchange(RESULTS, type=ExchangeType.TOPIC, durable=True)
    queue = RabbitQueue(queue_name, queue_type=QueueType.QUORUM, durable=True)
    app = FastStream(broker)
    sessions: list[aiohttp.ClientSession] = []

    @app.on_startup
    async def _open() -> None:
        sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)))

    @app.after_shutdown
    async def _close() -> None:
        await sessions.pop().close()

    @broker.subscriber(queue, ack_policy=AckPolicy.NACK_ON_ERROR)
    async def _handle(event: dict[str, Any]) -> None:
        async with sessions[0].post(TARGET, json=event["data"]) as response:
            answer = await response.json()
        told = result(event, answer)
        await broker.publish(
            told, exchange=results, routing_key=KEY, persist=True, content_type=JSON, correlation_id=event["id"]
        )

    return app


if __name__ == "__main__":
    asyncio.run(application(sys.argv[1]).run())
