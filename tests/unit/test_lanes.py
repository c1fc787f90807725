"""One event of a lane at a time, first come first served; a long line is told to step aside; nothing stays behind."""

import asyncio
from collections import defaultdict
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lanes import ASIDE_ALONE, ASIDE_AT_ONCE, COMES_BACK_SECONDS, FEW, LONG, Lanes, Place

NO_ROOM = 0


class Traffic:
    """Members that are numbers, with a place each; who has its turn is seen at once."""

    def __init__(self, room: int = 1000) -> None:
        self.lanes: Lanes[int] = Lanes(room)
        self.places: dict[int, Place[int]] = {}
        self.joined = 0

    def join(self, lane: str | None, position: int = 0) -> Place[int]:
        number = self.joined
        self.joined += 1
        self.places[number] = self.lanes.join(lane, number, position)
        return self.places[number]

    def leave(self, number: int) -> None:
        self.places.pop(number).leave()

    def served(self) -> list[int]:
        """Who has the turn now."""
        return [number for number, place in self.places.items() if place.admitted.done()]

    def lines(self) -> dict[str, list[int]]:
        """Who should stand in each lane."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, place in self.places.items():
            if place.lane is not None:
                found[place.lane].append(number)
        for line in found.values():
            line.sort(key=lambda number: (not self.places[number].admitted.done(), self.places[number].position))
        return found

    def check(self) -> None:
        """The first of every lane has the turn, and whoever has no lane; nobody else is there or remembered."""
        lines = self.lines()
        free = [number for number, place in self.places.items() if place.lane is None]
        assert sorted(self.served()) == sorted([line[0] for line in lines.values()] + free)
        assert (len(self.lanes), self.lanes.waiting) == (len(lines), sum(len(line) - 1 for line in lines.values()))
        for line in lines.values():
            for index, number in enumerate(line):
                assert self.places[number].ahead() == line[:index]


@pytest.fixture
async def traffic() -> Traffic:
    return Traffic()


async def test_the_first_of_a_lane_has_the_turn_and_the_others_follow_in_order(traffic: Traffic) -> None:
    for _ in range(4):
        traffic.join("a")
    served = []
    while traffic.places:
        traffic.check()
        (first,) = traffic.served()
        served.append(first)
        traffic.leave(first)
    assert served == [0, 1, 2, 3]
    assert (len(traffic.lanes), traffic.lanes.waiting) == (0, 0)


async def test_the_order_is_that_of_joining_and_not_of_asking_for_the_turn(traffic: Traffic) -> None:
    early, late = traffic.join("a"), traffic.join("a")
    order = []

    async def take(place: Place[int], name: str) -> None:
        await place.turn()
        order.append(name)
        place.leave()

    await asyncio.gather(take(late, "late"), take(early, "early"))
    assert order == ["early", "late"]


async def test_a_lane_that_waits_does_not_keep_another_waiting(traffic: Traffic) -> None:
    for lane in ("a", "a", "b", None, "c", None):
        traffic.join(lane)
    assert traffic.served() == [0, 2, 3, 4, 5]
    traffic.check()


async def test_without_a_lane_there_is_nobody_ahead_and_nothing_to_leave(traffic: Traffic) -> None:
    places = [traffic.join(None) for _ in range(3)]
    assert [place.ahead() for place in places] == [[], [], []]
    for place in places:
        await place.turn()
        place.leave()
    assert (len(traffic.lanes), traffic.lanes.waiting) == (0, 0)


async def test_who_fails_keeps_the_turn_so_that_nobody_passes(traffic: Traffic) -> None:
    """Whatever stands behind goes back to its queue together with it."""
    first, second = traffic.join("a"), traffic.join("a")

    async def fail() -> None:
        await first.turn()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not second.admitted.done()
    assert second.ahead() == [0]


async def test_who_is_cancelled_while_waiting_keeps_the_place_too(traffic: Traffic) -> None:
    first, second, third = (traffic.join("a") for _ in range(3))
    waiting = asyncio.create_task(second.turn())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    first.leave()
    assert (second.admitted.done(), third.admitted.done()) == (True, False)
    second.leave()
    assert third.admitted.done()


async def test_one_that_leaves_from_the_middle_changes_nobody_elses_turn(traffic: Traffic) -> None:
    for _ in range(4):
        traffic.join("a")
    traffic.leave(2)
    traffic.check()
    traffic.leave(0)
    traffic.check()
    assert traffic.served() == [1]


@pytest.mark.parametrize(
    ("room", "crowded"),
    [
        (NO_ROOM, [False] * FEW + [True] * 4),
        (1, [False] * FEW + [True] * 4),
        (2, [False] * 3 + [True] * 3),
        (4, [False] * 5 + [True]),
        (5, [False] * 6),
    ],
)
async def test_beyond_the_room_the_next_of_a_long_line_should_step_aside(room: int, crowded: list[bool]) -> None:
    traffic = Traffic(room)
    assert [traffic.join("a").crowded for _ in crowded] == crowded


async def test_a_short_line_is_never_told_to_step_aside_however_many_wait_in_others() -> None:
    traffic = Traffic(NO_ROOM)
    for lane in "abcdefgh":
        assert [traffic.join(lane).crowded for _ in range(FEW + 1)] == [False] * FEW + [True]


async def test_who_comes_back_stands_at_its_place_but_behind_whoever_has_the_turn(traffic: Traffic) -> None:
    for position in (5, 6, 9):
        traffic.join("a", position)
    back = traffic.join("a", 2)
    assert back.ahead() == [0]
    between = traffic.join("a", 7)
    assert between.ahead() == [0, 3, 1]
    traffic.check()
    traffic.leave(0)
    assert traffic.served() == [3]


async def test_those_at_the_head_of_a_line_stay_however_many_stand_behind_them() -> None:
    traffic = Traffic(4)
    for position in range(10, 20):
        traffic.join("a", position)
    assert not traffic.join("a", 1).crowded
    assert traffic.join("a", 20).crowded


async def test_the_more_lanes_there_are_the_sooner_a_long_line_steps_aside() -> None:
    for others, stay in ((0, 8), (2, 4), (6, 2), (50, FEW)):
        traffic = Traffic(16)
        for other in range(others):
            traffic.join(f"other {other}")
        for _ in range(40):
            traffic.join("filling")
        assert [traffic.join("a").crowded for _ in range(12)].index(True) == stay


async def test_a_line_alone_steps_aside_a_few_at_a_time_and_many_once_others_are_here() -> None:
    traffic = Traffic(NO_ROOM)
    aside = 0

    async def step_aside() -> None:
        nonlocal aside
        async with traffic.lanes.aside:
            aside += 1
            await asyncio.sleep(0.01)
            aside -= 1

    traffic.join("long")
    stepping = [asyncio.create_task(step_aside()) for _ in range(2 * ASIDE_AT_ONCE)]
    await asyncio.sleep(0)
    assert aside == ASIDE_ALONE
    traffic.join("other")
    await asyncio.sleep(0.015)
    assert aside == ASIDE_AT_ONCE
    await asyncio.gather(*stepping)


async def test_who_waited_to_step_aside_is_not_crowded_any_more_once_its_line_has_moved_on() -> None:
    traffic = Traffic(4)
    for _ in range(8):
        traffic.join("a")
    last = traffic.places[7]
    assert last.crowded
    for number in range(4):
        traffic.leave(number)
    assert not last.crowded


async def test_a_line_is_pressed_as_long_as_many_stand_behind_its_first() -> None:
    traffic = Traffic(100)
    first = traffic.join("a")
    assert [traffic.join("a") and first.pressed for _ in range(LONG + 2)] == [False] * (LONG - 1) + [True] * 3
    assert not traffic.join(None).pressed


async def test_who_has_the_turn_lets_one_pass_that_stands_further_back_and_has_it_again_after(
    traffic: Traffic,
) -> None:
    for position in (5, 6, 7, 8):
        traffic.join("a", position)
    assert traffic.places[0].let_pass(lambda member: member == 2)
    assert traffic.served() == [2]
    assert traffic.places[3].ahead() == [2, 0, 1]
    assert (len(traffic.lanes), traffic.lanes.waiting) == (1, 3)
    again = asyncio.create_task(traffic.places[0].turn())
    await asyncio.sleep(0)
    assert not again.done()
    traffic.leave(2)
    await again
    assert traffic.served() == [0]


async def test_nobody_passes_who_does_not_stand_in_the_lane(traffic: Traffic) -> None:
    first, other, free = traffic.join("a"), traffic.join("b"), traffic.join(None)
    for place in (first, other, free):
        assert not place.let_pass(lambda member: True)
    traffic.check()


async def test_what_an_earlier_intake_held_has_come_back_after_a_second_and_is_waited_for_once(
    traffic: Traffic,
) -> None:
    began = monotonic()
    assert await traffic.lanes.complete()
    assert COMES_BACK_SECONDS - 0.1 < monotonic() - began < COMES_BACK_SECONDS + 0.5
    assert not await traffic.lanes.complete()


async def test_without_a_lane_nobody_is_crowded() -> None:
    traffic = Traffic(NO_ROOM)
    assert not any(traffic.join(None).crowded for _ in range(10))


async def test_there_is_room_again_when_those_who_waited_have_gone() -> None:
    traffic = Traffic(2)
    for _ in range(4):
        traffic.join("a")
    assert traffic.places[3].crowded
    traffic.leave(3)
    traffic.leave(0)
    assert not traffic.join("a").crowded


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["join", "join", "serve", "leave"]), st.sampled_from(["a", "b", None]), st.integers(0, 99)
    ),
    max_size=60,
)


@settings(max_examples=100)
@given(st.integers(0, 4), STEPS)
def test_whatever_happens_the_order_holds_and_nothing_is_left_behind(
    room: int, steps: list[tuple[str, str | None, int]]
) -> None:
    async def scenario() -> None:
        traffic = Traffic(room)
        for step, lane, which in steps:
            served, standing = traffic.served(), list(traffic.places)
            if step == "join":
                waiting = traffic.lanes.waiting
                place = traffic.join(lane, which)
                share = max(FEW, room // max(1, len(traffic.lanes)))
                assert place.crowded == (lane is not None and waiting >= room and len(place.ahead()) >= share)
            elif step == "serve" and served:
                traffic.leave(served[which % len(served)])
            elif step == "leave" and standing:
                traffic.leave(standing[which % len(standing)])
            traffic.check()
        for number in list(traffic.places):
            traffic.leave(number)
        assert (len(traffic.lanes), traffic.lanes.waiting) == (0, 0)

    asyncio.run(scenario())
