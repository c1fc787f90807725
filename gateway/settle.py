"""How an event leaves: recorded, published with confirm, acknowledged, in this order and nowhere else."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from time import perf_counter
from time import time as wall
from typing import TypeVar

import structlog

from gateway import burial, history, metrics, results, tracing
from gateway.broker import Publisher
from gateway.decode import About
from gateway.dispatch import Dispatch
from gateway.ledger import Blocks, Key, Ledger, LedgerError, Record
from gateway.masking import scrub
from gateway.outcome import Accepted, Category, Dead, Final, Rejected, Retry, category_of, outcome_name
from gateway.parcel import Delayed, Parcel
from gateway.steady import time
from gateway.tally import Counted
from gateway.topology import Names
from schemas import dead_letters

log = structlog.get_logger()

Answer = TypeVar("Answer")

INSIST_SECONDS = 1.0
MOST_TOLD = 1000
"""Answers to questions that are remembered in case they are asked twice."""

LONGEST_CODE = 64
LONGEST_MESSAGE = 2000
"""Characters of what a platform says that travel on: headers that fill a frame would close the connection."""


class Settler:
    """Settles the events of one account; `secrets` are the account's own, which no message may repeat.

    `epoch` numbers our lease. `ledger_down` is told when the ledger fails: what has been called is written down
    as soon as it is back, for nobody else knows of it.
    """

    def __init__(
        self,
        names: Names,
        publisher: Publisher,
        ledger: Ledger,
        secrets: frozenset[str],
        epoch: int,
        ledger_down: Callable[[LedgerError], None],
    ) -> None:
        self._names = names
        self._secrets = secrets
        self._dispatch = Dispatch(names, publisher)
        self._ledger = ledger
        self._epoch = epoch
        self._ledger_down = ledger_down
        self._told: OrderedDict[Key, Record] = OrderedDict()

    def key(self, about: About) -> Key | None:
        """Under which name the ledger knows an event; None where its id or source could not be read."""
        if about.event_id is None or about.source is None:
            return None
        return Key(self._names.platform, self._names.account, about.source, about.event_id)

    def told(self, key: Key) -> Record | None:
        """What a person was told a short while ago, which no disk keeps."""
        return self._told.get(key)

    async def finish(
        self,
        parcel: Parcel,
        final: Final,
        attempts: int,
        *,
        holds: bool = False,
        twin: bool = False,
        counted: Counted | None = None,
    ) -> None:
        """The event has ended: record it, publish its dead letter and its result, acknowledge it.
        A question is answered first.

        `holds`: its dead letter keeps the later events of its lane back. `twin`: this one was refused, but another
        of the same name waits, whose record it is. `counted`: what it adds to sums, which its result tells.
        """
        record = self._record(parcel, final, attempts)
        if parcel.about.interactive:
            await self._answer(parcel, record, twin=twin)
            return
        if record.category is not None and (holds or record.category == Category.HELD):
            record = record._replace(blocks=_blocks(parcel, "holds"))
        record = await self._written_down(parcel, record, counted, twin=twin)
        await self._dispatch.dead_letter(parcel, record)
        await self._dispatch.result(parcel, record)
        await self._gone(parcel, record)

    async def _answer(self, parcel: Parcel, record: Record, *, twin: bool) -> None:
        """A person waits, so the answer goes first: a worker that ends before it is recorded asks and answers again,
        as one does that ends before the answer has gone."""
        await self._dispatch.result(parcel, record)
        await self._written_down(parcel, record, None, twin=twin)
        await self._gone(parcel, record)

    async def _written_down(self, parcel: Parcel, record: Record, counted: Counted | None, *, twin: bool) -> Record:
        letter = burial.of_ending(self._names, parcel.about, record, parcel.delivery.body)
        if twin or parcel.key is None:
            if letter is not None:
                await self.insist(lambda: self._ledger.record(None, letter=letter))
            return record
        entry = history.ended(record, parcel.took)
        kept, urgent = self._kept(parcel, record), parcel.urgent
        written = await self.insist(lambda: self._ledger.record(kept, entry, letter, counted, urgent=urgent))
        return written if written is not None and counted is not None else record

    async def answer_unrecorded(self, parcel: Parcel, final: Final) -> None:
        """Answer an interactive question while the ledger is down: it is asked anew if it comes again."""
        record = self._record(parcel, final, parcel.delivery.attempts)
        await self._dispatch.result(parcel, record)
        await self._gone(parcel, record)

    async def again(self, parcel: Parcel, record: Record) -> None:
        """The event had ended before: publish the recorded result again.

        A redelivered one may have died between record and dead letter, so that is published again too;
        one that was published twice has its dead letter already.
        """
        if parcel.delivery.redelivered and not parcel.about.interactive:
            await self._dispatch.dead_letter(parcel, record)
        await self._dispatch.result(parcel, record)
        await parcel.ack()
        self._log(parcel, record, "event.repeated")

    async def delay(self, parcel: Parcel, failure: Retry, how: Delayed) -> None:
        """The attempt failed and the event waits on the ladder.

        Its message stands there before the ledger says so: killed in between, it is tried again, not forgotten.
        """
        due_ms = _due_ms(how.seconds)
        changed = {
            dead_letters.ATTEMPTS: how.attempts,
            dead_letters.FORGIVEN: how.forgiven or None,
            dead_letters.DUE: due_ms,
            dead_letters.FAILED: how.failed_at,
            dead_letters.DEADLINE: how.deadline,
        }
        await self._dispatch.to_the_ladder(parcel, how.seconds, changed)
        record = self._record(parcel, failure, how.attempts)
        record = record._replace(blocks=_blocks(parcel, "waits"), due_at=due_ms / 1000)
        if parcel.key is not None:
            entry = history.delayed(record, parcel.took, how.seconds)
            await self.insist(lambda: self._ledger.record(record, entry))
        await parcel.ack()
        metrics.RETRIES.labels(self._names.platform, self._names.account, parcel.about.operation).inc()
        self._log(parcel, record, "event.delayed", delay_s=how.seconds)

    async def step_aside(self, parcel: Parcel, seconds: int, *, copy: bool, behind: str | None = None) -> None:
        """The event waits on the ladder for another one of its lane, `behind` whose id; it pays nothing for that.

        A `copy` of an event that waits itself leaves that one's record alone.
        """
        due_ms = _due_ms(seconds)
        await self._dispatch.to_the_ladder(parcel, seconds, {dead_letters.DUE: due_ms})
        if not copy:
            record = self.standing(parcel)._replace(blocks=_blocks(parcel, "waits"), due_at=due_ms / 1000)
            entry = history.waits(record, seconds, behind)
            await self.insist(lambda: self._ledger.record(record, entry, urgent=parcel.urgent))
        await parcel.ack()
        log.debug("event.waiting", id=parcel.about.event_id, account=self._names.account, delay_s=seconds)

    def standing(self, parcel: Parcel) -> Record:
        """The record of an event that is here and has not ended."""
        record = self._record(parcel, Retry(None, ""), parcel.delivery.attempts)
        return record._replace(blocks=_blocks(parcel, "stands"))

    async def note(self, parcel: Parcel) -> None:
        """Record that the event is here, and whether a call of it is being made. Raises LedgerError."""
        await self._ledger.record(self.standing(parcel))

    async def insist(self, write: Callable[[], Awaitable[Answer]]) -> Answer:
        """Write what only we know, however long the ledger is away."""
        while True:
            try:
                return await write()
            except LedgerError as error:
                self._ledger_down(error)
                await asyncio.sleep(INSIST_SECONDS)

    def _kept(self, parcel: Parcel, record: Record) -> Record:
        """What the ledger keeps: not what a person was told, which may be personal and can be asked for again."""
        if not parcel.about.interactive:
            return record
        self._told[record.key] = record
        if len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)
        return record._replace(response=None)

    async def _gone(self, parcel: Parcel, record: Record) -> None:
        await parcel.ack()
        self._observe(parcel, record)

    def _record(self, parcel: Parcel, ending: Final | Retry, attempts: int) -> Record:
        final = None if isinstance(ending, Retry) else ending
        category = category_of(final) if final else None
        return Record(
            key=parcel.key or Key(self._names.platform, self._names.account, "", ""),
            operation=parcel.about.operation,
            outcome=outcome_name(final) if final else None,
            category=category.value if category else None,
            code=results.cut(ending.code, LONGEST_CODE),
            message=results.cut(scrub(ending.message, parcel.about.secrets | self._secrets), LONGEST_MESSAGE) or "",
            duplicate=isinstance(final, Accepted) and final.duplicate,
            attempts=attempts,
            response=dict(final.response)
            if isinstance(final, Accepted | Rejected | Dead) and final.response
            else None,
            first_seen=parcel.first_seen,
            updated_at=_now(),
            replay=parcel.replay,
            sent_at=parcel.sent_at,
            lane=parcel.lane,
            position=parcel.position if parcel.lane else None,
            epoch=self._epoch,
        )

    def _observe(self, parcel: Parcel, record: Record) -> None:
        labels = (self._names.platform, self._names.account, parcel.about.operation)
        metrics.child(metrics.EVENTS_SETTLED, *labels, record.outcome or "", record.category or "").inc()
        if record.replay is not None:
            metrics.REPLAYED.labels(*labels[:2], record.outcome).inc()
        if record.outcome == "accepted":
            metrics.child(metrics.LAST_ACCEPTED, *labels[:2]).set_to_current_time()
        if parcel.about.happened_at is not None:
            age = wall() - parcel.about.happened_at.timestamp()
            metrics.child(metrics.EVENT_AGE, *labels).observe(max(0.0, age))
        self._log(parcel, record, "event.settled")

    def _log(self, parcel: Parcel, record: Record, event: str, **fields: int) -> None:
        outcome, trace_id = record.outcome or "retry", tracing.trace_id(parcel.trace)
        tracing.tell(outcome=outcome, category=record.category, attempt=record.attempts)
        log.info(
            event,
            id=parcel.about.event_id,
            type=f"{self._names.platform}.{parcel.about.operation}",
            account=self._names.account,
            outcome=outcome,
            category=record.category,
            code=record.code,
            attempt=record.attempts,
            milliseconds=round((perf_counter() - parcel.started) * 1000, 1),
            **({} if trace_id is None else {"trace_id": trace_id}),
            **fields,
        )


def _blocks(parcel: Parcel, why: Blocks) -> Blocks | None:
    return why if parcel.lane else None


def _due_ms(seconds: int) -> int:
    return int((time() + seconds) * 1000)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
