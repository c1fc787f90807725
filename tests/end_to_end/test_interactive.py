"""Questions a person waits for: their own slots, and an answer in time or `expired` (DESIGN §2 and §4)."""

import asyncio
import sqlite3
from contextlib import closing
from time import monotonic

import pytest

from tests.support.events import check, login
from tests.support.outside import enrolment, eventually, until
from tests.support.running import Running
from tests.support.scene import Scene


async def test_a_question_is_answered_while_200_bulk_events_wait_on_a_slow_platform(stage: Scene) -> None:
    question = check("t-1")
    async with stage.running(max_in_flight=2):
        await stage.fault("delay", seconds=0.5, path="accountantReg")
        await asyncio.gather(*(stage.service.publish(enrolment(f"t-{number}")) for number in range(200)))
        await eventually(lambda: called(stage, "accountantReg"), what="the first bulk call")
        asked = monotonic()
        await stage.service.publish(question)
        answer = await stage.service.result(question["id"])
        assert monotonic() - asked < 2
        assert stage.service.outcomes().total() < 20
    assert answer["outcome"] == "accepted"


async def called(stage: Scene, path: str) -> bool:
    return bool(await stage.platform.calls(path))


async def test_a_question_whose_time_was_over_while_no_worker_ran_is_answered_expired_by_the_next(
    stage: Scene,
) -> None:
    question = check("t-1")
    await stage.declare()
    await stage.service.publish(question, expiration=0.2)
    await eventually(lambda: empty(stage), what="the expiration")
    async with stage.running():
        answer = await stage.service.result(question["id"])
    assert (answer["outcome"], answer["attempts"], answer["category"]) == ("expired", 0, None)
    assert await stage.platform.calls() == []


async def empty(stage: Scene) -> bool:
    return await stage.depth("interactive") == 0


async def test_a_question_still_in_time_when_a_worker_comes_back_is_answered(stage: Scene) -> None:
    question = check("t-1")
    await stage.declare()
    await stage.service.publish(question, expiration=30)
    async with stage.running():
        assert (await stage.service.result(question["id"]))["outcome"] == "accepted"


async def test_a_question_whose_time_passes_while_all_slots_are_busy_is_answered_expired_and_never_asked(
    stage: Scene,
) -> None:
    busy, late = check("t-busy"), check("t-late")
    async with stage.running(interactive_slots=1):
        await stage.fault("hang", path="checkAccountReg", times=1)
        await stage.service.publish(busy)
        await eventually(lambda: called(stage, "checkAccountReg"), what="the call that hangs")
        await stage.service.publish(late, expiration=0.5)
        await asyncio.sleep(0.6)
        await stage.platform.heal()
        assert (await stage.service.result(late["id"]))["outcome"] == "expired"
        assert (await stage.service.result(busy["id"]))["outcome"] == "accepted"
    assert len(await stage.platform.calls("checkAccountReg")) == 1


async def test_a_question_whose_time_passes_while_the_platform_hangs_is_not_left_without_an_answer(
    stage: Scene,
) -> None:
    question = check("t-1")
    async with stage.running(timeout_seconds=1):
        await stage.fault("hang", path="checkAccountReg")
        await stage.service.publish(question, expiration=0.5)
        assert (await stage.service.result(question["id"], 5))["outcome"] == "expired"


async def test_a_question_is_asked_again_within_its_time(stage: Scene) -> None:
    question = check("t-1")
    async with stage.running(ladder=(1,)):
        await stage.fault("status", status=503, times=1, path="checkAccountReg")
        await stage.service.publish(question, expiration=10)
        answer = await stage.service.result(question["id"])
    assert (answer["outcome"], answer["attempts"], answer["response"]) == ("accepted", 2, {"check": True})


async def test_a_question_is_not_put_on_a_rung_that_ends_after_its_time(stage: Scene) -> None:
    question = check("t-1")
    async with stage.running(ladder=(30,)):
        await stage.fault("status", status=503, path="checkAccountReg")
        asked = monotonic()
        await stage.service.publish(question, expiration=10)
        answer = await stage.service.result(question["id"])
        assert monotonic() - asked < 5
    assert (answer["outcome"], answer["code"], answer["attempts"]) == ("expired", "http-503", 1)


async def test_the_first_deadline_of_a_question_holds_over_its_retries(stage: Scene) -> None:
    question = check("t-1")
    async with stage.running(ladder=(1,)):
        await stage.fault("status", status=503, path="checkAccountReg")
        asked = monotonic()
        await stage.service.publish(question, expiration=2.5)
        answer = await stage.service.result(question["id"])
        assert monotonic() - asked < 4
    assert answer["outcome"] == "expired"
    assert answer["code"] in {"http-503", "expired"}  # no time for another wait, or back a moment too late
    assert 2 <= answer["attempts"] <= 3


async def test_a_paused_account_answers_its_questions_at_once_with_the_reason(stage: Scene) -> None:
    first, second = check("t-1"), check("t-2")
    async with stage.running(pause_seconds=60):
        await stage.fault("closed", path="checkAccountReg")
        await stage.service.publish(first)
        await stage.service.result(first["id"])
        asked = monotonic()
        await stage.service.publish(second)
        answer = await stage.service.result(second["id"])
        assert monotonic() - asked < 2
    for data in (answer, stage.service.of(first["id"])[0]):
        assert (data["outcome"], data["code"]) == ("expired", "A0508")
        assert "系统数据接口已关闭" in data["message"]
    assert len(await stage.platform.calls("checkAccountReg")) == 1


@pytest.mark.parametrize("code", ["A0201", "A0210", "A0211"])
async def test_a_stopped_account_answers_its_questions_at_once_with_the_reason(stage: Scene, code: str) -> None:
    first, second = check("t-1"), login("no-such-code")
    async with stage.running():
        await stage.fault("code", code=code, path="/intf/login")
        for question in (first, second):
            await stage.service.publish(question)
            answer = await stage.service.result(question["id"], 5)
            assert (answer["outcome"], answer["code"]) == ("expired", code)
            assert "operator" in answer["message"]
    assert len(await stage.platform.calls("/intf/login")) == 1
    assert await stage.platform.calls("getData") == []


async def test_questions_do_not_wait_for_each_other_even_with_the_same_subject(stage: Scene) -> None:
    questions = [check("t-1", subject="learner/1") for _ in range(5)]
    async with stage.running():
        await stage.fault("delay", seconds=0.5, path="checkAccountReg")
        for question in questions:
            await stage.service.publish(question)
        await until(lambda: stage.service.outcomes().total() == 5, what="five answers")
    assert max(call["in_flight"] for call in await stage.platform.calls("checkAccountReg")) == 5


async def test_an_answer_does_not_wait_until_it_can_be_recorded(stage: Scene) -> None:
    question = check("t-1")
    async with stage.running() as run:
        await stage.fault("delay", seconds=1, path="checkAccountReg")
        await stage.service.publish(question)
        await eventually(lambda: called(stage, "checkAccountReg"), what="the call")
        with closing(sqlite3.connect(stage.folder / "gateway.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert (await stage.service.result(question["id"]))["outcome"] == "accepted"
            assert await run.ledger.trace(question["id"]) == []
            other.execute("ROLLBACK")
        await eventually(lambda: recorded(run, question["id"]), what="the record")


async def recorded(run: Running, event_id: str) -> bool:
    return [record.outcome for record in await run.ledger.trace(event_id)] == ["accepted"]
