"""How many calls at once and how many a second: interactive ones have slots of their own, and go first."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from time import monotonic

from aiolimiter import AsyncLimiter

from gateway.account import AccountSettings
from gateway.slots import Slots
from gateway.window import Window

BUSY_SECONDS = 0.0005
"""One turn of the event loop that takes longer has more to do than a question should stand behind."""

BREATH_SECONDS, MOST_BREATHS = 0.005, 50
"""How long a durable call stands back at a time, and how often at the most."""

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

    def __init__(self, settings: AccountSettings) -> None:
        self.window = Window(settings.max_in_flight)
        self._bulk = Slots(self.window)
        self._durable = _Turn(self._bulk, self._durable_ready)
        self._interactive = _Turn(Slots(Window(settings.interactive_slots)), self._within_rate)
        self._rate = _limiter(settings.rate_per_second) if settings.rate_per_second else None
        self._queue = asyncio.Lock()
        self._way = asyncio.Lock()
        self._questions = 0
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
        if self._questions:
            await self._make_way()
        if self._rate is not None:
            async with self._queue:
                await self._within_rate()

    @contextmanager
    def question(self) -> Iterator[None]:
        """A person waits while the block runs: durable calls make way where this process has too much to do."""
        self._questions += 1
        try:
            yield
        finally:
            self._questions -= 1

    async def _make_way(self) -> None:
        """One at a time, each once a turn of the event loop is short, and in any case after a quarter of a second."""
        async with self._way:
            for _ in range(MOST_BREATHS):
                began = monotonic()
                await asyncio.sleep(0)
                if not self._questions or monotonic() - began < BUSY_SECONDS:
                    return
                await asyncio.sleep(BREATH_SECONDS)

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
