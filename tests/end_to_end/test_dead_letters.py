"""A dead letter is the event, unchanged, and says why it died (DESIGN §5)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from aio_pika import DeliveryMode
from aio_pika.abc import AbstractIncomingMessage

from tests.support.commands import gateway
from tests.support.events import check, credit, qr_code, verified
from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.scene import Scene

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PROPERTIES: dict[str, Any] = {
    "message_id": "m-17",
    "correlation_id": "c-17",
    "app_id": "school",
    "type": "credit",
    "priority": 3,
    "content_encoding": "identity",
    "timestamp": datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
    "reply_to": "a-queue-that-has-gone",
}
HEADERS = {"traceparent": TRACE, "x-school": "17", "number": 17, "nested": {"a": ["b", 1]}, "yes": True}


async def test_a_dead_letter_keeps_body_properties_headers_and_routing_key_of_its_event(stage: Scene) -> None:
    event = credit("t-not-verified")
    body = json.dumps(event, indent=3, ensure_ascii=False).encode() + b"\n \t"
    async with stage.running():
        await stage.service.publish(body, "gd_accounting.default.credit-sync", headers=HEADERS, **PROPERTIES)
        await stage.service.result(event["id"])
        (letter,) = await stage.letters()
    same_event(letter, body)


def same_event(letter: AbstractIncomingMessage, body: bytes) -> None:
    """What the publisher sent, and nothing less."""
    assert letter.body == body
    assert letter.routing_key == "gd_accounting.default.credit-sync"
    assert letter.content_type == "application/cloudevents+json"
    assert letter.delivery_mode == DeliveryMode.PERSISTENT
    assert {name: getattr(letter, name) for name in PROPERTIES} == PROPERTIES
    assert {name: letter.headers.get(name) for name in HEADERS} == HEADERS


async def test_a_dead_letter_says_why_it_died_in_its_headers(stage: Scene) -> None:
    event = credit("t-not-verified", subject="learner/17")
    async with stage.running():
        before = datetime.now(UTC) - timedelta(seconds=1)
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
        (letter,) = await stage.letters()
    headers = letter.headers
    assert headers["x-gateway-category"] == "rejected"
    assert headers["x-gateway-code"] == "A0727"
    assert headers["x-gateway-reason"] == result["message"]
    assert "该课程验证的通过时间" in str(headers["x-gateway-reason"])
    assert headers["x-gateway-attempts"] == 1
    assert headers["x-gateway-event-id"] == event["id"]
    assert headers["x-gateway-lane"] not in {None, "", "learner/17"}
    assert before <= moment(letter, "first-seen") <= moment(letter, "dead-at") <= datetime.now(UTC)
    assert moment(letter, "dead-at") == datetime.fromisoformat(result["finished_at"])


def moment(letter: AbstractIncomingMessage, name: str) -> datetime:
    return datetime.fromisoformat(str(letter.headers[f"x-gateway-{name}"]))


async def test_letters_of_one_lane_name_the_same_lane_and_others_another(stage: Scene) -> None:
    async with stage.running():
        for subject in ("a", "a", "b"):
            await stage.service.publish(credit("t-not-verified", subject=subject))
        await stage.service.ended(3)
        letters = await stage.letters()
    lanes = [letter.headers["x-gateway-lane"] for letter in letters]
    assert len(set(lanes)) == 2


async def test_an_expiration_does_not_let_a_dead_letter_vanish(stage: Scene) -> None:
    event = credit("t-not-verified")
    async with stage.running():
        await stage.service.publish(event, expiration=30)
        await stage.service.result(event["id"])
        (letter,) = await stage.letters()
    assert letter.expiration is None


async def test_a_durable_event_whose_expiration_passes_while_nobody_works_has_a_result_all_the_same(
    stage: Scene,
) -> None:
    await stage.declare()
    event = mobile_login("t-1")
    await stage.service.publish(event, expiration=0.1)
    await eventually(lambda: empty(stage, "bulk"), what="the expiration")
    async with stage.running():
        result = await stage.service.result(event["id"], 5)
        letters = await stage.letters()
    assert (result["outcome"] == "accepted") is (letters == [])


async def empty(stage: Scene, role: str) -> bool:
    return await stage.depth(role) == 0


async def test_what_the_broker_noted_on_the_ladder_is_never_published_again(stage: Scene) -> None:
    event = credit("t-not-verified")
    async with stage.running(ladder=(1,)):
        await stage.fault("status", status=503, times=1, path="synchronizeScore")
        await stage.service.publish(event, headers=HEADERS, **PROPERTIES)
        await stage.service.result(event["id"])
        (letter,) = await stage.letters()
    assert letter.headers["x-gateway-attempts"] == 2
    same_event(letter, json.dumps(event).encode())
    assert [name for name in letter.headers if name.startswith(("x-death", "x-first-death", "x-last-death"))] == []


async def test_a_letter_that_dies_again_after_a_replay_is_still_the_same_event(stage: Scene) -> None:
    event = credit("t-not-verified")
    async with stage.running():
        await stage.service.publish(event, headers=HEADERS, **PROPERTIES)
        await until(lambda: len(stage.service.of(event["id"])) == 1)
        again = await gateway(stage.folder, "dead", "replay", event["id"], "--reason", "to see", "--yes")
        assert again.code == 1
        await until(lambda: len(stage.service.of(event["id"])) == 2, what="the second result")
        (letter,) = await stage.letters()
    same_event(letter, json.dumps(event).encode())
    assert {name for name in letter.headers if name.startswith("x-gateway-")} == GATEWAY_HEADERS
    assert [name for name in letter.headers if name.startswith(("x-death", "x-first-death", "x-last-death"))] == []


GATEWAY_HEADERS = {
    f"x-gateway-{name}"
    for name in ("category", "code", "reason", "attempts", "first-seen", "dead-at", "event-id", "lane")
}


async def test_interactive_questions_never_become_dead_letters(stage: Scene) -> None:
    wrong: dict[str, Any] = {"data": {}}
    questions = [check("t-1") | wrong, qr_code("t-2") | wrong, check("t-3"), qr_code("t-4")]
    async with stage.running():
        await stage.fault("code", code="X9999", path="checkAccountReg", times=1)
        await stage.fault("code", code="A0416", path="getQRCode", times=1)
        for question in questions:
            await stage.service.publish(question)
        await stage.service.publish(b"no JSON", "gd_accounting.default.enrolment-check", correlation_id="asked")
        await until(lambda: len(stage.service.results) == 5, what="five answers")
        assert await stage.letters() == []
    outcomes = [stage.service.of(question["id"])[0]["outcome"] for question in questions]
    assert outcomes == ["rejected", "rejected", "dead", "rejected"]
    (unreadable,) = [message for message, result in stage.service.results if result["data"]["event_id"] is None]
    assert unreadable.correlation_id == "asked"


async def test_events_in_are_events_accepted_and_events_dead(stage: Scene) -> None:
    await stage.platform.tell("verify", **verified("t-verified"))
    await stage.fault("code", code="X9999", path="accountantReg", times=3)
    good = [enrolment(f"e-{number}") for number in range(10)] + [credit("t-verified")]
    bad = [credit(f"t-{number}") for number in range(5)] + [mobile_login("t-1") | {"data": {}}]
    async with stage.running():
        for event in (*good, *bad):
            await stage.service.publish(event)
        await stage.service.ended(len(good) + len(bad))
        letters = await stage.letters()
    outcomes = stage.service.outcomes()
    assert outcomes == {"accepted": 8, "dead": 3, "rejected": 6}
    assert sorted(str(letter.headers["x-gateway-event-id"]) for letter in letters) == sorted(
        data["event_id"] for _, result in stage.service.results if (data := result["data"])["outcome"] != "accepted"
    )
