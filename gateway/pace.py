"""How many calls at once and how many a second: interactive ones have slots of their own, and go first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

from gateway.account import AccountSettings


class Pace:
    """Slots and rate of one account."""

    def __init__(self, settings: AccountSettings) -> None:
        self._bulk = asyncio.Semaphore(settings.max_in_flight)
        self._interactive = asyncio.Semaphore(settings.interactive_slots)
        self._rate = _limiter(settings.rate_per_second) if settings.rate_per_second else None
        self._queue = asyncio.Lock()

    @asynccontextmanager
    async def slot(self, *, interactive: bool) -> AsyncIterator[None]:
        """Wait until one more call may be made, and hold its slot."""
        async with self._interactive if interactive else self._bulk:
            if self._rate is not None:
                await self._wait(self._rate, interactive)
            yield

    async def _wait(self, rate: AsyncLimiter, interactive: bool) -> None:
        """At most one bulk call stands at the limiter, so an interactive one has at most that one before it."""
        if interactive:
            await rate.acquire()
            return
        async with self._queue:
            await rate.acquire()


def _limiter(per_second: float) -> AsyncLimiter:
    """A limiter holds whole calls: below one a second it is one call in a longer time."""
    return AsyncLimiter(per_second, 1) if per_second >= 1 else AsyncLimiter(1, 1 / per_second)
