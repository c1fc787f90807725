"""Slots and rate of one account: interactive calls have slots of their own, and go first."""

import asyncio
from time import perf_counter

import pytest

from gateway.account import AccountSettings
from gateway.pace import Pace


class Crowd:
    """Calls that hold their slot until they are let go, and what was seen of them."""

    def __init__(self, **settings: float) -> None:
        self.pace = Pace(AccountSettings.model_validate(settings))
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
    pace = Pace(AccountSettings(max_in_flight=1))
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


async def timed(pace: Pace, calls: int) -> float:
    async def call() -> None:
        async with pace.slot(interactive=False):
            pass

    started = perf_counter()
    await asyncio.gather(*(call() for _ in range(calls)))
    return perf_counter() - started


async def test_calls_beyond_the_rate_are_held_back() -> None:
    assert await timed(Pace(AccountSettings(rate_per_second=50)), 65) >= 0.28


async def test_without_a_rate_nothing_is_held_back() -> None:
    assert await timed(Pace(AccountSettings(max_in_flight=1000)), 1000) < 0.5


@pytest.mark.parametrize("rate", [0.5, 1.5, 0.01])
async def test_a_rate_below_one_or_broken_is_a_rate_too(rate: float) -> None:
    """The settings allow any rate above nothing: the first call goes at once."""
    pace = Pace(AccountSettings(rate_per_second=rate))
    async with asyncio.timeout(1), pace.slot(interactive=False):
        pass


async def test_an_interactive_call_waits_for_one_durable_call_at_the_most() -> None:
    pace = Pace(AccountSettings(rate_per_second=20))
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
