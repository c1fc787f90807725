"""How much of requests may be in memory at once: the rest waits for its turn at the socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import UnavailableError

LEAST = 64 * 1024
"""Bytes that even the smallest request counts for."""


class Room:
    """So many bytes, shared by the requests under way."""

    def __init__(self, size: int, wait_seconds: float) -> None:
        self._size = size
        self._free = size
        self._wait_seconds = wait_seconds
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def taken(self, size: int) -> AsyncIterator[None]:
        """Hold this much while the context is open. Raises UnavailableError where it is not free in time."""
        own = min(max(size, LEAST), self._size)
        async with self._changed:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await self._changed.wait_for(lambda: self._free >= own)
            except TimeoutError:
                raise UnavailableError("too many requests are under way") from None
            self._free -= own
        try:
            yield
        finally:
            self._free += own
            async with self._changed:
                self._changed.notify_all()
