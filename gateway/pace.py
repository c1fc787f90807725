"""How many calls at once and how many a second: interactive ones have slots of their own, and go first."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from time import monotonic

from aiolimiter import AsyncLimiter

from gateway.account import AccountSettings
from gateway.courtesy import Courtesy
from gateway.slots import Slots
from gateway.window import Window

SHORTER, LONGER = 0.5, 0.02
"""Weight of the last turn in the mean duration: what a lane can do counts, not what once held it up."""


class _Turn:
    """A slot, held while the block runs, which begins once `ready` returns. It knows no single call: all share it."""

    def __init__(self, slots: Slots, ready: Callable[[], Awaitable[None]]) -> None:
        self._slots = slots
        self._ready = ready

    async def __aenter__(self) -> None:
        await self._slots.__aenter__()
        try:
            await self._ready()
        except BaseException:
            await self._slots.__aexit__()
            raise

    async def __aexit__(self, *_: object) -> None:
        await self._slots.__aexit__()


class Pace:
    """Slots and rate of one account, which follow what the calls meet."""

    def __init__(self, settings: AccountSettings, courtesy: Courtesy) -> None:
        self.window = Window(settings.max_in_flight)
        self._bulk = Slots(self.window)
        self._durable = _Turn(self._bulk, self._durable_ready)
        self._interactive = _Turn(Slots(Window(settings.interactive_slots)), self._within_rate)
        self._rate = _limiter(settings.rate_per_second) if settings.rate_per_second else None
        self._queue = asyncio.Lock()
        self._courtesy = courtesy
        self.seconds_per_turn = 0.0

    def slot(self, *, interactive: bool) -> AbstractAsyncContextManager[None]:
        """Wait until one more call may be made, and hold its slot."""
        return self._interactive if interactive else self._durable

    async def _within_rate(self) -> None:
        """After throttling a call takes the room of several, so that only a share of the rate is used."""
        if self._rate is not None:
            await self._rate.acquire(min(1 / self.window.share, self._rate.max_rate))

    async def _durable_ready(self) -> None:
        """At most one durable call stands at the limiter, so an interactive one has at most that one before it."""
        await self._courtesy.make_way()
        if self._rate is not None:
            async with self._queue:
                await self._within_rate()

    def question(self) -> AbstractContextManager[None]:
        """See Courtesy.question."""
        return self._courtesy.question()

    def turned(self, seconds: float) -> None:
        """An event of a lane had its turn for so long, from the moment when nobody stood ahead until it left."""
        weight = SHORTER if seconds < self.seconds_per_turn else LONGER
        self.seconds_per_turn += weight * (seconds - self.seconds_per_turn)

    def answered(self) -> None:
        """A call was answered: there is room for more."""
        self.window.answered()
        self._bulk.resized()

    def failed(self, began: float, *, throttled: bool, down: bool) -> None:
        """A call, begun at `began` (monotonic), was refused as one too many, or found the platform down."""
        if down:
            self.window.collapsed()
        if throttled:
            self.window.throttled(began, monotonic())


def _limiter(per_second: float) -> AsyncLimiter:
    """A limiter holds whole calls: below one a second it is one call in a longer time."""
    return AsyncLimiter(per_second, 1) if per_second >= 1 else AsyncLimiter(1, 1 / per_second)
