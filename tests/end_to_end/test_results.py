"""What comes back on `gateway.results`, property by property, for every way an event can end (DESIGN §3)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aio_pika import DeliveryMode
from aio_pika.abc import AbstractIncomingMessage

from tests.support.events import check, credit, qr_code
from tests.support.outside import Outside, enrolment, mobile_login, until
from tests.support.scene import Scene

Prepare = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """An event, what is done to the platform before, and what its result says."""

    event: dict[str, Any]
    outcome: str
    code: str
    attempts: int
    category: str | None = None
    duplicate: bool = False
    prepare: Prepare | None = None


async def twice_busy(stage: Scene) -> None:
    await stage.fault("status", status=503, times=2, path="syncLoginInfo")


async def unlisted(stage: Scene) -> None:
    await stage.fault("code", code="X9999", msg="手册之外", path="accountantReg")


async def always_broken(stage: Scene) -> None:
    await stage.fault("code", code="500", path="accountantReg")


async def already_enrolled(stage: Scene) -> None:
    await stage.service.publish(enrolment("t-duplicate", id="before"))
    await stage.service.result("before")


async def closed(stage: Scene) -> None:
    await stage.fault("closed")


CASES = {
    "accepted": Case(enrolment("t-accepted"), "accepted", "200", 1),
    "accepted as a duplicate": Case(
        enrolment("t-duplicate"), "accepted", "A0506", 1, duplicate=True, prepare=already_enrolled
    ),
    "rejected by the platform": Case(credit("t-rejected"), "rejected", "A0727", 1, "rejected"),
    "dead by an unlisted code": Case(enrolment("t-unlisted"), "dead", "X9999", 1, "unknown", prepare=unlisted),
    "dead when retries are used up": Case(
        enrolment("t-exhausted"), "dead", "500", 3, "exhausted", prepare=always_broken
    ),
    "invalid": Case(enrolment("t-invalid") | {"data": {}}, "rejected", "invalid", 0, "invalid"),
    "accepted after two retries": Case(mobile_login("t-retries"), "accepted", "200", 3, prepare=twice_busy),
    "expired because the account pauses": Case(check("t-expired"), "expired", "A0508", 0, prepare=closed),
    "an interactive question answered": Case(check("t-asked"), "accepted", "200", 1),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_a_result_says_in_every_property_what_the_contract_promises(stage: Scene, case: Case) -> None:
    event = case.event | {"subject": "learner/17", "time": "2026-11-20T09:30:00+08:00"}
    async with stage.running():
        if case.prepare is not None:
            await case.prepare(stage)
        before = datetime.now(UTC) - timedelta(seconds=1)
        await stage.service.publish(event, message_id="m-1")
        message, result = await came(stage.service, event["id"])

    operation = event["type"].partition(".")[2]
    assert message.exchange == "gateway.results"
    assert message.routing_key == f"gd_accounting.default.{operation}.{case.outcome}"
    assert message.content_type == "application/cloudevents+json"
    assert message.correlation_id == event["id"]
    assert message.delivery_mode == DeliveryMode.PERSISTENT

    assert result["specversion"] == "1.0"
    assert result["type"] == f"gd_accounting.{operation}.{case.outcome}"
    assert result["source"] == "/gateway/gd_accounting/default"
    assert result["account"] == "default"
    assert result["subject"] == "learner/17"
    assert result["id"] not in {"", event["id"]}

    data = result["data"]
    assert data["event_id"] == event["id"]
    assert (data["outcome"], data["code"], data["category"]) == (case.outcome, case.code, case.category)
    assert (data["attempts"], data["duplicate"]) == (case.attempts, case.duplicate)
    assert isinstance(data["message"], str)
    assert data["message"] != ""
    assert before <= datetime.fromisoformat(data["finished_at"]) <= datetime.now(UTC)
    assert datetime.fromisoformat(result["time"]) == datetime.fromisoformat(data["finished_at"])
    assert data.keys() == FIELDS


FIELDS = {
    "event_id", "outcome", "category", "code", "message", "duplicate", "attempts", "response", "finished_at",
}  # fmt: skip


async def came(service: Outside, event_id: str) -> tuple[AbstractIncomingMessage, dict[str, Any]]:
    """The first result for an event, message and body."""

    def found() -> list[tuple[AbstractIncomingMessage, dict[str, Any]]]:
        return [pair for pair in service.results if pair[1]["data"]["event_id"] == event_id]

    await until(lambda: bool(found()), what=f"a result for {event_id}")
    return found()[0]


async def test_the_answer_to_a_question_carries_what_the_platform_said(stage: Scene) -> None:
    question, code = check("t-asked"), qr_code("t-coded")
    async with stage.running():
        await stage.service.publish(question)
        await stage.service.publish(code)
        checked = await stage.service.result(question["id"])
        shown = await stage.service.result(code["id"])
    assert checked["response"] == {"check": True}
    assert shown["response"].keys() >= {"imageBase64", "uuid", "validaty", "expires_at"}


async def test_the_result_of_an_event_without_subject_has_none(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running():
        await stage.service.publish(event)
        _, result = await came(stage.service, event["id"])
    assert "subject" not in result


async def test_the_traces_of_an_event_continue_in_its_result(stage: Scene) -> None:
    event = mobile_login("t-1")
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with stage.running():
        await stage.service.publish(event, headers={"traceparent": trace, "tracestate": "a=b"})
        message, _ = await came(stage.service, event["id"])
    assert message.headers["traceparent"] == trace
    assert message.headers["tracestate"] == "a=b"


async def test_each_event_that_ends_has_one_result(stage: Scene) -> None:
    events = [mobile_login(f"t-{number}") for number in range(20)]
    async with stage.running():
        for event in events:
            await stage.service.publish(event)
        await stage.service.ended(len(events))
    assert len(stage.service.results) == len(events)
    assert len({result["id"] for _, result in stage.service.results}) == len(events)
