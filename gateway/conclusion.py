"""What becomes of an event whose turn it is: by what its call was answered, or because it may not be asked."""

from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

import orjson

from gateway.attempt import overdue
from gateway.call import Call
from gateway.decode import Work
from gateway.desk import Desk
from gateway.masking import masked
from gateway.outcome import (
    Accepted,
    Category,
    Dead,
    Ending,
    Expired,
    Final,
    Paused,
    Rejected,
    Retry,
    Stopped,
    Unavailable,
)
from gateway.parcel import Delayed, Parcel
from gateway.retry import Delay, after_failure
from gateway.steady import time
from gateway.tally import Counted
from schemas.fields import sensitive_fields

LONGEST_SENT = 1000
"""Characters of what was sent that an uncertain event's dead letter shows, masked."""


@dataclass(slots=True)
class Conclusion:
    """Of one event that could be read. `deadline` (Unix seconds) is when nobody waits for its answer any more."""

    _desk: Desk
    _parcel: Parcel
    _work: Work
    _deadline: float | None

    async def answered(self, call: Call, ending: Ending, pays: bool) -> None:
        """By the ending of its call; `pays` tells whether it spends an attempt."""
        match ending:
            case Dead(category=Category.UNCERTAIN):
                await self._finish_uncertain(ending)
            case Accepted():
                await self._finish(ending, self._attempts + 1, self._counted(ending))
            case Rejected() | Dead() | Expired():
                await self._finish(ending, self._attempts + 1)
            case Retry():
                await self._again_later(call, ending, pays)
            case Paused() | Stopped():
                await self._halt(call, ending)
            case unreachable:
                assert_never(unreachable)

    async def not_asked(self) -> None:
        """An interactive question is answered without being asked; a durable event goes back to its queue."""
        self._parcel.begun = True
        await self._finish(self._why_not(), self._attempts)

    async def lost(self) -> None:
        """A worker ended between its call, which must not be repeated, and the answer."""
        self._parcel.begun = True
        reason = "the worker ended before its answer came; the platform may have acted on it"
        await self._finish_uncertain(Dead("worker-lost", reason, Category.UNCERTAIN))

    @property
    def _attempts(self) -> int:
        return self._parcel.delivery.attempts

    def _why_not(self) -> Expired:
        if overdue(self._deadline):
            return Expired("expired", "nobody waits for this answer any more")
        reason, state = self._desk.gate.reason, self._desk.gate.state
        said = f"{state}; an operator must act" if state == "stopped" else state
        return Expired(reason.code, f"the account is {said}: {reason.message}")

    def _counted(self, accepted: Accepted) -> Counted | None:
        """What it adds to the sums that the operation declares."""
        sums = self._work.operation.sums
        tally = sums.tally(self._work.data) if sums else None
        if sums is None or tally is None:
            return None
        return Counted(tally, accepted.duplicate, partial(sums.report, self._work.data))

    async def _finish(self, final: Final, attempts: int, counted: Counted | None = None) -> None:
        await self._desk.settler.finish(self._parcel, final, attempts, holds=self._work.holds, counted=counted)

    async def _finish_uncertain(self, ending: Dead) -> None:
        """With when and what was sent, for an operator who has to find out at the platform."""
        data = masked(self._work.event.data, sensitive_fields(self._work.operation.model))
        sent = orjson.dumps(data, default=str).decode()[:LONGEST_SENT]
        told = replace(ending, message=f"{ending.message}. Sent 发送于 {self._parcel.sent_at}: {sent}")
        await self._finish(told, self._attempts + 1)

    async def _again_later(self, call: Call, failure: Retry, pays: bool) -> None:
        attempts, forgiven = self._attempts + 1, self._parcel.delivery.forgiven + (not pays)
        left = None if self._deadline is None else self._deadline - time()
        step = after_failure(failure, attempts - forgiven, self._desk.ladder, left)
        if not isinstance(step, Delay):
            return await self._finish(step, attempts)
        until = None if self._deadline is None else int(self._deadline * 1000)
        failed_at = int(time() * 1000) if isinstance(failure, Unavailable) else None
        lost = isinstance(failure, Unavailable) and failure.lost and self._work.operation.repeat.noted_before
        if not lost:
            await call.not_sent()
        delayed = Delayed(attempts, forgiven, step.seconds, until, failed_at)
        return await self._desk.settler.delay(self._parcel, failure, delayed)

    async def _halt(self, call: Call, halt: Paused | Stopped) -> None:
        """The account stops calling. A durable event stays unacknowledged and goes back to its queue."""
        await call.not_sent()  # the platform refused before it did anything
        await self._desk.halt(halt)
        if self._parcel.about.interactive:
            await self.not_asked()
