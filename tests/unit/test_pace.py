"""Slots and rate of one account: interactive calls have slots of their own, and go first."""

import asyncio
from time import monotonic, perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.account import AccountSettings
from gateway.courtesy import Courtesy
from gateway.pace import Pace
from gateway.slots import Slots
from gateway.window import Window


class Crowd:
    """Calls that hold their slot until they are let go, and what was seen of them."""

    def __init__(self, **settings: float) -> None:
        self.pace = Pace(AccountSettings.model_validate(settings), Courtesy())
        self.inside: list[str] = []
        self.most = 0
        self.go = asyncio.Event()

    async def call(self, name: str, interactive: bool = False) -> None:
        async with self.pace.slot(interactive=interactive):
            self.inside.append(name)
            self.most = max(self.most, len(self.inside))
            await self.go.wait()
            self.inside.remove(name)

    def start(self, name: str, interactive: bool = False) -> asyncio.Task[None]:
        return asyncio.create_task(self.call(name, interactive))


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_calls_than_slots_are_under_way() -> None:
    crowd = Crowd(max_in_flight=3)
    calls = [crowd.start(str(n)) for n in range(10)]
    await settled()
    assert crowd.inside == ["0", "1", "2"]
    crowd.go.set()
    await asyncio.gather(*calls)
    assert crowd.most == 3


async def test_interactive_calls_have_slots_beside_the_durable_ones() -> None:
    crowd = Crowd(max_in_flight=1, interactive_slots=2)
    calls = [crowd.start("bulk 1"), crowd.start("bulk 2")]
    calls += [crowd.start(f"asked {n}", interactive=True) for n in range(3)]
    await settled()
    assert crowd.inside == ["bulk 1", "asked 0", "asked 1"]
    crowd.go.set()
    await asyncio.gather(*calls)


async def test_a_slot_is_given_back_after_an_error() -> None:
    pace = Pace(AccountSettings(max_in_flight=1), Courtesy())
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            async with pace.slot(interactive=False):
                raise ZeroDivisionError
    async with asyncio.timeout(1), pace.slot(interactive=False):
        pass


@pytest.mark.parametrize("rate", [None, 5.0])
async def test_a_call_that_is_cancelled_while_it_waits_takes_no_slot_along(rate: float | None) -> None:
    crowd = Crowd(max_in_flight=1, **({"rate_per_second": rate} if rate else {}))
    first, second = crowd.start("first"), crowd.start("second")
    await settled()
    second.cancel()
    await asyncio.wait([second])
    crowd.go.set()
    await first
    async with asyncio.timeout(1), crowd.pace.slot(interactive=False):
        pass


# --- following what the calls meet


async def test_after_an_outage_the_first_durable_call_goes_alone_and_each_answer_lets_more_in() -> None:
    crowd = Crowd(max_in_flight=8)
    crowd.pace.failed(monotonic(), throttled=False, down=True)
    calls = [crowd.start(str(n)) for n in range(8)]
    seen = []
    for answers in (1, 2, 4, 0):
        await settled()
        seen.append(len(crowd.inside))
        for _ in range(answers):
            crowd.pace.answered()
    assert seen == [1, 2, 4, 8]
    crowd.go.set()
    await asyncio.gather(*calls)


async def test_after_throttling_half_as_many_durable_calls_go_at_once() -> None:
    crowd = Crowd(max_in_flight=8, interactive_slots=3)
    began = monotonic()
    for _ in range(5):
        crowd.pace.failed(began, throttled=True, down=False)
    calls = [crowd.start(str(n)) for n in range(8)] + [crowd.start(f"asked {n}", True) for n in range(3)]
    await settled()
    assert len(crowd.inside) == 4 + 3
    crowd.go.set()
    await asyncio.gather(*calls)


async def test_a_failure_that_says_nothing_of_the_platform_changes_nothing() -> None:
    pace = Pace(AccountSettings(max_in_flight=8), Courtesy())
    pace.failed(monotonic(), throttled=False, down=False)
    assert (pace.window.size, pace.window.share) == (8, 1.0)


async def test_the_mean_turn_follows_shorter_ones_soon_and_longer_ones_slowly() -> None:
    pace = Pace(AccountSettings(), Courtesy())
    for _ in range(300):
        pace.turned(2.0)
    assert pace.seconds_per_turn == pytest.approx(2.0, rel=0.01)
    for _ in range(8):
        pace.turned(0.1)
    assert pace.seconds_per_turn == pytest.approx(0.1, rel=0.1)
    pace.turned(10.0)
    assert pace.seconds_per_turn < 0.4


# --- slots


