"""SIGTERM: a real `gateway run` finishes what it has begun, gives the rest back in order, and is gone within 20 s."""

import asyncio
import json
from time import monotonic

from tests.support.commands import server
from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.scene import Scene, queue

WITHIN_SECONDS = 20
IN_FLIGHT = 5
WAITING = 100


async def test_a_gateway_told_to_end_settles_what_is_in_flight_and_leaves_the_rest_in_order(stage: Scene) -> None:
    events = [enrolment(f"t-{number:03}") for number in range(IN_FLIGHT + WAITING)]
    stage.settings(max_in_flight=IN_FLIGHT)
    async with server(stage.folder, "run") as gateway:
        await stage.fault("hang", path="accountantReg")
        for event in events:
            await stage.service.publish(event)
        await eventually(lambda: in_flight(stage, IN_FLIGHT), what="five calls at once")
        ending = asyncio.create_task(gateway.stop())
        await until(lambda: "gateway.stopping" in gateway.log, what="the signal's arrival")
        await stage.platform.heal()
        began = monotonic()
        assert await ending == 0
        assert monotonic() - began < WITHIN_SECONDS
    await stage.service.ended(IN_FLIGHT)
    assert stage.service.outcomes() == {"accepted": IN_FLIGHT}
    assert len(await stage.platform.calls("accountantReg")) == IN_FLIGHT
    standing = [json.loads(message.body)["id"] for message in await stage.service.messages(queue("bulk"))]
    assert standing == [event["id"] for event in events[IN_FLIGHT:]]
    async with server(stage.folder, "run"):
        await stage.service.ended(len(events))
    await each_was_done_once(stage, len(events))


async def in_flight(stage: Scene, number: int) -> bool:
    return len(await stage.platform.calls("accountantReg")) == number


async def each_was_done_once(stage: Scene, number: int) -> None:
    assert stage.service.outcomes() == {"accepted": number}
    state = await stage.platform.state()
    assert len(state["enrolments"]) == number
    assert state["logins"] == {"succeeded": 1, "failed": 0}
    assert len(await stage.platform.calls("accountantReg")) == number
    for role in ("bulk", "due", "dead"):
        assert await stage.depth(role) == 0


async def test_a_gateway_told_to_end_while_the_platform_hangs_is_gone_in_time_and_loses_nothing(
    stage: Scene,
) -> None:
    event, other = mobile_login("t-1"), enrolment("t-2")
    stage.settings(timeout_seconds=30)
    async with server(stage.folder, "run") as gateway:
        await stage.fault("hang")
        for one in (event, other):
            await stage.service.publish(one)
        await eventually(lambda: hanging(stage), what="both calls")
        began = monotonic()
        assert await gateway.stop() == 0
        assert monotonic() - began < WITHIN_SECONDS
    assert stage.service.results == []
    assert await stage.depth("bulk") == 2
    await stage.platform.heal()
    async with server(stage.folder, "run"):
        await stage.service.ended(2)
    assert stage.service.outcomes() == {"accepted": 2}


async def hanging(stage: Scene) -> bool:
    """One hangs in its own call, the other in the login before it."""
    return {call["path"] for call in await stage.platform.calls()} == {
        "/intf/login",
        "/intf/org/mobile/syncLoginInfo",
    }
