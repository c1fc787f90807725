"""Many single requests, few round trips, and each caller gets the answer to its own."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.grouped import AT_A_TIME, Grouped


class Work:
    """Doubles numbers, in groups that take as long as they are told to; a negative number breaks its group."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.under_way = 0
        self.most = 0
        self.go = asyncio.Event()

    async def __call__(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.go.wait()
            if min(items) < 0:
                raise ArithmeticError(f"{min(items)}")
            return [2 * item for item in items]
        finally:
            self.under_way -= 1


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def start(grouped: Grouped[int, int], *items: int) -> list[asyncio.Task[int]]:
    async def ask(item: int) -> int:
        return await grouped(item)

    return [asyncio.create_task(ask(item)) for item in items]


async def test_a_lone_item_goes_at_once() -> None:
    work = Work()
    work.go.set()
    assert await Grouped(work, 10)(21) == 42
    assert work.groups == [[21]]


async def test_groups_are_apart_where_there_is_much_to_do_and_a_lone_item_waits_for_nobody() -> None:
    began: list[float] = []

    async def work(items: Sequence[int]) -> Sequence[int]:
        began.append(asyncio.get_running_loop().time())
        return items

    grouped = Grouped(work, 10, 0.2)
    for items in ([1], [2], [3, 4], [5]):
        await asyncio.gather(*(grouped(item) for item in items))
    after = [later - earlier for earlier, later in pairwise(began)]
    assert [gap >= 0.2 for gap in after] == [False, False, True]


async def test_what_is_asked_for_meanwhile_makes_the_next_group() -> None:
    work = Work()
    grouped = Grouped(work, 10)
    first = start(grouped, 1)
    await settled()
    rest = start(grouped, 2, 3, 4)
    await settled()
    assert work.groups == [[1]]
    work.go.set()
    assert await asyncio.gather(*first, *rest) == [2, 4, 6, 8]
    assert work.groups == [[1], [2, 3, 4]]
    assert work.most == 1


async def test_a_group_is_never_larger_than_allowed() -> None:
    work = Work()
    work.go.set()
    grouped = Grouped(work, 3)
    assert await asyncio.gather(*start(grouped, *range(8))) == [2 * n for n in range(8)]
    assert [len(group) for group in work.groups] == [3, 3, 2]


async def test_an_error_reaches_everybody_of_its_group_and_nobody_else() -> None:
    work = Work()
    work.go.set()
    grouped = Grouped(work, 2)
    broken, neighbour, *others = start(grouped, 1, -2, 3, 4)
    for task in (broken, neighbour):
        with pytest.raises(ArithmeticError):
            await task
    assert await asyncio.gather(*others) == [6, 8]
    assert await grouped(5) == 10


async def test_a_caller_that_is_cancelled_does_not_disturb_the_others() -> None:
    work = Work()
    grouped = Grouped(work, 10)
    first = start(grouped, 0)
    await settled()
    impatient, patient, waiting = start(grouped, 1, 2, 3)
    await settled()
    impatient.cancel()
    first[0].cancel()
    work.go.set()
    assert (await patient, await waiting) == (4, 6)
    assert impatient.cancelled()
    assert first[0].cancelled()
    assert await grouped(9) == 18


async def test_a_group_whose_callers_have_all_left_may_fail_without_a_trace() -> None:
    work = Work()
    grouped = Grouped(work, 10)
    (caller,) = start(grouped, -1)
    await settled()
    caller.cancel()
    work.go.set()
    await settled()
    assert await grouped(1) == 2


@settings(max_examples=60)
@given(st.lists(st.integers(-3, 100), max_size=40), st.integers(1, 7), st.data())
def test_each_caller_gets_the_answer_to_its_own(items: list[int], largest: int, data: st.DataObject) -> None:
    async def scenario() -> None:
        work = Work()
        work.go.set()
        grouped = Grouped(work, largest)
        callers: list[tuple[int, asyncio.Task[int]]] = []
        for item in items:
            callers += zip([item], start(grouped, item), strict=True)
            if data.draw(st.booleans()):
                await asyncio.sleep(0)
        answers = await asyncio.gather(*(task for _, task in callers), return_exceptions=True)
        for (item, _), answer in zip(callers, answers, strict=True):
            assert answer == 2 * item or isinstance(answer, ArithmeticError)
            assert item >= 0 or isinstance(answer, ArithmeticError)
        assert sorted(n for group in work.groups for n in group) == sorted(items)
        assert work.most <= 1
        assert not any(isinstance(answer, ArithmeticError) for answer in answers) or min(items) < 0

    asyncio.run(scenario())


async def test_a_large_group_gets_its_answers_in_turns_so_that_others_do_not_wait_for_all_of_it() -> None:
    assert await most_in_a_turn(saturated=False) == AT_A_TIME


async def test_in_a_saturated_process_a_group_gets_its_answers_all_at_once() -> None:
    assert await most_in_a_turn(saturated=True) == 4 * AT_A_TIME


async def most_in_a_turn(*, saturated: bool) -> int:
    """Of the answers of a group of four times as many as come in one turn."""
    work = Work()
    grouped = Grouped(work, 100, saturated=lambda: saturated)
    first = start(grouped, 0)
    await settled()
    tasks = start(grouped, *range(1, 4 * AT_A_TIME + 1))
    await settled()
    work.go.set()
    done = []
    while not all(task.done() for task in [*first, *tasks]):
        await asyncio.sleep(0)
        done.append(sum(task.done() for task in tasks))
    assert [task.result() for task in tasks] == [2 * item for item in range(1, 4 * AT_A_TIME + 1)]
    return max(later - earlier for earlier, later in pairwise([0, *done]))
