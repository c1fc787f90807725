"""Moving letters: put back to their account with confirm, or only taken away; each then leaves its queue."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from aio_pika.abc import AbstractConnection

from gateway.broker import Publisher
from gateway.dead_letters import Standing
from gateway.ledger.accounts import now
from gateway.operating import edits
from gateway.operating.model import Run
from gateway.operating.progress import Target
from gateway.operating.schedule import Schedule
from gateway.platform import Operation
from gateway.topology import Names

AT_ONCE = 200
"""Lanes that are moved at the same time."""


class Mover:
    """Moves letters of one run. `stop`: set to let go between two letters."""

    def __init__(
        self,
        connection: AbstractConnection,
        run: Run,
        patch: list[dict[str, Any]] | None,
        operations: Mapping[str, Mapping[str, Operation]],
        stop: asyncio.Event,
    ) -> None:
        self._connection = connection
        self._run = run
        self._patch = patch
        self._operations = operations
        self._stop = stop
        self._schedule = Schedule(run.rate, monotonic()) if run.rate and run.kind == "replay" else None
        self._publisher: Publisher | None = None

    async def move(
        self, found: Mapping[str, Standing], targets: Sequence[Target]
    ) -> tuple[list[Target], list[Target]]:
        """Put them back, or take them away: those that went, and those that stayed, for we are to stop.

        Lane by lane at the same time, in order within a lane; what fails leaves the rest of its lane where it is.
        """
        if self._publisher is None and self._run.kind == "replay":
            self._publisher = await Publisher.open(self._connection)
        room = asyncio.Semaphore(AT_ONCE)
        sent: list[Target] = []

        async def lane(members: Sequence[Target]) -> None:
            for target in members:
                async with room:
                    if not self._stop.is_set():
                        await self._paced()
                    if self._stop.is_set():
                        return
                    begun = now()
                    await self._move_one(found[target.letter])
                    sent.append(replace(target, at=begun))

        try:
            async with asyncio.TaskGroup() as group:
                for members in _lanes(targets):
                    group.create_task(lane(members))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        gone = {target.number for target in sent}
        return sent, [target for target in targets if target.number not in gone]

    async def _move_one(self, letter: Standing) -> None:
        if self._publisher is not None:
            await self._publisher.publish(letter.letter.replayed(self._edited(letter)))
        await letter.take_off()

    def _edited(self, letter: Standing) -> bytes | None:
        if self._patch is None:
            return None
        message = letter.letter.delivery
        names = Names(*letter.letter.account.split(".", 1))
        operations = self._operations.get(names.platform, {})
        return edits.edited(message.body, self._patch, message.routing_key, names, operations)

    async def _paced(self) -> None:
        """Wait for this letter's moment, where a rate is asked for."""
        if self._schedule is not None:
            clock, due = monotonic(), self._schedule.due
            self._schedule = self._schedule.following(clock)
            await asyncio.sleep(max(0.0, due - clock))


def _lanes(targets: Sequence[Target]) -> list[list[Target]]:
    """By lane, each in its order; an event without a lane is one of its own."""
    found: dict[object, list[Target]] = {}
    for target in targets:
        found.setdefault(target.lane or target.number, []).append(target)
    return list(found.values())
