"""taskiq with its broker for RabbitMQ: a task. As a program, sends the task so many events."""

import asyncio
import itertools
import json
import sys
from typing import Any

import aio_pika
import aiohttp
from taskiq import TaskiqEvents, TaskiqState
from taskiq_aio_pika import AioPikaBroker, Queue, QueueType

from tests.bench.load import credit_syncs
from tests.bench.peers.common import AMQP_URL, AT_ONCE, JSON, KEY, RESULTS, TARGET, result

QUEUE = "bench"
SENT_AT_ONCE = 500

broker = AioPikaBroker(AMQP_URL, qos=AT_ONCE, task_queues=[Queue(name=QUEUE, type=QueueType.QUORUM)])


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def _open(state: TaskiqState) -> None:
    state.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE))


@broker.on_event(TaskiqEvents.WORKER_SHUTDOWN)
async def _close(state: TaskiqState) -> None:
    await state.http.close()


@broker.task("handle")
async def handle(event: dict[str, Any]) -> None:
    """Do one event; taskiq acknowledges it when this has returned."""
    async with broker.state.http.post(TARGET, json=event["data"]) as response:
        answer = await response.json()
    body, persistent = result(event, answer), aio_pika.DeliveryMode.PERSISTENT
    told = aio_pika.Message(body, content_type=JSON, delivery_mode=persistent, correlation_id=event["id"])
    results = await broker.write_channel.get_exchange(RESULTS, ensure=False)  # asks the broker nothing
    await results.publish(told, KEY)


async def main(count: int) -> None:
    """Send events."""
    await broker.startup()
    left = map(json.loads, credit_syncs(count))
    while group := list(itertools.islice(left, SENT_AT_ONCE)):
        await asyncio.gather(*(handle.kiq(event) for event in group))
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
