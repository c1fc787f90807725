"""dramatiq: an actor. As a program, sends the actor so many events."""

import json
import sys
from typing import Any

import dramatiq
import pika
import urllib3
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from tests.bench.load import credit_syncs
from tests.bench.peers.common import AMQP_URL, AT_ONCE, JSON, KEY, RESULTS, TARGET, result

QUEUE = "bench"


class QuorumBroker(RabbitmqBroker):
    """Its queues are quorum queues, for which it has no option."""

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        return {**super()._build_queue_arguments(queue_name), "x-queue-type": "quorum"}


broker = QuorumBroker(url=AMQP_URL, confirm_delivery=True)
dramatiq.set_broker(broker)
http = urllib3.PoolManager(maxsize=AT_ONCE, block=True)


@dramatiq.actor(queue_name=QUEUE)
def handle(event: dict[str, Any]) -> None:
    """Do one event; dramatiq acknowledges it when this has returned."""
    answer = http.request("POST", TARGET, json=event["data"]).json()
    about = pika.BasicProperties(content_type=JSON, delivery_mode=2, correlation_id=event["id"])
    broker.channel.basic_publish(RESULTS, KEY, result(event, answer), about)


if __name__ == "__main__":
    for body in credit_syncs(int(sys.argv[1])):
        handle.send(json.loads(body))
    broker.close()
