"""How far a run is, in the ledger: what its driver reads and writes. Killed anywhere, it is taken up from here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger import Entry, Key
from gateway.ledger.accounts import now
from gateway.ledger.operating_tables import DEAD_LETTERS, RUN_LETTERS, RUNS, STATES
from gateway.ledger.records import as_text, entry_row
from gateway.ledger.store import Store, apart
from gateway.ledger.tables import EVENTS
from gateway.ledger.writing import counting_on
from gateway.operating.batches import Batch, View
from gateway.operating.eligibility import EventKey
from gateway.operating.model import LetterState, RunState
from gateway.operating.run_store import release
from gateway.operating.trail import note

L = RUN_LETTERS.c
UNENDED: tuple[LetterState, ...] = ("sending", "sent")
HERE: tuple[LetterState, ...] = ("pending", "sending", "sent")


@dataclass(frozen=True, slots=True)
class Target:
    """A letter that the run is about to put back or take away. `copies`: how often it stands in its queue.

    `at`: when that was done.
    """

    number: int
    letter: str
    key: EventKey
    lane: str | None
    replay: str
    copies: int
    at: str | None = None


class Progress:
    """Of one run. Every method may raise LedgerError."""

    def __init__(self, store: Store, run: str) -> None:
        self._store = store
        self._run = run
        self._counting_on = store.compiled(counting_on(store))

    @property
    def _mine(self) -> Any:
        return L.run == self._run

    @apart
    async def view(self) -> View:
        """How it stands."""
        async with self._store.reading() as connection:
            run = (await connection.execute(select(RUNS).where(RUNS.c.id == self._run))).one()
            before, batch = await self._batches(connection, run.batch)
            pending = await self._pending(connection)
            said = await connection.execute(select(STATES.c.platform, STATES.c.account, STATES.c.state))
            states = {f"{row.platform}.{row.account}": row.state for row in said}
        return View(run.kind, run.state, batch, run.ladder, run.tolerate, pending, states, before)

    async def _batches(self, connection: AsyncConnection, last: int) -> tuple[Batch, Batch]:
        """The last one, and the one before it, which need not have ended."""
        which = L.batch, L.platform, L.account, L.state
        query = select(*which, func.count().label("number")).where(self._mine, L.batch.in_((last - 1, last)))
        rows = (await connection.execute(query.group_by(*which))).all()
        before, batch = (_batch(number, [row for row in rows if row.batch == number]) for number in (last - 1, last))
        return before, batch

    async def _pending(self, connection: AsyncConnection) -> dict[str, int]:
        query = select(L.platform, L.account, func.count()).where(self._mine, L.state == "pending", L.batch.is_(None))
        rows = await connection.execute(query.group_by(L.platform, L.account))
        return {f"{platform}.{account}": count for platform, account, count in rows}

    @apart
    async def next_targets(self, account: str, size: int) -> list[Target]:
        """Those that the next batch would consist of: of no lane that has a letter with the account, for what is held
        behind one that fails again stays where it is."""
        platform, _, name = account.partition(".")
        mine = and_(L.platform == platform, L.account == name, L.batch.is_(None), L.state == "pending")
        other = RUN_LETTERS.alias().c
        busy = select(other.lane).where(other.run == self._run, other.state.in_(UNENDED), other.lane.is_not(None))
        return await self._targets(and_(mine, or_(L.lane.is_(None), L.lane.not_in(busy))), size)

    @apart
    async def batch_targets(self, number: int, size: int) -> list[Target]:
        """Those of a batch that are still to be put back."""
        return await self._targets(and_(L.batch == number, L.state == "pending"), size)

    @apart
    async def leftovers(self) -> list[Target]:
        """Those that a driver was killed with: in their queue, or not any more."""
        return await self._targets(L.state == "sending", None)

    async def _targets(self, where: Any, size: int | None) -> list[Target]:
        copies = func.coalesce(DEAD_LETTERS.c.copies, 1)
        source = RUN_LETTERS.outerjoin(DEAD_LETTERS, L.letter == DEAD_LETTERS.c.letter)
        query = select(RUN_LETTERS, copies.label("copies")).select_from(source).where(self._mine, where)
        async with self._store.reading() as connection:
            rows = await connection.execute(query.order_by(L.number).limit(size))
            return [_target(row) for row in rows]

    @apart
    async def here(self, lanes: Collection[str]) -> set[EventKey]:
        """The events of these lanes that are in the run and have not ended in it."""
        columns = (L.platform, L.account, L.source, L.id)
        query = select(*columns).where(self._mine, L.lane.in_(lanes), L.state.in_(HERE))
        async with self._store.reading() as connection:
            return {(row[0], row[1], row[2], row[3]) for row in await connection.execute(query)}

    @apart
    async def begin(self, number: int, targets: Sequence[Target], skipped: Mapping[int, str]) -> None:
        """Begin a batch of these; `skipped`: numbers of letters that are left out, and why."""
        async with self._store.writing() as connection:
            await self._each(connection, [t.number for t in targets], batch=number)
            for left_out, why in skipped.items():
                await self._each(connection, [left_out], state="skipped", message=as_text(why), ended_at=now())
            if targets:
                this = update(RUNS).where(RUNS.c.id == self._run)
                await connection.execute(this.values(batch=number, note="", updated_at=now()))

    @apart
    async def regroup(self, number: int) -> None:
        """What is left of a batch is in no batch any more."""
        this = update(RUN_LETTERS).where(self._mine, L.batch == number, L.state == "pending")
        async with self._store.writing() as connection:
            await connection.execute(this.values(batch=None))

    @apart
    async def sending(self, targets: Sequence[Target]) -> None:
        """Before they are put back: from now on they may be here or there."""
        async with self._store.writing() as connection:
            await self._each(connection, [t.number for t in targets], state="sending")

    @apart
    async def done(
        self, kind: str, sent: Sequence[Target], missing: Sequence[Target], kept: Sequence[Target]
    ) -> None:
        """After: `sent` have left their queue, `missing` were not there, `kept` stay as they were."""
        discarded = kind == "discard"
        async with self._store.writing() as connection:
            actor = await connection.scalar(select(RUNS.c.actor).where(RUNS.c.id == self._run))
            state, ended = ("discarded", now()) if discarded else ("sent", None)
            numbers = [target.number for target in sent]
            await self._each(connection, numbers, state=state, sent_at=now(), ended_at=ended)
            await self._each(connection, [t.number for t in missing], state="missing", ended_at=now())
            await self._each(connection, [t.number for t in kept], state="pending")
            await _take_out(connection, [*sent, *missing])
            if discarded:
                await _lift(connection, sent)
            what = "discarded" if discarded else "replayed"
            entries = [self._entry(target, what, str(actor)) for target in sent]
            await connection.run_sync(self._store.put, self._counting_on, entries)

    def _entry(self, target: Target, what: str, actor: str) -> tuple[Any, ...]:
        key = Key(*target.key)
        said = f"run {self._run} by {actor}"
        return entry_row(Entry(key, f"{what} {self._run}", target.at or now(), what, note=said))

    @apart
    async def observe(self) -> None:
        """Take over from the ledger's records how the events ended that were put back."""
        event = and_(*(EVENTS.c[name] == L[name] for name in ("platform", "account", "source", "id")))
        ended = (EVENTS.c.replay.label("done"), EVENTS.c.outcome, EVENTS.c.code, EVENTS.c.message)
        query = select(L.number, L.replay, *ended).select_from(RUN_LETTERS.join(EVENTS, event))
        async with self._store.reading() as connection:
            sent = await connection.execute(query.where(self._mine, L.state == "sent", EVENTS.c.outcome.is_not(None)))
            rows = [row for row in sent if _ended(row)]
        if rows:
            async with self._store.writing() as connection:
                await connection.execute(_OUTCOME, [self._outcome(row) for row in rows])

    def _outcome(self, row: Any) -> dict[str, Any]:
        accepted = row.outcome == "accepted"
        said = (None, None) if accepted else (row.code, row.message)
        names = ("of", "which", "to", "with_code", "with_message", "at")
        values = (self._run, row.number, "accepted" if accepted else "failed", *said, now())
        return dict(zip(names, values, strict=True))

    @apart
    async def note(self, text: str) -> None:
        """What it waits for."""
        async with self._store.writing() as connection:
            this = update(RUNS).where(RUNS.c.id == self._run, RUNS.c.note != text)
            await connection.execute(this.values(note=as_text(text), updated_at=now()))

    @apart
    async def end(self, state: RunState, text: str) -> None:
        """It stops or is done, unless an operator has changed it meanwhile; with its counts in the audit."""
        this = update(RUNS).where(RUNS.c.id == self._run, RUNS.c.state == "running")
        async with self._store.writing() as connection:
            changed = await connection.execute(this.values(state=state, note=as_text(text), updated_at=now()))
            if changed.rowcount == 0:
                return
            if state == "done":
                await release(connection, self._run)
            run = (await connection.execute(select(RUNS.c.actor, RUNS.c.kind).where(RUNS.c.id == self._run))).one()
            counts = await self._counts(connection)
            ended = f"{run.kind} ended" if state == "done" else f"{run.kind} stopped"
            await note(connection, run.actor, ended, text, run=self._run, target={"counts": counts}, result=state)

    async def _counts(self, connection: AsyncConnection) -> dict[str, int]:
        query = select(L.state, func.count()).where(self._mine).group_by(L.state)
        return {row[0]: row[1] for row in await connection.execute(query)}

    async def _each(self, connection: AsyncConnection, numbers: Sequence[int], **values: Any) -> None:
        if numbers:
            this = update(RUN_LETTERS).where(self._mine, L.number == bindparam("which")).values(**values)
            await connection.execute(this, [{"which": number} for number in numbers])