class Room:
    """Visitors of a few slots, who may be cancelled at any moment."""

    def __init__(self, ceiling: int) -> None:
        self.window = Window(ceiling)
        self.slots = Slots(self.window)
        self.inside: list[int] = []
        self.entered: list[int] = []
        self.ends: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def visit(self, number: int) -> None:
        async with self.slots:
            # who was let in just before the window was narrowed still comes in
            assert len(self.inside) < self.window.ceiling, "more than there is room for at all"
            self.inside.append(number)
            self.entered.append(number)
            try:
                await self.ends[number].wait()
            finally:
                self.inside.remove(number)

    def arrive(self) -> None:
        self.ends.append(asyncio.Event())
        self.tasks.append(asyncio.create_task(self.visit(len(self.tasks))))

    def pick(self, which: int) -> int | None:
        standing = [number for number, task in enumerate(self.tasks) if not task.done()]
        return standing[which % len(standing)] if standing else None

    def check(self) -> None:
        """Once all has settled: whoever waits, waits because the room is full."""
        waiting = [n for n, task in enumerate(self.tasks) if not task.done() and n not in self.inside]
        assert not waiting or len(self.inside) >= self.window.size
        assert self.entered == sorted(self.entered), "first come first served"

    def do(self, step: str, which: int) -> None:
        number = self.pick(which)
        match step:
            case "arrive":
                self.arrive()
            case "end" if number is not None:
                self.ends[number].set()
            case "cancel" if number is not None:
                self.tasks[number].cancel()
            case "answered":
                self.window.answered()
                self.slots.resized()
            case "throttled":
                self.window.throttled(0.0, float("-inf"))
            case "collapsed":
                self.window.collapsed()


VISITS = st.lists(
    st.tuples(
        st.sampled_from(["arrive", "arrive", "arrive", "end", "end", "cancel", "answered", "throttled", "collapsed"]),
        st.integers(0, 1000),
        st.integers(0, 3),
    ),
    max_size=80,
)


@settings(max_examples=80)
@given(st.integers(1, 5), VISITS)
def test_whatever_is_cancelled_no_slot_is_lost_and_none_is_given_twice(
    ceiling: int, steps: list[tuple[str, int, int]]
) -> None:
    async def scenario() -> None:
        room = Room(ceiling)
        for step, which, pauses in steps:
            room.do(step, which)
            for _ in range(pauses):
                await asyncio.sleep(0)
            if pauses == 3:
                await settled()
                room.check()
        for end in room.ends:
            end.set()
        ends = await asyncio.wait_for(asyncio.gather(*room.tasks, return_exceptions=True), 5)
        assert not [end for end in ends if isinstance(end, AssertionError)]
        await all_slots_are_free(room)

    asyncio.run(scenario())


async def all_slots_are_free(room: Room) -> None:
    before = len(room.tasks)
    for _ in range(room.window.size + 1):
        room.arrive()
    await settled()
    assert room.inside == list(range(before, before + room.window.size))
    for end in room.ends:
        end.set()
    await asyncio.gather(*room.tasks[before:])


# --- the rate


async def timed(pace: Pace, calls: int) -> float:
    async def call() -> None:
        async with pace.slot(interactive=False):
            pass

    started = perf_counter()
    await asyncio.gather(*(call() for _ in range(calls)))
    return perf_counter() - started


async def test_calls_beyond_the_rate_are_held_back() -> None:
    assert await timed(Pace(AccountSettings(rate_per_second=50), Courtesy()), 65) >= 0.28


async def test_after_throttling_only_a_share_of_the_rate_is_used() -> None:
    pace = Pace(AccountSettings(rate_per_second=50), Courtesy())
    pace.window.share = 0.5
    assert await timed(pace, 40) >= 0.55  # each takes the room of two: 25 at once, 15 at 25 a second


async def test_without_a_rate_nothing_is_held_back() -> None:
    assert await timed(Pace(AccountSettings(max_in_flight=1000), Courtesy()), 1000) < 2


@pytest.mark.parametrize("rate", [0.5, 1.5, 0.01])
@pytest.mark.parametrize("share", [1.0, 0.05])
async def test_a_rate_below_one_or_broken_is_a_rate_too(rate: float, share: float) -> None:
    """The settings allow any rate above nothing: the first call goes at once."""
    pace = Pace(AccountSettings(rate_per_second=rate), Courtesy())
    pace.window.share = share
    async with asyncio.timeout(1), pace.slot(interactive=False):
        pass


async def test_an_interactive_call_waits_for_one_durable_call_at_the_most() -> None:
    pace = Pace(AccountSettings(rate_per_second=20), Courtesy())
    await asyncio.gather(*(_through(pace, [], "used up", False) for _ in range(20)))
    order: list[str] = []
    calls = [asyncio.create_task(_through(pace, order, "bulk", False)) for _ in range(8)]
    await settled()
    calls += [asyncio.create_task(_through(pace, order, "asked", True)) for _ in range(2)]
    await asyncio.gather(*calls)
    assert "asked" in order[:2]
    assert order[:4].count("asked") == 2


async def _through(pace: Pace, order: list[str], name: str, interactive: bool) -> None:
    async with pace.slot(interactive=interactive):
        order.append(name)
