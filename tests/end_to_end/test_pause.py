"""The platform is closed (A0508): the account pauses, and nothing is spent, lost or overtaken (DESIGN §4)."""

import asyncio
from typing import Any

from prometheus_client import REGISTRY

from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.scene import Scene


def state(name: str) -> float:
    """The metric gateway_account_state."""
    labels = {"platform": "gd_accounting", "account": "default", "state": name}
    return REGISTRY.get_sample_value("gateway_account_state", labels) or 0


def states() -> dict[str, float]:
    return {name: state(name) for name in ("working", "paused", "stopped")}


async def test_a_pause_keeps_the_order_of_events_and_spends_no_attempt(stage: Scene) -> None:
    events = [mobile_login("t-1", id=f"e-{number:02}") for number in range(30)]
    async with stage.running(pause_seconds=1, max_in_flight=5):
        await publish_in_order(stage, events[:10])
        await stage.service.ended(10)
        await stage.fault("closed")
        await publish_in_order(stage, events[10:])
        await until(lambda: state("paused") == 1, what="the pause")
        assert states() == {"working": 0, "paused": 1, "stopped": 0}
        await stage.platform.heal()
        await stage.service.ended(30)
        assert states() == {"working": 1, "paused": 0, "stopped": 0}
    assert stage.service.outcomes() == {"accepted": 30}
    assert [data["event_id"] for _, result in stage.service.results if (data := result["data"])] == [
        event["id"] for event in events
    ]
    assert {result["data"]["attempts"] for _, result in stage.service.results} == {1}


async def publish_in_order(stage: Scene, events: list[dict[str, Any]]) -> None:
    for event in events:
        await stage.service.publish(event)


async def test_lanes_keep_their_order_over_several_pauses(stage: Scene) -> None:
    events = [mobile_login(f"t-{number % 5}", id=f"e-{number:03}") for number in range(100)]
    async with stage.running(pause_seconds=0.3, max_in_flight=10):
        await stage.fault("delay", seconds=0.02)
        publishing = asyncio.create_task(publish_in_order(stage, events))
        for number in range(1, 5):
            await until(lambda so_many=18 * number: stage.service.outcomes().total() >= so_many)  # type: ignore[misc]
            await stage.fault("closed", times=number)
        await publishing
        await stage.service.ended(100)
    assert stage.service.outcomes() == {"accepted": 100}
    order = [result["data"]["event_id"] for _, result in stage.service.results]
    for lane in range(5):
        ids = [event["id"] for event in events if event["data"]["ticket"] == f"t-{lane}"]
        assert [identity for identity in order if identity in ids] == ids
    assert {result["data"]["attempts"] for _, result in stage.service.results} == {1}


async def test_while_it_is_paused_the_platform_is_left_alone(stage: Scene) -> None:
    await stage.declare()
    for number in range(20):
        await stage.service.publish(enrolment(f"t-{number}"))
    await stage.fault("closed", path="accountantReg")
    async with stage.running(pause_seconds=60, max_in_flight=5):
        await until(lambda: state("paused") == 1, what="the pause")
        await eventually(lambda: all_stand(stage), what="the return of what was held")
        calls = await stage.platform.calls()
        assert len([call for call in calls if call["path"] != "/intf/login"]) <= 5
        await stage.service.publish(enrolment("t-later"))
        await asyncio.sleep(0.5)
        assert await stage.platform.calls() == calls
        assert await stage.depth("bulk") == 21
    assert stage.service.results == []


async def all_stand(stage: Scene) -> bool:
    return await stage.depth("bulk") == 20


async def test_a_worker_that_pauses_is_ready_and_ends_promptly_when_asked(stage: Scene) -> None:
    async with stage.running(pause_seconds=60) as run:
        await stage.fault("closed")
        await stage.service.publish(mobile_login("t-1"))
        await until(lambda: state("paused") == 1, what="the pause")
        assert run.worker.ready
        async with asyncio.timeout(5):
            await run.stop()
    assert await stage.depth("bulk") == 1


async def test_a_durable_event_published_under_the_key_of_a_question_is_not_forgotten_in_a_pause(
    stage: Scene,
) -> None:
    event = mobile_login("t-1")
    async with stage.running(pause_seconds=0.5):
        await stage.fault("closed", times=1)
        await stage.service.publish(event, "gd_accounting.default.enrolment-check")
        result = await stage.service.result(event["id"], 8)
    assert result["outcome"] in {"accepted", "rejected"}


async def test_an_event_on_the_ladder_comes_back_into_a_pause_and_is_not_spent(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running(ladder=(1,), pause_seconds=1):
        await stage.fault("status", status=503, times=1)
        await stage.fault("closed", times=1)
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
    assert (result["outcome"], result["attempts"]) == ("accepted", 2)
    assert [call["answer"] for call in await stage.platform.calls()] == ["http-503", "A0508", "200"]
