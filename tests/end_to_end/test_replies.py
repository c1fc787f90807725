"""`reply_to`: the result goes straight there as well; and results that nobody is there to take."""

import json
from typing import Any

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from prometheus_client import REGISTRY

from tests.support.events import check, credit
from tests.support.outside import Outside, eventually, mobile_login, until
from tests.support.scene import Scene, queue


async def test_a_reply_queue_gets_the_same_result_as_the_exchange(stage: Scene) -> None:
    replies = await stage.service.channel.declare_queue(exclusive=True)
    events = [mobile_login("t-1"), check("t-2"), credit("t-not-verified")]
    async with stage.running():
        for event in events:
            await stage.service.publish(event, reply_to=replies.name)
        await stage.service.ended(3)
        answers = [await answered(replies) for _ in events]
    for event in events:
        (reply,) = [answer for answer in answers if answer.correlation_id == event["id"]]
        assert json.loads(reply.body)["data"] == stage.service.of(event["id"])[0]
        assert reply.content_type == "application/cloudevents+json"
        assert reply.routing_key == replies.name
        assert reply.exchange == ""


async def test_direct_reply_to_answers_on_the_channel_that_asked(stage: Scene) -> None:
    answers: list[AbstractIncomingMessage] = []

    async def take(message: AbstractIncomingMessage) -> None:
        answers.append(message)

    pseudo = await stage.service.channel.get_queue("amq.rabbitmq.reply-to", ensure=False)
    await pseudo.consume(take, no_ack=True)
    question, durable = check("t-1"), mobile_login("t-2")
    async with stage.running(ladder=(1,)):
        await stage.fault("status", status=503, times=1, path="syncLoginInfo")
        for event in (question, durable):
            await stage.service.publish(event, reply_to="amq.rabbitmq.reply-to")
        await until(lambda: len(answers) == 2, what="both answers, one of them after a trip over the ladder")
    told: dict[str, Any] = {answer.correlation_id or "": json.loads(answer.body)["data"] for answer in answers}
    assert told[question["id"]]["response"] == {"check": True}
    assert (told[durable["id"]]["outcome"], told[durable["id"]]["attempts"]) == ("accepted", 2)


async def test_an_event_whose_reply_queue_has_gone_settles_all_the_same(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running() as run:
        await stage.service.publish(event, reply_to="a-queue-that-has-gone")
        assert (await stage.service.result(event["id"]))["outcome"] == "accepted"
        assert run.worker.ready
        await nothing_is_left(stage)


async def test_an_event_whose_direct_reply_consumer_has_gone_settles_all_the_same(stage: Scene) -> None:
    event = mobile_login("t-1")
    await stage.declare()
    await publish_and_leave(stage, event)
    async with stage.running():
        assert (await stage.service.result(event["id"]))["outcome"] == "accepted"
        await nothing_is_left(stage)


async def publish_and_leave(stage: Scene, event: dict[str, Any]) -> None:
    """Ask for a direct reply, and be gone before it comes."""

    async def take(_: AbstractIncomingMessage) -> None:
        return

    async with await aio_pika.connect(stage.url) as connection:
        channel = await connection.channel()
        pseudo = await channel.get_queue("amq.rabbitmq.reply-to", ensure=False)
        await pseudo.consume(take, no_ack=True)
        await Outside(connection, channel).publish(event, reply_to="amq.rabbitmq.reply-to")


async def test_an_event_settles_and_is_counted_where_no_queue_is_bound_for_results(stage: Scene) -> None:
    results = await stage.service.channel.get_queue("tests.results", ensure=False)
    await results.unbind("gateway.results", "#")
    before = unrouted()
    async with stage.running():
        await stage.service.publish(mobile_login("t-1"))
        await until(lambda: unrouted() == before + 1, what="the count of a result that nobody takes")
        await nothing_is_left(stage)
    assert len(await stage.platform.calls("syncLoginInfo")) == 1


def unrouted() -> float:
    labels = {"platform": "gd_accounting", "account": "default"}
    return REGISTRY.get_sample_value("gateway_results_unrouted_total", labels) or 0


async def nothing_is_left(stage: Scene) -> None:
    """Also nothing unacknowledged: what a consumer holds comes back when it ends, so the worker is asked to end."""
    for role in ("bulk", "interactive", "due", "dead"):
        assert await stage.depth(role) == 0, queue(role)


async def answered(replies: aio_pika.abc.AbstractQueue) -> AbstractIncomingMessage:
    found: list[AbstractIncomingMessage] = []

    async def came() -> bool:
        if (message := await replies.get(no_ack=True, fail=False)) is not None:
            found.append(message)
        return bool(found)

    await eventually(came, what="an answer")
    return found[0]


async def test_who_asked_has_the_reply_before_everybody_else_has_the_result(stage: Scene) -> None:
    """Published in this order; seen by one consumer of both, on one channel."""
    seen: list[str] = []

    async def take(message: AbstractIncomingMessage) -> None:
        seen.append(message.exchange or "")

    both = await stage.service.channel.declare_queue(exclusive=True)
    question = check("t-1")
    async with stage.running():
        await both.bind("gateway.results", "#")
        await both.consume(take, no_ack=True)
        await stage.service.publish(question, reply_to=both.name)
        await until(lambda: len(seen) == 2, what="both")
    assert seen == ["", "gateway.results"]
