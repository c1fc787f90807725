"""Checkpoints of an event that takes several calls: what an earlier attempt has done is not done again."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Record = Callable[[str, Any], Awaitable[None]]
Note = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    """Nobody wants to know."""


class Steps:
    """The steps of one event, by name, with the JSON value that each left. They outlive retries and replays."""

    def __init__(self, done: Mapping[str, Any], record: Record, replay: str | None = None) -> None:
        self.replay = replay
        """The replay that this attempt belongs to: a refusal recorded under another one is not the last word."""
        self._done = dict(done)
        self._record = record
        self._note: Note = _nothing

    def watched(self, insist: Callable[[Note], Awaitable[None]], note: Note) -> "Steps":
        """The same steps, where `insist` tries again what could not be recorded, and `note` hears of `sending`."""
        record = self._record
        steps = Steps(self._done, lambda name, value: insist(lambda: record(name, value)), self.replay)
        steps._note = note
        return steps

    async def sending(self) -> None:
        """An operation of several calls that must not be repeated says: now comes the one that must not.

        Returns once that is on disk. Raises LedgerError.
        """
        await self._note()

    def __contains__(self, name: str) -> bool:
        return name in self._done

    def __getitem__(self, name: str) -> Any:
        return self._done[name]

    async def record(self, name: str, value: Any) -> None:
        """Return once it is on disk that this step is done. Raises LedgerError."""
        await self._record(name, value)
        self._done[name] = value


async def _nowhere(name: str, value: Any) -> None:
    """An operation of one call has nothing to remember."""


def no_steps() -> Steps:
    """For operations that make a single call."""
    return Steps({}, _nowhere)
