"""One event from delivery to acknowledgement: decode, wait for its turn, call once, classify, settle."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter, time
from typing import Any, assert_never

import structlog

from gateway import metrics
from gateway.decode import Refused, Work, decode
from gateway.errors import UnavailableError
from gateway.gate import Gate
from gateway.lanes import Lanes, Place
from gateway.ledger import Ledger
from gateway.message import Delivery
from gateway.outcome import (
    Accepted,
    Category,
    Dead,
    Ending,
    Expired,
    Paused,
    Rejected,
    Retry,
    Stopped,
)
from gateway.pace import Pace
from gateway.platform import Operation, Repeat
from gateway.retry import Delay, after_failure
from gateway.settle import Parcel, Settler
from gateway.steps import Steps, no_steps
from gateway.token import LoginFailedError
from gateway.topology import INTERACTIVE_SECONDS, Names
from gateway.transport import AnswerLostError, NotSentError
from schemas import dead_letters

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Desk:
    """What every job of an account shares while the lease is held."""

    names: Names
    operations: Mapping[str, Operation]
    client: Any
    ledger: Ledger
    settler: Settler
    lanes: Lanes
    pace: Pace
    gate: Gate
    ladder: tuple[int, ...]
    halt: Callable[[Paused | Stopped], Awaitable[None]]


@dataclass(slots=True)
class EventJob:
    """The life of one delivery. Standing in its lane begins with making the job, so arrival order is kept."""

    desk: Desk
    delivery: Delivery
    ack: Callable[[], Awaitable[None]]
    begun: bool = False
    _read: Work | Refused = field(init=False)
    _place: Place = field(init=False)
    _parcel: Parcel = field(init=False)
    _deadline: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        desk, delivery = self.desk, self.delivery
        self._read = decode(delivery.body, delivery.routing_key, desk.names, desk.operations)
        self._parcel = _parcel(self._read, delivery, self.ack)
        self._place = desk.lanes.join(self._parcel.lane or self._identity())
        if self._parcel.about.interactive:
            self._deadline = deadline(delivery, time())

    async def run(self) -> None:
        """See gateway.intake.Job. Raises LedgerError and NotPublishedError; the delivery is not acknowledged then."""
        async with self._place.turn():
            if await self._answered_before():
                return
            if isinstance(self._read, Refused):
                self.begun = True
                await self.desk.settler.finish(self._parcel, self._read.ending, self.delivery.attempts)
            else:
                await self._ask(self._read)

    def _identity(self) -> str | None:
        """The lane of an event that has none: the same event twice at once is done one after the other."""
        about = self._parcel.about
        return f"event={about.source} {about.event_id}" if about.event_id and about.source else None

    async def _answered_before(self) -> bool:
        key = self.desk.settler.key(self._parcel)
        record = await self.desk.ledger.find(key) if key else None
        if record is None or record.outcome is None or self.delivery.replay not in {None, record.replay}:
            return False
        self.begun = True
        await self.desk.settler.again(self._parcel, record)
        return True

    async def _ask(self, work: Work) -> None:
        async with self.desk.pace.slot(interactive=work.operation.interactive):
            self.begun = True
            ending, attempts = self._unasked(), self.delivery.attempts
            if ending is None:
                ending = await self._call(work)
                attempts += not isinstance(ending, Paused | Stopped)
        await self._end(ending, attempts)

    def _unasked(self) -> Ending | None:
        """An ending that needs no call: nobody waits any more, or the account may not call now."""
        if self._deadline is not None and time() >= self._deadline:
            return Expired("expired", "nobody waits for this answer any more")
        reason = self.desk.gate.reason
        if self.desk.gate.state == "paused":
            return Paused(reason.code, reason.message)
        return Stopped(reason.code, reason.message) if self.desk.gate.state == "stopped" else None

    async def _call(self, work: Work) -> Ending:
        names, operation = self.desk.names, work.operation
        in_flight = metrics.IN_FLIGHT.labels(names.platform, names.account)
        started = perf_counter()
        with in_flight.track_inprogress():
            ending = await attempt(operation, self.desk.client, work.data, await self._steps(work))
        labels = (names.platform, names.account, operation.name, code_label(ending))
        metrics.PLATFORM_CALL.labels(*labels).observe(perf_counter() - started)
        return ending

    async def _steps(self, work: Work) -> Steps:
        key = self.desk.settler.key(self._parcel)
        if not work.operation.several_calls or key is None:
            return no_steps()
        return await self.desk.ledger.steps(key, self.delivery.replay)

    async def _end(self, ending: Ending, attempts: int) -> None:
        match ending:
            case Accepted() | Rejected() | Dead() | Expired():
                await self.desk.settler.finish(self._parcel, ending, attempts)
            case Retry():
                await self._again_later(ending, attempts)
            case Paused() | Stopped():
                await self._halt(ending, attempts)
            case unreachable:
                assert_never(unreachable)

    async def _again_later(self, failure: Retry, attempts: int) -> None:
        left = None if self._deadline is None else self._deadline - time()
        step = after_failure(failure, attempts, self.desk.ladder, left)
        if isinstance(step, Delay):
            until = None if self._deadline is None else int(self._deadline * 1000)
            await self.desk.settler.delay(self._parcel, failure, attempts, step.seconds, until)
        else:
            await self.desk.settler.finish(self._parcel, step, attempts)

    async def _halt(self, halt: Paused | Stopped, attempts: int) -> None:
        """The account stops calling. A durable event stays unacknowledged and goes back to its queue."""
        await self.desk.halt(halt)
        if self._parcel.about.interactive:
            state = "paused" if isinstance(halt, Paused) else "stopped; an operator must act"
            answer = Expired(halt.code, f"the account is {state}: {halt.message}")
            await self.desk.settler.finish(self._parcel, answer, attempts)


async def attempt(operation: Operation, client: Any, data: Any, steps: Steps) -> Ending:
    """One attempt, and what came of it, failures included. Raises LedgerError when a step could not be recorded."""
    try:
        return await operation.call(client, data, steps)
    except NotSentError as error:
        return Retry(error.code, "the platform could not be reached")
    except LoginFailedError as error:
        return error.ending
    except AnswerLostError as error:
        if operation.repeat is Repeat.NEVER:
            reason = "the request was sent and its answer lost; the platform may have acted on it"
            return Dead(error.code, reason, Category.UNCERTAIN)
        return Retry(error.code, "no usable answer came from the platform")
    except UnavailableError:
        raise
    except Exception as error:  # a defect of ours in one operation must not stop the account's other events
        log.exception("call.broken", operation=operation.name)
        return Dead("internal-error", f"a defect of the gateway: {type(error).__name__}", Category.UNKNOWN)


def deadline(delivery: Delivery, now: float) -> float:
    """Until when, in epoch seconds, an interactive question may still be asked.

    What the broker timed out is over. Else the publisher's expiration or two minutes count from its
    arrival here; on the ladder the first deadline travels along.
    """
    if delivery.given_up:
        return now
    carried = delivery.headers.get(dead_letters.DEADLINE)
    if isinstance(carried, int):
        return carried / 1000
    limit = delivery.expires_in if delivery.expires_in is not None else INTERACTIVE_SECONDS
    return now + min(limit, INTERACTIVE_SECONDS)


def code_label(ending: Ending) -> str:
    """The metric label of an ending: its code, but one that no manual lists would be without bound."""
    if isinstance(ending, Dead) and ending.category is Category.UNKNOWN:
        return "unlisted"
    return ending.code or ""


def _parcel(read: Work | Refused, delivery: Delivery, ack: Callable[[], Awaitable[None]]) -> Parcel:
    first = delivery.headers.get(dead_letters.FIRST_SEEN)
    first_seen = first if isinstance(first, str) else datetime.now(UTC).isoformat(timespec="milliseconds")
    return Parcel(delivery, ack, read.about(), read.lane, first_seen, perf_counter())
