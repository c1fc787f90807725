"""One event of a lane at a time, first come first served, and nothing left behind however it ends."""

import asyncio
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lanes import Lanes


class Traffic:
    """Joins lanes, holds turns until told otherwise, and watches the rules on the way."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self.joined: dict[str | None, list[int]] = defaultdict(list)
        self.served: dict[str | None, list[int]] = defaultdict(list)
        self.within: Counter[str | None] = Counter()
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.ends: dict[int, asyncio.Future[None]] = {}
        self.lane_of: dict[int, str | None] = {}

    def join(self, lane: str | None) -> int:
        number = len(self.lane_of)
        place = self.lanes.join(lane)

        async def hold() -> None:
            async with place.turn():
                self.within[lane] += 1
                assert lane is None or self.within[lane] == 1, "two turns in one lane"
                self.served[lane].append(number)
                try:
                    await self.ends[number]
                finally:
                    self.within[lane] -= 1

        self.joined[lane].append(number)
        self.lane_of[number] = lane
        self.ends[number] = asyncio.get_running_loop().create_future()
        self.tasks[number] = asyncio.create_task(hold())
        return number

    @property
    def standing(self) -> dict[int, asyncio.Task[None]]:
        return {number: task for number, task in self.tasks.items() if not task.done()}

    async def settled(self) -> None:
        for _ in range(6):
            await asyncio.sleep(0)

    def check(self) -> None:
        """Once everything has settled: in every lane the first has the turn, and only the others wait."""
        first: dict[str, int] = {}
        for number in self.standing:
            lane = self.lane_of[number]
            if lane is None:
                assert number in self.served[None], "without a lane there is nothing to wait for"
            elif first.setdefault(lane, number) == number:
                assert self.served[lane][-1] == number, "the first of a lane has the turn"
            else:
                assert number not in self.served[lane]
        in_lanes = sum(self.lane_of[number] is not None for number in self.standing)
        assert (len(self.lanes), self.lanes.waiting) == (len(first), in_lanes - len(first))


async def test_the_first_of_a_lane_has_the_turn_and_the_others_follow_in_order() -> None:
    traffic = Traffic()
    numbers = [traffic.join("a") for _ in range(4)]
    for number in numbers:
        await traffic.settled()
        assert traffic.served["a"][-1] == number
        traffic.check()
        traffic.ends[number].set_result(None)
    await traffic.settled()
    assert traffic.served["a"] == numbers
    assert (len(traffic.lanes), traffic.lanes.waiting) == (0, 0)


async def test_the_order_is_that_of_joining_and_not_of_asking_for_the_turn() -> None:
    lanes = Lanes()
    early, late = lanes.join("a"), lanes.join("a")
    order = []

    async def take(name: str) -> None:
        async with (early if name == "early" else late).turn():
            order.append(name)

    await asyncio.gather(take("late"), take("early"))
    assert order == ["early", "late"]


async def test_a_lane_that_waits_does_not_keep_another_waiting() -> None:
    traffic = Traffic()
    for lane in ("a", "a", "b", None, "c"):
        traffic.join(lane)
    await traffic.settled()
    assert {lane: len(served) for lane, served in traffic.served.items()} == {"a": 1, "b": 1, None: 1, "c": 1}
    assert (len(traffic.lanes), traffic.lanes.waiting) == (3, 1)
    await _end(traffic)


async def test_without_a_lane_any_number_have_their_turn_at_once() -> None:
    traffic = Traffic()
    for _ in range(20):
        traffic.join(None)
    await traffic.settled()
    assert len(traffic.served[None]) == 20
    assert (len(traffic.lanes), traffic.lanes.waiting) == (0, 0)
    await _end(traffic)


async def test_an_error_within_a_turn_passes_the_turn_on() -> None:
    lanes = Lanes()
    broken, following = lanes.join("a"), lanes.join("a")
    with pytest.raises(ZeroDivisionError):
        async with broken.turn():
            raise ZeroDivisionError
    async with asyncio.timeout(1), following.turn():
        assert lanes.waiting == 0
    assert len(lanes) == 0


async def test_one_that_is_cancelled_in_the_moment_of_its_turn_passes_it_on() -> None:
    traffic = Traffic()
    first, second, third = (traffic.join("a") for _ in range(3))
    await traffic.settled()
    traffic.ends[first].set_result(None)
    await asyncio.sleep(0)  # the first leaves, the second is admitted and has not run yet
    assert second not in traffic.served["a"]
    traffic.tasks[second].cancel()
    await traffic.settled()
    assert traffic.served["a"] == [first, third]
    traffic.check()
    await _end(traffic)


async def _end(traffic: Traffic) -> None:
    for task in traffic.standing.values():
        task.cancel()
    await asyncio.gather(*traffic.tasks.values(), return_exceptions=True)
    assert (len(traffic.lanes), traffic.lanes.waiting) == (0, 0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "join", "finish", "fail", "cancel", "cancel-twice"]),
        st.sampled_from(["a", "b", "c", None]),
        st.integers(0, 1000),
        st.integers(0, 4),
    ),
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_whatever_happens_the_order_holds_and_nothing_is_left_behind(
    steps: list[tuple[str, str | None, int, int]],
) -> None:
    async def scenario() -> None:
        traffic = Traffic()
        cancelled: set[int] = set()
        for step, lane, which, pauses in steps:
            standing = sorted(traffic.standing)
            if step == "join" or not standing:
                traffic.join(lane)
                await asyncio.sleep(0)  # it stands in line with its task begun
                continue
            number = standing[which % len(standing)]
            if step.startswith("cancel"):
                cancelled.add(number)
            await _do(traffic, step, number)
            await _pause(traffic, pauses)
        await _all_end(traffic, cancelled)

    asyncio.run(scenario())


async def _do(traffic: Traffic, step: str, number: int) -> None:
    end, task = traffic.ends[number], traffic.tasks[number]
    if step == "finish" and not end.done():
        end.set_result(None)
    elif step == "fail" and not end.done():
        end.set_exception(ZeroDivisionError())
    elif step.startswith("cancel"):
        task.cancel()
        if step == "cancel-twice":
            await asyncio.sleep(0)
            task.cancel()


async def _pause(traffic: Traffic, pauses: int) -> None:
    for _ in range(pauses):
        await asyncio.sleep(0)
    if pauses == 4:
        await traffic.settled()
        traffic.check()


async def _all_end(traffic: Traffic, cancelled: set[int]) -> None:
    """Let everybody through; who was not cancelled has had a turn, in the order of joining."""
    for end in traffic.ends.values():
        if not end.done():
            end.set_result(None)
    ends = asyncio.gather(*traffic.tasks.values(), *traffic.ends.values(), return_exceptions=True)
    assert not [end for end in await asyncio.wait_for(ends, 5) if isinstance(end, AssertionError)]
    for lane, numbers in traffic.joined.items():
        assert traffic.served[lane] == sorted(traffic.served[lane])
        assert set(numbers) - cancelled <= set(traffic.served[lane])
    assert (len(traffic.lanes), traffic.lanes.waiting) == (0, 0)
