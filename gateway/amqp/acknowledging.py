"""Acknowledgements of one channel, several at a time: what is done while some are sent makes the next ones."""

import asyncio
from collections.abc import Iterable

from aiormq.abc import AbstractChannel

from gateway.broker import has_gone


class Done:
    """Which of a channel's deliveries are done, by their tags, which count from 1. Pure."""

    def __init__(self) -> None:
        self._all_up_to = 0
        self._beyond: set[int] = set()

    def add(self, tags: Iterable[int]) -> tuple[int | None, list[int]]:
        """With these done too: the tag among them up to which everything is, and those that go one by one.

        A tag is named once only: the broker closes a channel that acknowledges what it knows nothing of any more.
        """
        new = set(tags)
        self._beyond |= new
        together = None
        while self._all_up_to + 1 in self._beyond:
            self._all_up_to += 1
            self._beyond.remove(self._all_up_to)
            if self._all_up_to in new:
                together = self._all_up_to
        return together, sorted(tag for tag in new if together is None or tag > together)


class Acknowledging:
    """Acknowledges deliveries of a channel of aiormq's."""

    def __init__(self, channel: AbstractChannel) -> None:
        self._channel = channel
        self._done = Done()
        self._new: list[int] = []
        self._sending: asyncio.Task[None] | None = None

    async def done(self, tag: int) -> None:
        """The delivery with this tag is done: the broker hears of it in a moment."""
        self._new.append(tag)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def sent(self) -> None:
        """Return once everything is on its way that is done by now."""
        if self._sending is not None:
            await asyncio.wait([self._sending])

    async def _send(self) -> None:
        try:
            while self._new:
                new, self._new = self._new, []
                together, single = self._done.add(new)
                if together is not None:
                    await self._channel.basic_ack(together, multiple=True, wait=False)
                for tag in single:
                    await self._channel.basic_ack(tag, wait=False)
        except Exception as error:
            if not has_gone(error):  # the channel has closed, of which its owner hears; all of it comes again
                raise
