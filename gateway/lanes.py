"""What must stay in order takes turns: one event of a lane at a time, first come first served."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lanes:
    """Turns by lane. A lane exists only while somebody stands in it, so any number of them costs nothing."""

    def __init__(self) -> None:
        self._standing: dict[str, deque[asyncio.Future[None]]] = {}
        self.waiting = 0

    def join(self, lane: str | None) -> "Place":
        """Stand in line, now; the order of these calls is the order of the turns. None is a lane of one's own."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if lane is None:
            place.set_result(None)
            return Place(self, None, place)
        line = self._standing.setdefault(lane, deque())
        line.append(place)
        self.waiting += 1
        if len(line) == 1:
            self._admit(line)
        return Place(self, lane, place)

    def leave(self, lane: str | None, place: asyncio.Future[None]) -> None:
        """Give up a place, served or not; whoever is now first has the turn."""
        if lane is None:
            return
        line = self._standing[lane]
        line.remove(place)
        if not place.done() or place.cancelled():
            self.waiting -= 1
        if not line:
            del self._standing[lane]
        elif not line[0].done():
            self._admit(line)

    def _admit(self, line: deque[asyncio.Future[None]]) -> None:
        line[0].set_result(None)
        self.waiting -= 1

    def __len__(self) -> int:
        return len(self._standing)


class Place:
    """One event's place in its lane."""

    __slots__ = ("_lane", "_lanes", "_place")

    def __init__(self, lanes: Lanes, lane: str | None, place: asyncio.Future[None]) -> None:
        self._lanes, self._lane, self._place = lanes, lane, place

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the turn, and pass it on at the end, however that comes."""
        try:
            await asyncio.shield(self._place)
            yield
        finally:
            self._lanes.leave(self._lane, self._place)
