"""Events that were sent to the wrong place: refused with the reason, or visible in `gateway.unrouted`."""

import json
from typing import Any

import pytest

from tests.end_to_end.test_bad_envelopes import DURABLE, INTERACTIVE, goes_on
from tests.support.events import check
from tests.support.outside import enrolment, event, eventually
from tests.support.scene import Scene

MISPLACED: dict[str, tuple[dict[str, Any], str, str]] = {
    "an operation that the platform does not have": (event("enrol", {}), DURABLE, "enrol"),
    "another platform": ({**enrolment("t-1"), "type": "gd_driving.file-upload"}, DURABLE, "gd_driving"),
    "a platform that nobody has": ({**enrolment("t-1"), "type": "nowhere.enrolment-register"}, DURABLE, "nowhere"),
    "another account": ({**enrolment("t-1"), "account": "second"}, DURABLE, "second"),
}


@pytest.mark.parametrize(("misplaced", "key", "named"), MISPLACED.values(), ids=MISPLACED.keys())
async def test_an_event_under_a_key_that_is_not_its_own_is_refused_with_the_reason(
    stage: Scene, misplaced: dict[str, Any], key: str, named: str
) -> None:
    async with stage.running():
        await stage.service.publish(misplaced, key)
        result = await stage.service.result(misplaced["id"])
        (letter,) = await stage.letters()
        await goes_on(stage)
    assert (result["outcome"], result["category"]) == ("rejected", "invalid")
    assert named in result["message"]
    assert letter.headers["x-gateway-category"] == "invalid"
    assert letter.routing_key == key
    assert await stage.platform.calls("accountantReg") == []


async def test_an_unknown_question_under_an_interactive_key_is_answered(stage: Scene) -> None:
    question = event("what-is-this", {})
    async with stage.running():
        await stage.service.publish(question, INTERACTIVE)
        result = await stage.service.result(question["id"])
        assert await stage.letters() == []
    assert (result["outcome"], result["category"]) == ("rejected", "invalid")


NOWHERE = (
    "gd_accounting.default.no-such-operation",
    "gd_accounting.no-such-account.enrolment-register",
    "no_such_platform.default.enrolment-register",
    "gd_accounting.default.enrolment-register.accepted",
    "gd_accounting.default",
    "GD_ACCOUNTING.default.enrolment-register",
    "",
)


async def test_what_no_queue_takes_stands_in_gateway_unrouted_as_it_was_sent(stage: Scene) -> None:
    async with stage.running():
        for key in NOWHERE:
            await stage.service.publish(json.dumps(enrolment(key)).encode(), key, headers={"x-school": "17"})
        await eventually(lambda: stand(stage, len(NOWHERE)), what="what nobody took")
        messages = await stage.service.messages("gateway.unrouted")
        await goes_on(stage)
    assert [message.routing_key for message in messages] == list(NOWHERE)
    assert [json.loads(message.body)["data"]["ticket"] for message in messages] == list(NOWHERE)
    assert {message.headers["x-school"] for message in messages} == {"17"}
    assert await stage.platform.calls("accountantReg") == []


async def stand(stage: Scene, number: int) -> bool:
    return await stage.service.depth("gateway.unrouted") == number


async def test_a_question_under_the_key_of_a_durable_operation_is_still_a_question(stage: Scene) -> None:
    question = check("t-1")
    async with stage.running():
        await stage.service.publish(question, DURABLE)
        result = await stage.service.result(question["id"])
        letters = await stage.letters()
    assert (result["outcome"], result["category"]) == ("rejected", "invalid")
    assert "published under the key of" in result["message"]
    assert letters == []  # questions never die: they are answered
