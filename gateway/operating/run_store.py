"""Runs in the ledger: frozen, read, paused, ended. What a driver writes is in gateway.operating.progress."""

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.dead_letters import replay_name
from gateway.errors import RefusedError
from gateway.ledger.accounts import now
from gateway.ledger.operating_tables import DEAD_LETTERS, RUN_LETTERS, RUNS
from gateway.ledger.records import as_text
from gateway.ledger.store import Store, apart
from gateway.operating.model import UNFINISHED, Counts, LetterRow, Run, RunLetter, RunState
from gateway.operating.trail import note

SHOWN = tuple(column for column in RUNS.columns if column.name != "edit")


class RunStore:
    """Every method may raise LedgerError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @apart
    async def freeze(self, row: Mapping[str, Any], letters: Sequence[LetterRow], target: Mapping[str, Any]) -> str:
        """A new run of those of the letters that no other run has claimed meanwhile; its id.

        `row`: kind, actor, reason, filter, edit, diff, rate, tolerate. Raises RefusedError when none is left.
        """
        run = token_hex(4)
        async with self._store.writing() as connection:
            await _claim(connection, run, letters)
            mine = await _claimed(connection, run, letters)
            if not mine:
                raise RefusedError("nothing is eligible any more: another run has just taken these letters")
            made = {"state": "running", "batch": 0, "ladder": 0, "note": "", "created_at": now(), "updated_at": now()}
            await connection.execute(insert(RUNS).values(id=run, **row, **made))
            await connection.execute(insert(RUN_LETTERS), [_frozen(run, n, one) for n, one in enumerate(mine, 1)])
            said = {**target, "letters": len(mine)}
            await note(connection, row["actor"], row["kind"], row["reason"], run=run, target=said, result="started")
        return run

    @apart
    async def change(self, run: str, state: RunState, allowed: Sequence[RunState], actor: str, reason: str) -> None:
        """Pause, resume or cancel: in one statement with the question whether that can be done.

        Raises RefusedError for a run that is in no allowed state, or does not exist.
        """
        values: dict[str, Any] = {"state": state, "updated_at": now(), "note": ""}
        if state == "running":
            values["ladder"] = RUNS.c.batch
        this = update(RUNS).where(RUNS.c.id == run, RUNS.c.state.in_(allowed))
        async with self._store.writing() as connection:
            if (await connection.execute(this.values(**values))).rowcount == 0:
                raise RefusedError(await _why_not(connection, run, state))
            await note(connection, actor, _ACTS[state], reason, run=run, result=state)
            if state == "cancelled":
                await release(connection, run)

    @apart
    async def runs(self, *, unfinished: bool, limit: int) -> list[Run]:
        """The latest first."""
        query = select(*SHOWN).order_by(RUNS.c.created_at.desc(), RUNS.c.id).limit(limit)
        if unfinished:
            query = query.where(RUNS.c.state.in_(UNFINISHED))
        async with self._store.reading() as connection:
            rows = (await connection.execute(query)).all()
            counts = await _counts(connection, [row.id for row in rows])
        return [_run(row, counts.get(row.id, Counts())) for row in rows]

    @apart
    async def run(self, run: str) -> Run:
        """One of them. Raises RefusedError when there is none of this id."""
        async with self._store.reading() as connection:
            row = (await connection.execute(select(*SHOWN).where(RUNS.c.id == run))).first()
            if row is None:
                raise RefusedError(f"there is no run {run!r}; gateway runs list shows all")
            counts = await _counts(connection, [run])
        return _run(row, counts.get(run, Counts()))

    @apart
    async def letters(self, run: str, state: str | None, limit: int) -> list[RunLetter]:
        """Those of a run, in their order."""
        query = select(RUN_LETTERS).where(RUN_LETTERS.c.run == run).order_by(RUN_LETTERS.c.number).limit(limit)
        if state is not None:
            query = query.where(RUN_LETTERS.c.state == state)
        async with self._store.reading() as connection:
            return [_letter(row) for row in await connection.execute(query)]

    @apart
    async def edit(self, run: str) -> bytes | None:
        """The patch of a run that is not over."""
        async with self._store.reading() as connection:
            text = await connection.scalar(select(RUNS.c.edit).where(RUNS.c.id == run))
            return None if text is None else str(text).encode()


_ACTS: Mapping[RunState, str] = {"paused": "pause", "running": "resume", "cancelled": "cancel"}


async def release(connection: AsyncConnection, run: str) -> None:
    """The run is over: its letters are free, and what its edit said is forgotten."""
    await connection.execute(update(DEAD_LETTERS).where(DEAD_LETTERS.c.run == run).values(run=None))
    await connection.execute(update(RUNS).where(RUNS.c.id == run).values(edit=None))


async def _claim(connection: AsyncConnection, run: str, letters: Sequence[LetterRow]) -> None:
    """Claimed in the same statement as it is seen to be free: of two runs one has each letter."""
    this = update(DEAD_LETTERS).where(DEAD_LETTERS.c.letter == bindparam("name"), DEAD_LETTERS.c.run.is_(None))
    await connection.execute(this.values(run=run), [{"name": letter.id} for letter in letters])


async def _claimed(connection: AsyncConnection, run: str, letters: Sequence[LetterRow]) -> list[LetterRow]:
    rows = await connection.execute(select(DEAD_LETTERS.c.letter).where(DEAD_LETTERS.c.run == run))
    mine = {row.letter for row in rows}
    return [letter for letter in letters if letter.id in mine]


def _frozen(run: str, number: int, letter: LetterRow) -> dict[str, Any]:
    return {
        "run": run,
        "number": number,
        "letter": letter.id,
        "platform": letter.platform,
        "account": letter.account,
        "source": letter.source,
        "id": letter.event_id,
        "operation": letter.operation,
        "replay": as_text(replay_name(letter.id, letter.dead_at)),
        "lane": letter.lane,
        "state": "pending",
    }


async def _why_not(connection: AsyncConnection, run: str, state: RunState) -> str:
    now_in = await connection.scalar(select(RUNS.c.state).where(RUNS.c.id == run))
    if now_in is None:
        return f"there is no run {run!r}; gateway runs list shows all"
    return f"run {run} is {now_in}: {_ACTS[state]} is not possible"


async def _counts(connection: AsyncConnection, runs: Sequence[str]) -> dict[str, Counts]:
    which = RUN_LETTERS.c.run, RUN_LETTERS.c.state
    query = select(*which, func.count()).where(RUN_LETTERS.c.run.in_(runs)).group_by(*which)
    found: dict[str, dict[str, int]] = {}
    for run, state, number in await connection.execute(query):
        found.setdefault(run, {})[state] = number
    return {run: Counts(**numbers) for run, numbers in found.items()}


def _run(row: Row[Any], counts: Counts) -> Run:
    return Run(
        id=row.id,
        kind=row.kind,
        state=row.state,
        actor=row.actor,
        reason=row.reason,
        filter=orjson.loads(row.filter),
        created_at=row.created_at,
        updated_at=row.updated_at,
        note=row.note,
        rate=row.rate,
        tolerate=row.tolerate,
        batch=row.batch,
        counts=counts,
        diff=orjson.loads(row.diff),
    )


def _letter(row: Row[Any]) -> RunLetter:
    account = f"{row.platform}.{row.account}"
    what = (row.operation, row.id or "", row.state, row.batch, row.code, row.message, row.ended_at)
    return RunLetter(row.number, row.letter, account, *what)
