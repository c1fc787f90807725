"""`source` and `id` identify an event: published twice, it is done once and answered twice (DESIGN §3)."""

import asyncio

from tests.support.commands import gateway
from tests.support.events import cancellation, check, credit, verified
from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.scene import Scene


async def test_an_event_published_twice_is_done_once_and_answered_twice_alike(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running():
        for answers in (1, 2):
            await stage.service.publish(event)
            await answered(stage, event["id"], answers)
    first, second = stage.service.of(event["id"])
    assert first == second
    assert len(await stage.platform.calls("syncLoginInfo")) == 1


async def answered(stage: Scene, event_id: str, times: int) -> None:
    await until(lambda: len(stage.service.of(event_id)) == times, what=f"answer number {times}")


async def test_both_of_two_at_once_are_answered_and_one_is_done(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running():
        await stage.fault("delay", seconds=0.3)
        await asyncio.gather(*(stage.service.publish(event) for _ in range(5)))
        await answered(stage, event["id"], 5)
    assert len(await stage.platform.calls("syncLoginInfo")) == 1


async def test_a_question_asked_twice_at_once_is_put_to_the_platform_once(stage: Scene) -> None:
    question = check("t-1")
    async with stage.running():
        await stage.fault("delay", seconds=0.3, path="checkAccountReg")
        await asyncio.gather(*(stage.service.publish(question) for _ in range(2)))
        await answered(stage, question["id"], 2)
    assert len(await stage.platform.calls("checkAccountReg")) == 1


async def test_a_rejected_event_published_twice_is_answered_twice_and_dies_once(stage: Scene) -> None:
    event = credit("t-not-verified")
    async with stage.running():
        for answers in (1, 2):
            await stage.service.publish(event)
            await answered(stage, event["id"], answers)
        assert len(await stage.letters()) == 1
    first, second = stage.service.of(event["id"])
    assert first == second
    assert len(await stage.platform.calls("synchronizeScore")) == 1


async def test_an_invalid_event_published_twice_is_answered_twice_and_dies_once(stage: Scene) -> None:
    event = credit("t-1") | {"data": {}}
    async with stage.running():
        for answers in (1, 2):
            await stage.service.publish(event)
            await answered(stage, event["id"], answers)
        assert len(await stage.letters()) == 1


async def test_an_invalid_event_does_not_take_the_place_of_an_accepted_one_with_its_id(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running():
        await stage.service.publish(event)
        await answered(stage, event["id"], 1)
        await stage.service.publish(event | {"data": {}})
        await answered(stage, event["id"], 2)
        await stage.service.publish(event)
        await answered(stage, event["id"], 3)
    assert stage.service.of(event["id"])[2] == stage.service.of(event["id"])[0]
    assert len(await stage.platform.calls("syncLoginInfo")) == 1


async def test_the_same_id_from_another_source_is_another_event(stage: Scene) -> None:
    one, other = mobile_login("t-1", id="7", source="/a"), mobile_login("t-1", id="7", source="/b")
    async with stage.running():
        await stage.service.publish(one)
        await stage.service.publish(other)
        await answered(stage, "7", 2)
    assert len(await stage.platform.calls("syncLoginInfo")) == 2


async def test_after_a_restart_the_recorded_answer_is_given_and_the_token_is_still_good(stage: Scene) -> None:
    event, later = enrolment("t-1"), enrolment("t-2")
    async with stage.running():
        await stage.service.publish(event)
        await answered(stage, event["id"], 1)
    async with stage.running():
        await stage.service.publish(event)
        await answered(stage, event["id"], 2)
        await stage.service.publish(later)
        await answered(stage, later["id"], 1)
    first, second = stage.service.of(event["id"])
    assert first == second
    assert len(await stage.platform.calls("accountantReg")) == 2
    assert (await stage.platform.state())["logins"] == {"succeeded": 1, "failed": 0}


async def test_an_event_that_waits_on_the_ladder_and_is_published_again_is_done_once(stage: Scene) -> None:
    event = cancellation("t-1")
    async with stage.running(ladder=(2,)):
        await stage.service.publish(enrolment("t-1", id="before"))
        await answered(stage, "before", 1)
        await stage.fault("status", status=503, times=1, path="cancelAccountReg")
        await stage.service.publish(event)
        await eventually(lambda: on_the_ladder(stage), what="the wait on the ladder")
        await stage.service.publish(event)
        await answered(stage, event["id"], 2)
    assert [data["outcome"] for data in stage.service.of(event["id"])] == ["accepted", "accepted"]
    calls = await stage.platform.calls("cancelAccountReg")
    assert [call["answer"] for call in calls] == ["http-503", "200"]


async def on_the_ladder(stage: Scene) -> bool:
    return await stage.service.depth("gateway.delay.2s") == 1


async def test_an_event_that_was_replayed_and_is_published_again_is_not_done_again(stage: Scene) -> None:
    event = credit("t-1")
    async with stage.running():
        await stage.service.publish(event)
        await answered(stage, event["id"], 1)
        await stage.platform.tell("verify", **verified("t-1"))
        assert (await gateway(stage.folder, "dead", "replay", event["id"], "--reason", "mended", "--yes")).code == 0
        await answered(stage, event["id"], 2)
        await stage.service.publish(event)
        await answered(stage, event["id"], 3)
    rejected, accepted, again = stage.service.of(event["id"])
    assert (rejected["outcome"], accepted["outcome"]) == ("rejected", "accepted")
    assert again == accepted
    assert len(await stage.platform.calls("synchronizeScore")) == 2
