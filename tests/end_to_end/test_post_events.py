"""POST /events: the three modes of the CloudEvents HTTP binding, and every way to be refused."""

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.events import credit
from tests.support.outside import enrolment, mobile_login, until
from tests.support.posting import BATCH, connections_counted, counted, posting, refusal
from tests.support.scene import Scene, queue

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def binary(event: dict[str, Any]) -> dict[str, str]:
    """The attributes as headers."""
    return {f"ce_{name}": quote(str(value), safe=":/") for name, value in event.items() if name != "data"}


async def test_an_event_in_structured_mode_stands_in_its_queue_as_it_came_before_it_is_answered(stage: Scene) -> None:
    event = mobile_login("t-1")
    body = json.dumps(event, indent=3).encode()
    async with posting(stage.settings()) as web:
        reply = await web.post(body, "application/cloudevents+json; charset=UTF-8", traceparent=TRACE)
        assert (reply.status, reply.json) == (202, {"published": 1})
        (message,) = await stage.service.messages(queue("bulk"))
    assert message.body == body
    assert message.routing_key == "gd_accounting.default.mobile-login-sync"
    assert (message.message_id, message.app_id) == (event["id"], "school")
    assert message.content_type == "application/cloudevents+json"
    assert message.headers["traceparent"] == TRACE
    assert message.delivery_mode == 2


async def test_an_event_in_binary_mode_is_the_same_event_with_its_numbers_as_they_were_written(stage: Scene) -> None:
    event = credit("票-1", id="事件 1", subject="a % b")
    data = json.dumps(event["data"]).replace("30.5", "30.50").encode()
    async with posting(stage.settings()) as web:
        reply = await web.post(data, "application/json", **binary(event))
        assert reply.status == 202, reply.text
        (message,) = await stage.service.messages(queue("bulk"))
    assert data in message.body
    assert json.loads(message.body) == {**event, "datacontenttype": "application/json"}


async def test_a_batch_is_published_in_its_order(stage: Scene) -> None:
    events = [mobile_login(f"t-{number}") for number in range(20)]
    before = counted("school", 202)
    async with posting(stage.settings()) as web:
        reply = await web.post(events, BATCH)
        assert (reply.status, reply.json) == (202, {"published": 20})
        messages = await stage.service.messages(queue("bulk"))
    assert [json.loads(message.body) for message in messages] == events
    assert counted("school", 202) == before + 20


async def test_a_batch_with_refused_events_publishes_none_and_names_them(stage: Scene) -> None:
    wrong = mobile_login("t-2")
    wrong["data"]["year"] = 1999
    batch = [mobile_login("t-1"), wrong, {**mobile_login("t-3"), "type": "gd_driving.coach-submit"}, 7]
    async with posting(stage.settings()) as web:
        reply = await web.post(batch, BATCH)
        assert "3 of 4 events are refused" in refusal(reply, 403, "not-allowed")
        assert [(each["index"], each["status"]) for each in reply.json["errors"]] == [(1, 422), (2, 403), (3, 400)]
        assert "year 培训年度" in reply.json["errors"][0]["detail"]
        assert reply.json["published"] == 0
        assert (await web.post(mobile_login("t-1"))).status == 202
        assert await stage.depth("bulk") == 1


async def test_the_same_event_over_http_and_amqp_is_done_once(stage: Scene) -> None:
    event = enrolment("t-1")
    async with stage.running(), posting(stage.settings()) as web:
        assert [(await web.post(event)).status for _ in range(2)] == [202, 202]
        await stage.service.publish(event)
        await until(lambda: len(stage.service.of(event["id"])) == 3, what="an answer to each")
        assert len(await stage.platform.calls("accountantReg")) == 1


async def test_many_requests_at_once_share_one_connection(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = connections_counted(monkeypatch)
    async with posting(stage.settings()) as web:
        replies = await asyncio.gather(*(web.post(mobile_login(f"t-{number}")) for number in range(100)))
        assert {reply.status for reply in replies} == {202}
        assert await stage.depth("bulk") == 100
    assert opened == ["gateway http events"]


async def test_a_compressed_event_is_taken(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with posting(stage.settings()) as web:
        reply = await web.post(gzip.compress(json.dumps(event).encode()), Content_Encoding="gzip")
        assert reply.status == 202
        (message,) = await stage.service.messages(queue("bulk"))
    assert json.loads(message.body) == event
