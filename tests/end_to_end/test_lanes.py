"""Nothing of one learner overtakes, and nobody waits for another learner (DESIGN §1 and §2)."""

from random import Random
from typing import Any

from tests.support.events import cancellation
from tests.support.outside import enrolment, mobile_login
from tests.support.scene import Scene

IN_LANE = 50
OTHERS = 100


async def test_events_of_a_lane_reach_the_platform_one_by_one_in_order_while_others_overlap(stage: Scene) -> None:
    chance = Random(17)
    lane = [mobile_login(f"lane-{number:02}", subject="learner/1") for number in range(IN_LANE)]
    others = [mobile_login(f"other-{number:03}", subject=f"learner/{number + 2}") for number in range(OTHERS)]
    async with stage.running(max_in_flight=20):
        await random_delays(stage, chance)
        for event in interleaved(lane, others, chance):
            await stage.service.publish(event)
        await stage.service.ended(IN_LANE + OTHERS)
    assert stage.service.outcomes() == {"accepted": IN_LANE + OTHERS}
    calls = await stage.platform.calls("syncLoginInfo")
    of_lane = [call["body"]["ticket"] for call in calls if call["body"]["ticket"].startswith("lane")]
    assert of_lane == [event["data"]["ticket"] for event in lane]
    assert max(call["in_flight"] for call in calls) > 5
    assert results_in_order(stage, lane)


async def random_delays(stage: Scene, chance: Random) -> None:
    """The platform takes 0 to 60 ms, differently for every last digit of the call's number."""
    for _ in range(IN_LANE + OTHERS):
        await stage.fault("delay", seconds=chance.choice((0, 0.005, 0.02, 0.06)), times=1)


def interleaved(lane: list[dict[str, Any]], others: list[dict[str, Any]], chance: Random) -> list[dict[str, Any]]:
    """All of them, each list in its own order."""
    places = sorted(chance.sample(range(len(lane) + len(others)), len(lane)))
    waiting, rest = iter(lane), iter(others)
    return [next(waiting) if place in places else next(rest) for place in range(len(lane) + len(others))]


def results_in_order(stage: Scene, lane: list[dict[str, Any]]) -> bool:
    ids = [event["id"] for event in lane]
    return [i for _, result in stage.service.results if (i := result["data"]["event_id"]) in ids] == ids


async def test_two_of_a_lane_are_never_at_the_platform_at_once(stage: Scene) -> None:
    events = [mobile_login("t-1") for _ in range(15)]
    async with stage.running(max_in_flight=20):
        await stage.fault("delay", seconds=0.03)
        for event in events:
            await stage.service.publish(event)
        await stage.service.ended(15)
    calls = await stage.platform.calls("syncLoginInfo")
    assert {call["in_flight"] for call in calls} == {1}
    assert len(calls) == 15


async def test_without_a_subject_the_learner_is_the_lane_over_all_operations(stage: Scene) -> None:
    ticket = "t-1"
    async with stage.running(max_in_flight=20):
        await stage.fault("delay", seconds=0.1, times=1, path="accountantReg")
        first, second, third = enrolment(ticket), cancellation(ticket), enrolment(ticket)
        for event in (first, second, third):
            await stage.service.publish(event)
        await stage.service.ended(3)
    answers = [(call["path"].rsplit("/", 1)[1], call["answer"]) for call in await stage.platform.calls("Reg")]
    assert answers == [("accountantReg", "200"), ("cancelAccountReg", "200"), ("accountantReg", "200")]
    assert stage.service.outcomes() == {"accepted": 3}


async def test_a_lane_that_waits_does_not_keep_others_waiting(stage: Scene) -> None:
    slow = [mobile_login("slow", subject="learner/1") for _ in range(10)]
    quick = [mobile_login("quick", subject=f"learner/{number}") for number in range(2, 12)]
    async with stage.running(max_in_flight=4):
        await stage.fault("hang", times=1)
        for event in (*slow, *quick):
            await stage.service.publish(event)
        await stage.service.ended(len(quick))
        assert stage.service.outcomes().total() == len(quick)
        await stage.platform.heal()
        await stage.service.ended(len(quick) + len(slow))
    assert results_in_order(stage, slow)


async def test_a_long_lane_goes_on_to_its_end_in_order_and_lets_others_pass(stage: Scene) -> None:
    """Four times as long as what a worker keeps of one lane: the rest waits on the ladder, each in its place.

    All wait before the worker starts, or the place of the other would tell how fast they are published.
    """
    lane = [mobile_login(f"lane-{number:03}", subject="learner/1") for number in range(800)]
    other = mobile_login("other", subject="learner/2")
    await stage.declare(max_in_flight=8)
    for event in (*lane, other):
        await stage.service.publish(event)
    async with stage.running(max_in_flight=8):
        await stage.service.ended(801, seconds=120)
    calls = [call["body"]["ticket"] for call in await stage.platform.calls("syncLoginInfo")]
    assert [ticket for ticket in calls if ticket != "other"] == [event["data"]["ticket"] for event in lane]
    assert calls.index("other") < 500
    assert results_in_order(stage, lane)


async def test_a_long_lane_goes_on_at_once_with_the_next_worker(stage: Scene) -> None:
    """What stood in a worker is delivered again without a place; who waited on the ladder has one and comes first."""
    lane = [mobile_login(f"lane-{number:03}", subject="learner/1") for number in range(600)]
    await stage.declare(max_in_flight=8)
    for event in lane:
        await stage.service.publish(event)
    async with stage.running(max_in_flight=8):
        await stage.service.ended(100, seconds=60)
    async with stage.running(max_in_flight=8):
        await stage.service.ended(len(lane), seconds=120)
    calls = [call["body"]["ticket"] for call in await stage.platform.calls("syncLoginInfo")]
    assert calls == [event["data"]["ticket"] for event in lane]
    assert results_in_order(stage, lane)
