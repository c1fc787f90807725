"""Retries: the wait is in the broker, the attempts in the message (DESIGN §4)."""

import json
from typing import Any

import pytest
from aio_pika.abc import AbstractIncomingMessage

from tests.support.outside import enrolment, eventually, mobile_login
from tests.support.scene import Scene


async def test_attempts_and_routing_key_travel_with_an_event_that_waits(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running(ladder=(60,)):
        await stage.fault("status", status=503)
        await stage.service.publish(event, headers={"x-school": "17"}, message_id="m-1")
        waiting = await the_one_on_rung(stage, 60)
    assert waiting.routing_key == "gd_accounting.default.mobile-login-sync"
    assert waiting.headers["x-gateway-attempts"] == 1
    assert waiting.headers["x-school"] == "17"
    assert waiting.message_id == "m-1"
    assert waiting.body == json.dumps(event).encode()
    assert stage.service.results == []


async def the_one_on_rung(stage: Scene, seconds: int) -> AbstractIncomingMessage:
    name = f"gateway.delay.{seconds}s"

    async def there() -> bool:
        return await stage.service.depth(name) == 1

    await eventually(there, what="an event on the ladder")
    (one,) = await stage.service.messages(name)
    return one


async def test_an_attempt_that_fails_is_made_again_until_it_is_accepted(stage: Scene) -> None:
    event = enrolment("t-1")
    async with stage.running(ladder=(1, 1, 1)):
        await stage.fault("code", code="C0508", times=1, path="accountantReg")
        await stage.fault("html", times=1, path="accountantReg")
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
    assert (result["outcome"], result["attempts"], result["duplicate"]) == ("accepted", 3, False)
    assert len(await stage.platform.calls("accountantReg")) == 3


@pytest.mark.parametrize("status", [429, 503])
async def test_the_platform_says_how_long_to_wait_and_the_ladder_has_a_rung_for_it(stage: Scene, status: int) -> None:
    event = mobile_login("t-1")
    async with stage.running(ladder=(1, 2, 5)):
        await stage.fault("status", status=status, retry_after=2, times=1)
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
    assert (result["outcome"], result["attempts"]) == ("accepted", 2)
    assert 2 <= await seconds_between(stage) < 4


async def seconds_between(stage: Scene) -> float:
    """From the first call to the second one."""
    first, second = await stage.platform.calls("syncLoginInfo")
    waited: float = second["monotonic"] - first["monotonic"]
    return waited


async def test_an_event_whose_retries_are_used_up_dies_as_exhausted(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running(ladder=(1, 1)):
        await stage.fault("code", code="500", msg="服务异常")
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
        (letter,) = await stage.letters()
    assert (result["outcome"], result["category"], result["code"]) == ("dead", "exhausted", "500")
    assert result["attempts"] == letter.headers["x-gateway-attempts"] == 3
    assert letter.headers["x-gateway-category"] == "exhausted"
    assert len(await stage.platform.calls("syncLoginInfo")) == 3


async def test_a_code_that_the_manual_does_not_list_is_for_an_operator(stage: Scene) -> None:
    codes = ("X9999", "A0417", "0", "", "二")
    async with stage.running():
        for code in codes:
            event = mobile_login("t-1")
            await stage.fault("code", code=code, times=1)
            await stage.service.publish(event)
            result = await stage.service.result(event["id"])
            assert (result["outcome"], result["category"], result["code"]) == ("dead", "unknown", code)
            assert result["message"] != ""
        letters = await stage.letters()
    assert [letter.headers["x-gateway-code"] for letter in letters] == list(codes)
    assert {letter.headers["x-gateway-category"] for letter in letters} == {"unknown"}


FAULTS: dict[str, dict[str, Any]] = {
    "a page instead of JSON": {"kind": "html"},
    "a connection that breaks": {"kind": "drop"},
    "an answer that gets lost": {"kind": "drop-after"},
    "a broken gateway": {"kind": "status", "status": 502},
    "a hanging platform": {"kind": "hang"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_what_a_network_can_do_to_a_call_costs_one_attempt(stage: Scene, fault: dict[str, Any]) -> None:
    event = enrolment("t-1")
    async with stage.running(ladder=(1,), timeout_seconds=0.5):
        await stage.fault(**fault, times=1, path="accountantReg")
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
    assert (result["outcome"], result["attempts"]) == ("accepted", 2)
    assert len((await stage.platform.state())["enrolments"]) == 1


async def test_an_event_whose_answer_was_lost_is_a_duplicate_the_second_time_and_accepted(
    stage: Scene,
) -> None:
    event = enrolment("t-1")
    async with stage.running(ladder=(1,)):
        await stage.fault("drop-after", times=1, path="accountantReg")
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
    assert (result["outcome"], result["code"], result["duplicate"]) == ("accepted", "A0506", True)


async def test_an_event_on_the_ladder_outlives_the_worker(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running(ladder=(1,)):
        await stage.fault("status", status=503, times=1)
        await stage.service.publish(event)
        await eventually(lambda: called(stage), what="the first attempt")
    async with stage.running(ladder=(1,)):
        result = await stage.service.result(event["id"])
    assert (result["outcome"], result["attempts"]) == ("accepted", 2)


async def called(stage: Scene) -> bool:
    return bool(await stage.platform.calls("syncLoginInfo"))
