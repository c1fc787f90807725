"""Many single requests, few round trips: what is asked for while a group is under way makes the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Generic, TypeVar

from gateway.busy import Busy

Item = TypeVar("Item")
Answer = TypeVar("Answer")


AT_A_TIME = 4
"""Callers that get their answers in one turn of the event loop, so that what comes meanwhile does not wait for all of
a group. In a saturated process it waits in any case, and many in a turn cost a fifth less."""


class Grouped(Generic[Item, Answer]):
    """Calls `work` with a list of items and hands each caller the answer to its own.

    A lone item goes at once. A group that was none of one only is followed by the next after `apart` seconds
    at the earliest, counted from beginning to beginning: so groups are large when there is much to do. An exception
    of `work` reaches every caller of its group. A caller that is cancelled does not disturb the others.
    `saturated` tells whether the process is; see gateway.busy.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        largest: int,
        apart: float = 0.0,
        saturated: Callable[[], bool] | None = None,
    ) -> None:
        self._work = work
        self._largest = largest
        self._apart = apart
        self._pending: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._runner: asyncio.Task[None] | None = None
        self._saturated = saturated or Busy().saturated

    async def __call__(self, item: Item) -> Answer:
        """The answer to this item."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending.append((item, answer))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        while self._pending:
            group, self._pending = self._pending[: self._largest], self._pending[self._largest :]
            began = monotonic()
            await self._answer(group)
            if len(group) > 1 and (left := began + self._apart - monotonic()) > 0:
                await asyncio.sleep(left)
        self._runner = None

    async def _answer(self, group: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._work([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - it is handed to everybody who asked
            self._fail(group, error)
        else:
            at_a_time = len(group) if self._saturated() else AT_A_TIME
            for number, ((_, future), answer) in enumerate(zip(group, answers, strict=True), 1):
                if not future.done():
                    future.set_result(answer)
                if number % at_a_time == 0:
                    await asyncio.sleep(0)

    def _fail(self, group: list[tuple[Item, asyncio.Future[Answer]]], error: Exception) -> None:
        for _, future in group:
            if not future.done():
                future.set_exception(error)