_OUTCOME = (
    update(RUN_LETTERS)
    .where(L.run == bindparam("of"), L.number == bindparam("which"), L.state == "sent")
    .values(
        state=bindparam("to"),
        code=bindparam("with_code"),
        message=bindparam("with_message"),
        ended_at=bindparam("at"),
    )
)


def _ended(row: Any) -> bool:
    """An event that was accepted is not done anew; else the record must be of this replay, or of a later one."""
    return bool(row.outcome == "accepted" or (row.done or "") >= row.replay)


def _batch(number: int, rows: Sequence[Row[Any]]) -> Batch:
    counts = {row.state: row.number for row in rows}
    unended = sum(counts.get(state, 0) for state in UNENDED)
    account = f"{rows[0].platform}.{rows[0].account}" if rows else ""
    return Batch(number, account, counts.get("pending", 0), unended, counts.get("failed", 0), sum(counts.values()))


def _target(row: Row[Any]) -> Target:
    key = (row.platform, row.account, row.source or "", row.id or "")
    return Target(row.number, row.letter, key, row.lane, row.replay, row.copies)


async def _take_out(connection: AsyncConnection, targets: Sequence[Target]) -> None:
    if targets:
        this = delete(DEAD_LETTERS).where(DEAD_LETTERS.c.letter == bindparam("name"))
        await connection.execute(this, [{"name": target.letter} for target in targets])


async def _lift(connection: AsyncConnection, targets: Sequence[Target]) -> None:
    """What is discarded holds its lane no longer: who was held behind it becomes a head of its own."""
    names = ("platform", "account", "source", "id")
    this = update(EVENTS).where(*(EVENTS.c[n] == bindparam(f"of_{n}") for n in names), EVENTS.c.blocks == "holds")
    keys = [dict(zip((f"of_{name}" for name in names), t.key, strict=True)) for t in targets]
    await connection.execute(this.values(blocks=None), keys)
