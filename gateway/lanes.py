"""What must stay in order takes turns: one event of a lane at a time, by the places that they have in it.

Only who is in this process stands here, so any number of lanes costs nothing; see gateway.order for the others.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, TypeVar

from gateway.slots import Slots

Member = TypeVar("Member")

FEW = 2
"""So many of a lane may always stand here: one in flight, and the next at once behind it. With few lanes: more."""


LONG = 20
"""A line so long is pressed for time: whoever has its turn does not wait to be one of a group."""


ASIDE_AT_ONCE, ASIDE_ALONE = 32, 2
"""Events that step aside at the same time, beside the work and not before it: the fewer, the faster the line itself
moves. Alone here, it makes room for others that may come; there they are, it clears their way."""


COMES_BACK_SECONDS = 1.0
"""What an earlier intake held is delivered again at once, but from two queues, and those from the ladder come first:
who finds that one ahead is not here yet waits for so long, or all of a long line would follow it to the ladder."""


class _Aside:
    """How many may step aside now."""

    def __init__(self, lanes: "Lanes[Any]") -> None:
        self._lanes = lanes

    @property
    def size(self) -> int:
        """At once."""
        return ASIDE_ALONE if len(self._lanes) == 1 else ASIDE_AT_ONCE


class Lanes(Generic[Member]):
    """Turns by lane. About `room` members wait: beyond that who stands far back in a line is told to step aside.

    How far is a fair share of the room: with one lane only, all of it.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._complete_at = monotonic() + COMES_BACK_SECONDS
        self._standing: dict[str, deque[Place[Member]]] = {}
        self.waiting = 0
        self.aside = Slots(_Aside(self))

    def join(self, lane: str | None, member: Member, position: int = 0) -> "Place[Member]":
        """Stand in line, now: ahead of higher positions, behind equal ones, and behind whoever has the turn.

        None is a lane of one's own.
        """
        place = Place(self, lane, member, position)
        if lane is None:
            place.admitted.set_result(None)
            return place
        line = self._standing.setdefault(lane, deque())
        index = len(line)
        while index > 1 and line[index - 1].position > position:
            index -= 1
        line.insert(index, place)
        self.waiting += 1
        if len(line) == 1:
            self._admit(line)
        return place

    def ahead(self, place: "Place[Member]") -> list[Member]:
        """Who stands before this place in its lane, first come first."""
        line = self._line(place)
        return [other.member for other in list(line)[: line.index(place)]]

    def leave(self, place: "Place[Member]") -> None:
        """Give up a place, served or not; whoever is now first has the turn."""
        del place.member  # which holds its place: neither is left to the collector
        if place.lane is None:
            return
        line = self._standing[place.lane]
        line.remove(place)
        if not place.admitted.done() or place.admitted.cancelled():
            self.waiting -= 1
        if not line:
            del self._standing[place.lane]
        elif not line[0].admitted.done():
            self._admit(line)

    def let_pass(self, place: "Place[Member]", wanted: Callable[[Member], bool]) -> bool:
        """Pass the turn, which this place has, to the first member behind it that is wanted; whether there is one.

        The place has its turn again when that one has left.
        """
        line = self._line(place)
        other = next((one for one in line if one is not place and wanted(one.member)), None)
        if other is None:
            return False
        line.remove(other)
        line.appendleft(other)
        place.admitted = asyncio.get_running_loop().create_future()
        self.waiting += 1
        self._admit(line)
        return True

    def is_crowded(self, place: "Place[Member]") -> bool:
        """Whether so many stand before this place that others find no room."""
        if place.lane is None or self.waiting <= self._room:
            return False
        share = max(FEW, self._room // len(self._standing))
        return self._standing[place.lane].index(place) >= share

    def is_long(self, place: "Place[Member]") -> bool:
        """Whether many stand behind."""
        return place.lane is not None and len(self._standing[place.lane]) > LONG

    def _line(self, place: "Place[Member]") -> "deque[Place[Member]]":
        return deque([place]) if place.lane is None else self._standing[place.lane]

    def _admit(self, line: "deque[Place[Member]]") -> None:
        line[0].admitted.set_result(None)
        self.waiting -= 1

    async def complete(self) -> bool:
        """Wait until what an earlier intake held has come back; False where it has for long."""
        left = self._complete_at - monotonic()
        if left <= 0:
            return False
        await asyncio.sleep(left)
        return True

    def __len__(self) -> int:
        return len(self._standing)


class Place(Generic[Member]):
    """One event's place in its lane."""

    __slots__ = ("_lanes", "admitted", "lane", "member", "position")

    def __init__(self, lanes: Lanes[Member], lane: str | None, member: Member, position: int) -> None:
        self._lanes, self.lane, self.member, self.position = lanes, lane, member, position
        self.admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def turn(self) -> None:
        """Wait until nobody stands ahead."""
        if not self.admitted.done():
            await asyncio.shield(self.admitted)

    def ahead(self) -> list[Member]:
        """Who stands ahead, first come first."""
        return self._lanes.ahead(self)

    def let_pass(self, wanted: Callable[[Member], bool]) -> bool:
        """See Lanes.let_pass."""
        return self._lanes.let_pass(self, wanted)

    @property
    def crowded(self) -> bool:
        """It should step aside, so that other lanes find room."""
        return self._lanes.is_crowded(self)

    @property
    def pressed(self) -> bool:
        """Whether many stand behind who has the turn."""
        return self._lanes.is_long(self)

    def leave(self) -> None:
        """Pass the turn on, once the event has left: who failed keeps the others back until all are given back."""
        self._lanes.leave(self)
