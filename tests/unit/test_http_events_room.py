"""The room for requests: bounded, given back, and not waited for for ever."""

import asyncio

import pytest

from gateway.errors import UnavailableError
from gateway.http_events.room import LEAST, Room


async def test_as_much_is_held_at_once_as_there_is_room_for() -> None:
    room = Room(4 * LEAST, 10)
    held, most = 0, 0

    async def hold() -> None:
        nonlocal held, most
        async with room.taken(2 * LEAST):
            held += 1
            most = max(most, held)
            await asyncio.sleep(0)
            held -= 1

    await asyncio.gather(*(hold() for _ in range(50)))
    assert most == 2


async def test_what_gets_no_room_in_time_is_refused_and_takes_none() -> None:
    room = Room(LEAST, 0.05)
    async with room.taken(1):
        with pytest.raises(UnavailableError):
            async with room.taken(1):
                raise AssertionError
    async with room.taken(1):
        pass


async def test_room_is_given_back_by_those_who_fail_and_those_who_are_cancelled() -> None:
    room = Room(LEAST, 10)

    async def hold(seconds: float) -> None:
        async with room.taken(1):
            await asyncio.sleep(seconds)
            raise KeyError

    with pytest.raises(KeyError):
        await hold(0)
    holder, waiter = asyncio.create_task(hold(60)), asyncio.create_task(hold(60))
    await asyncio.sleep(0.01)
    for task in (holder, waiter):
        task.cancel()
    await asyncio.wait({holder, waiter})
    async with asyncio.timeout(5), room.taken(10 * LEAST):  # more than there is: all of it
        pass
