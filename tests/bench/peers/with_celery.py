"""celery: a task, acknowledged late. As a program, sends the task so many events."""

import json
import sys
from typing import Any

import urllib3
from celery import Celery

from tests.bench.load import credit_syncs
from tests.bench.peers.common import AMQP_URL, AT_ONCE, JSON, KEY, RESULTS, TARGET, result

QUEUE = "bench"
PUBLISHERS = 50
"""Connections on which results are published: each waits for its confirm."""

app = Celery("bench", broker=AMQP_URL)
app.conf.update(
    broker_pool_limit=PUBLISHERS,
    broker_transport_options={"confirm_publish": True},
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue=QUEUE,
    task_default_queue_type="quorum",
    task_ignore_result=True,
    worker_prefetch_multiplier=1,  # of the concurrency
)
http = urllib3.PoolManager(maxsize=AT_ONCE, block=True)


@app.task(name="handle")
def handle(event: dict[str, Any]) -> None:
    """Do one event; celery acknowledges it when this has returned."""
    answer = http.request("POST", TARGET, json=event["data"]).json()
    told = {"content_type": JSON, "content_encoding": "utf-8", "delivery_mode": 2, "correlation_id": event["id"]}
    with app.producer_pool.acquire(block=True) as producer:
        producer.publish(result(event, answer), exchange=RESULTS, routing_key=KEY, **told)


if __name__ == "__main__":
    for body in credit_syncs(int(sys.argv[1])):
        handle.delay(json.loads(body))
