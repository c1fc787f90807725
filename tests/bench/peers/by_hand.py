"""The loop that a team would write: aio-pika and aiohttp. Takes plain events from the queue that is named."""

import asyncio
import json
import sys
from functools import partial

import aio_pika
import aiohttp
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage

from tests.bench.peers.common import AMQP_URL, AT_ONCE, JSON, KEY, RESULTS, TARGET, result


async def main(queue_name: str) -> None:
    """Work until the end."""
    connection = await aio_pika.connect_robust(AMQP_URL)
    channel = await connection.channel(publisher_confirms=True)
    await channel.set_qos(prefetch_count=AT_ONCE)
    results = await channel.get_exchange(RESULTS)
    queue = await channel.get_queue(queue_name)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        await queue.consume(partial(_handle, session, results))
        await asyncio.Event().wait()


async def _handle(
    session: aiohttp.ClientSession, results: AbstractExchange, message: AbstractIncomingMessage
) -> None:
    async with message.process(requeue=True):
        event = json.loads(message.body)
        async with session.post(TARGET, json=event["data"]) as response:
            answer = await response.json()
        body = result(event, answer)
        persistent = aio_pika.DeliveryMode.PERSISTENT
        told = aio_pika.Message(body, content_type=JSON, delivery_mode=persistent, correlation_id=event["id"])
        await results.publish(told, KEY)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
