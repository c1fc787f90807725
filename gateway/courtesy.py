"""Where people wait for answers, durable calls are held back so that half of the processor is free for them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, process_time

SHARE = 0.5
"""Of one processor: durable calls go on beside a question as long as the process uses no more."""

LONGEST_SECONDS = 0.25
"""A durable call is held back for so long at the most: what else uses the processor may go on for ever."""

LEAST_SECONDS = 0.001
"""To sleep for less would be to ask again at once, which uses the processor itself."""

AFTERWARDS_SECONDS = 0.25
"""After an answer the next question may be near, and what was begun before it comes cannot be held back."""


class Courtesy:
    """Shared by the accounts of a process, as its processor is.

    Felt only where that is busy: an event takes about a millisecond of it, a question some turns of the event loop,
    each as long as what else is ready then. `used` tells the seconds that the process has had it.
    """

    def __init__(self, used: Callable[[], float] = process_time) -> None:
        self._seconds_used = used
        self._questions = 0
        self._until = 0.0
        self._way = asyncio.Lock()
        self._began, self._used = monotonic(), self._seconds_used()

    @contextmanager
    def question(self) -> Iterator[None]:
        """A person waits while the block runs."""
        self._questions += 1
        try:
            yield
        finally:
            self._questions -= 1
            self._until = monotonic() + AFTERWARDS_SECONDS

    @property
    def _asked(self) -> bool:
        return self._questions > 0 or monotonic() < self._until

    async def make_way(self) -> None:
        """Return when a durable call may begin: at once where nobody asks, else one after the other."""
        if not self._asked:
            return
        async with self._way:
            await self._rest(monotonic() + LONGEST_SECONDS)
            self._began, self._used = monotonic(), self._seconds_used()

    async def _rest(self, latest: float) -> None:
        """Until what was used since the last call that made way is no more than the share, or until `latest`."""
        while self._asked:
            ready = self._began + (self._seconds_used() - self._used) / SHARE
            rest = min(ready, latest) - monotonic()
            if rest <= 0:
                return
            await asyncio.sleep(max(rest, LEAST_SECONDS))
