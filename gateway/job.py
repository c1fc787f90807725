"""One event from delivery to its call: decode, wait for its turn, go aside or ask; then see gateway.conclusion."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, perf_counter
from typing import assert_never

import structlog

from gateway import order, topology, trace_context, tracing
from gateway.attempt import deadline
from gateway.call import Call
from gateway.conclusion import Conclusion
from gateway.decode import Refused, Work, decode
from gateway.desk import Desk
from gateway.gate import LedgerDown
from gateway.lanes import Place
from gateway.ledger import Key, LedgerError, Record
from gateway.message import Delivery
from gateway.order import Arrival, Ended, Go, Held, Missing, Step, Uncertain, Wait, next_step
from gateway.outcome import Category, Dead, Expired
from gateway.parcel import Parcel
from gateway.platform import Repeat
from gateway.steady import time
from schemas import dead_letters

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class EventJob:
    """The life of one delivery. Standing in its lane begins with making the job, so arrival order is kept."""

    desk: Desk
    delivery: Delivery
    ack: Callable[[], Awaitable[None]]
    _read: Work | Refused = field(init=False)
    _place: "Place[EventJob]" = field(init=False)
    _parcel: Parcel = field(init=False)
    _deadline: float | None = field(init=False, default=None)
    _turn_began: float = field(init=False, default=0.0)
    _noted: "asyncio.Future[None] | None" = field(init=False, default=None)
    _twin: bool = field(init=False, default=False)
    _blocks: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        desk, delivery = self.desk, self.delivery
        self._read = decode(delivery.body, delivery.routing_key, desk.names, desk.operations)
        self._parcel = self._packed()
        self._place = desk.lanes.join(self._parcel.lane or self._identity(), self, self._parcel.position)
        if self._parcel.about.interactive:
            self._deadline = deadline(delivery, time())

    @property
    def begun(self) -> bool:
        """See gateway.intake.Job."""
        return self._parcel.begun

    async def run(self) -> None:
        """See gateway.intake.Job. Raises NotPublishedError; the delivery is not acknowledged then.

        Where the ledger cannot be asked nothing is called: the account waits, and the delivery goes back.
        """
        about = self._parcel.about
        name = f"{self.desk.names.platform}.{about.operation}"
        waits = self.desk.pace.question() if about.interactive else nullcontext()
        with waits, tracing.span(f"deliver {name}", "consumer", self._parcel.trace, account=self.desk.names.account):
            await self._handle()

    async def _handle(self) -> None:
        try:
            if self._place.crowded and not self._parcel.about.interactive:
                await self._step_aside()
            else:
                await self._take_turn()
        except LedgerError as error:
            await self.desk.halt(LedgerDown("ledger-down", str(error)))
            if self._parcel.about.interactive:
                self._parcel.begun = True
                answer = Expired("ledger-down", "the gateway cannot record anything now; ask again later")
                await self.desk.settler.answer_unrecorded(self._parcel, answer)

    async def _leave(self) -> None:
        await self.ack()
        self._place.leave()
        self._parcel.ack = self.ack  # not us any more: neither is left to the collector
        if self._parcel.took is not None and self._parcel.lane is not None:
            self.desk.pace.turned(monotonic() - self._turn_began)

    # --- its turn

    def _packed(self) -> Parcel:
        first = self.delivery.headers.get(dead_letters.FIRST_SEEN)
        first_seen = first if isinstance(first, str) else datetime.now(UTC).isoformat(timespec="microseconds")
        lane = self._read.lane
        hashed = self.desk.ledger.hashed(f"{self.desk.names.prefix} {lane}") if lane else None
        about, position = self._read.about(), self.delivery.position or self.desk.positions()
        key = self.desk.settler.key(about)
        replay, trace = self.delivery.replay, trace_context.read(self.delivery.headers) or about.trace
        began = perf_counter()
        return Parcel(
            self.delivery, self._leave, about, key, hashed, position, first_seen, began, replay=replay, trace=trace
        )

    def _identity(self) -> str | None:
        """The lane of an event that has none: the same event twice at once is done one after the other."""
        about = self._parcel.about
        return f"event={about.source} {about.event_id}" if about.event_id and about.source else None

    async def _take_turn(self) -> None:
        step = await self._at_its_turn()
        while isinstance(step, Wait) and step.behind is not None and await self._gives_way(step.behind):
            step = await self._at_its_turn()
        await self._follow(step)

    async def _at_its_turn(self) -> Step:
        await self._place.turn()
        self._turn_began = monotonic()
        self._parcel.urgent = self._parcel.about.interactive or self._place.pressed
        return await self._step()

    async def _gives_way(self, ahead: Key) -> bool:
        """Whether the event ahead stands here, further back, or may have come by now.

        Delivered again it does not say which place it had, and those who come back from the ladder with theirs
        would stand before it again and again.
        """
        return self._place.let_pass(lambda job: job._same_event(ahead)) or await self.desk.lanes.complete()

    async def _step(self) -> Step:
        key, lane = self._parcel.key, self._parcel.lane
        if key is None:
            return Go()
        ledger, asked = self.desk.ledger, self._parcel.about.interactive
        standing = await (ledger.look_now(key) if asked else ledger.look(key, lane, urgent=self._parcel.urgent))
        record = standing.record
        if record is not None:
            self._take_over(record)
        if asked or isinstance(self._read, Refused):
            return self._at_once(record)
        delivery, settled = self.delivery, self.desk.settled()
        arrival = Arrival(self._parcel.position, delivery.due_at, delivery.replay, settled=settled)
        return next_step(arrival, standing, time())

    def _at_once(self, record: Record | None) -> Step:
        """Of what waits for nobody. What a person was told is kept for a short while only: then it is asked again."""
        if record is None or record.outcome is None or self.delivery.replay not in {None, record.replay}:
            return Go()
        if not self._parcel.about.interactive or record.outcome != "accepted":
            return Ended(record)
        told = self.desk.settler.told(record.key)
        return Ended(told) if told else Go()

    def _take_over(self, record: Record) -> None:
        """What is known of the event from before stays true of it, its place in the lane above all."""
        parcel = self._parcel
        sent_at = record.sent_at if record.outcome is None else None
        self._twin = record.outcome is None
        self._blocks = record.blocks is not None
        parcel.position = record.position or parcel.position
        parcel.replay = max(parcel.replay or "", record.replay or "") or None
        parcel.sent_at = sent_at

    async def _follow(self, step: Step) -> None:
        match step:
            case Go() | Uncertain():
                await self._go()
            case Ended(record):
                self._parcel.begun = True
                await self.desk.settler.again(self._parcel, record)
            case Wait():
                await self._wait(step)
            case Held(by):
                await self._hold(by.key)
            case Missing(head):
                log.error("lane.head_missing", id=head.key.id, account=self.desk.names.account)
                await self.desk.ledger.lift(head.key)
                await self._follow(await self._step())
            case unreachable:
                assert_never(unreachable)

    async def _hold(self, head: Key) -> None:
        self._parcel.begun = True
        reason = f"behind the dead letter of event {head.id} of the same lane; replayed with it"
        dead, holds = Dead("held", reason, Category.HELD), isinstance(self._read, Work) and self._read.holds
        await self.desk.settler.finish(self._parcel, dead, self.delivery.attempts, holds=holds)

    async def _step_aside(self) -> None:
        """Too many of this lane stand here: away, or if that must not be it waits for its turn after all."""
        async with self.desk.lanes.aside:
            gone = self._place.crowded and await self._goes_aside()
        if not gone:
            await self._take_turn()

    async def _goes_aside(self) -> bool:
        """Whether it has left. What stands ahead is noted first, so that it stays ahead.

        The first of the lane does not step aside: all others would wait for it, and it for room, for ever. Nor does
        what stands behind a delivery of its own event: the two are done one after the other.
        """
        ahead = self._place.ahead()
        if any(job._same_event(self._parcel.key) for job in ahead):
            return False
        step = await self._step()
        if isinstance(step, Ended) or (isinstance(step, Wait) and step.copy):
            await self._follow(step)
            return True
        if self._blocks and not isinstance(step, Wait | Held | Missing):
            return False
        await self._note(ahead)
        in_line = step.count if isinstance(step, Wait) else 0
        behind = next((job._parcel.key for job in reversed(ahead)), None)
        await self._wait(Wait(0.0, in_line or len(ahead), behind=behind))
        return True

    def _same_event(self, key: Key | None) -> bool:
        mine = self._parcel.key
        return mine is key or (mine is not None and key is not None and mine.id == key.id and mine == key)

    async def _note(self, ahead: "Sequence[EventJob]") -> None:
        """Return once the ledger knows that these stand here. Many come at the same time: each job is noted once."""
        unnoted = [job for job in ahead if job._noted is None and job._parcel.key is not None]
        if unnoted:
            records = [self.desk.settler.standing(job._parcel) for job in unnoted]
            noting = asyncio.ensure_future(self.desk.ledger.stand(records))
            for job in unnoted:
                job._noted = noting
        for note in {job._noted for job in ahead if job._noted is not None}:
            await asyncio.shield(note)

    async def _wait(self, wait: Wait) -> None:
        self._parcel.begun = True
        seconds = order.rung(topology.rungs(self.desk.ladder), wait, self.desk.pace.seconds_per_turn)
        behind = wait.behind.id if wait.behind else None
        await self.desk.settler.step_aside(self._parcel, seconds, copy=wait.copy, behind=behind)

    # --- its call

    async def _go(self) -> None:
        if isinstance(self._read, Refused):
            self._parcel.begun = True
            await self.desk.settler.finish(self._parcel, self._read.ending, self.delivery.attempts, twin=self._twin)
        elif self._parcel.sent_at is not None and self._read.operation.repeat is Repeat.NEVER:
            await self._conclusion(self._read).lost()
        else:
            await self._ask(self._read)

    async def _ask(self, work: Work) -> None:
        call = Call(self.desk, self._parcel, work, self._deadline)
        answer, conclusion = await call.make(), self._conclusion(work)
        if answer is not None:
            await conclusion.answered(call, *answer)
        elif work.operation.interactive:
            await conclusion.not_asked()

    def _conclusion(self, work: Work) -> Conclusion:
        return Conclusion(self.desk, self._parcel, work, self._deadline)
