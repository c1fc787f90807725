"""So many at once as there is room for, first come first served."""

import asyncio
from collections import deque
from typing import Protocol


class Sized(Protocol):
    """What says how many."""

    @property
    def size(self) -> int:
        """At once, now."""


class Slots:
    """A semaphore whose size changes while it is held."""

    def __init__(self, room: Sized) -> None:
        self._room = room
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        if self._taken < self._room.size and not self._waiting:
            self._taken += 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._give_back()  # it was granted at the moment of being cancelled
            raise

    async def __aexit__(self, *_: object) -> None:
        self._give_back()

    def _give_back(self) -> None:
        self._taken -= 1
        self.resized()

    def resized(self) -> None:
        """Let in as many as there is room for now."""
        while self._waiting and self._taken < self._room.size:
            first = self._waiting.popleft()
            if not first.done():
                self._taken += 1
                first.set_result(None)
