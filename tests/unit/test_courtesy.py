"""Durable calls make way for questions: they leave half of the processor free while a person waits."""

import asyncio
from time import monotonic

from gateway.account import AccountSettings
from gateway.courtesy import AFTERWARDS_SECONDS, LONGEST_SECONDS, SHARE, Courtesy
from gateway.pace import Pace


class Processor:
    """Used as much as the test says."""

    def __init__(self) -> None:
        self.used = 0.0

    def __call__(self) -> float:
        return self.used


def saturated() -> Courtesy:
    """Of a process that has the processor all the time."""
    return Courtesy(used=monotonic)


async def begun_in(courtesy: Courtesy, calls: int, processor: Processor | None = None, each: float = 0.0) -> float:
    """Seconds until so many calls of an account have begun at the same time, each of which uses the processor."""
    pace = Pace(AccountSettings(), courtesy)

    async def call() -> None:
        async with pace.slot(interactive=False):
            if processor is not None:
                processor.used += each

    began = monotonic()
    await asyncio.gather(*(call() for _ in range(calls)))
    return monotonic() - began


async def test_beside_a_question_durable_calls_use_a_share_of_the_processor() -> None:
    processor = Processor()
    courtesy = Courtesy(processor)
    with courtesy.question():
        took = await begun_in(courtesy, 101, processor, each=0.002)
    assert took >= 0.99 * 100 * 0.002 / SHARE


async def test_where_nobody_asks_durable_calls_are_not_held_back_however_busy_the_process_is() -> None:
    assert await begun_in(saturated(), 50) < LONGEST_SECONDS


async def test_beside_a_question_durable_calls_are_not_held_back_where_there_is_time_for_both() -> None:
    courtesy = Courtesy(Processor())
    with courtesy.question():
        assert await begun_in(courtesy, 50) < LONGEST_SECONDS


async def test_in_a_busy_process_each_durable_call_is_held_back_for_a_quarter_of_a_second_and_no_longer() -> None:
    courtesy = saturated()
    with courtesy.question():
        took = await begun_in(courtesy, 3)
    assert 3 * LONGEST_SECONDS <= took < 6 * LONGEST_SECONDS


async def test_a_moment_after_the_answer_durable_calls_still_make_way_and_then_they_go_on() -> None:
    courtesy = saturated()
    with courtesy.question():
        calls = asyncio.create_task(begun_in(courtesy, 50))
        await asyncio.sleep(0.05)
    assert AFTERWARDS_SECONDS <= await calls < AFTERWARDS_SECONDS + 4 * LONGEST_SECONDS


async def test_a_question_to_one_account_is_made_way_for_by_all_accounts_of_the_process() -> None:
    courtesy = saturated()
    with courtesy.question():
        took = await asyncio.gather(begun_in(courtesy, 1), begun_in(courtesy, 1))
    assert max(took) >= 2 * LONGEST_SECONDS


async def test_a_durable_call_that_is_cancelled_while_it_makes_way_keeps_no_other_back() -> None:
    courtesy = saturated()
    with courtesy.question():
        first = asyncio.create_task(begun_in(courtesy, 1))
        await asyncio.sleep(0.02)
        first.cancel()
        await asyncio.wait([first])
        assert await begun_in(courtesy, 1) < 2 * LONGEST_SECONDS
