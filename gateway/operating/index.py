"""The index of dead letters: asked, counted, grouped, made again from a queue."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, update

from gateway.ledger import Buried
from gateway.ledger.accounts import timestamp
from gateway.ledger.operating_tables import DEAD_LETTERS
from gateway.ledger.records import as_kept, letter_row
from gateway.ledger.store import Store, apart
from gateway.ledger.tables import EVENTS
from gateway.operating.eligibility import EventKey, Holder
from gateway.operating.model import Filter, Group, LetterRow
from gateway.topology import Names

LETTERS = DEAD_LETTERS.c
OLDEST_FIRST = (LETTERS.first_seen, LETTERS.dead_at, LETTERS.letter)
GROUPED = (LETTERS.platform, LETTERS.account, LETTERS.operation, LETTERS.category, LETTERS.code, LETTERS.cause)

YOUNG_SECONDS = 60
"""A letter is in the index a moment before it is in its queue."""

AT_ONCE = 500
"""Parameters of one statement."""


class Index:
    """Reads and writes of the table. Every method may raise LedgerError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @apart
    async def letters(self, wanted: Filter, limit: int | None = None, offset: int = 0) -> list[LetterRow]:
        """Those meant, oldest first."""
        query = select(DEAD_LETTERS).where(*conditions(wanted)).order_by(*OLDEST_FIRST).limit(limit).offset(offset)
        async with self._store.reading() as connection:
            return [LetterRow(*row) for row in await connection.execute(query)]

    @apart
    async def count(self, wanted: Filter) -> int:
        """How many are meant."""
        query = select(func.count()).select_from(DEAD_LETTERS).where(*conditions(wanted))
        async with self._store.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    @apart
    async def copies(self, names: Names) -> int:
        """How many messages an account's queue should hold."""
        total = func.coalesce(func.sum(LETTERS.copies), 0)
        query = select(total).where(LETTERS.platform == names.platform, LETTERS.account == names.account)
        async with self._store.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    @apart
    async def groups(self, wanted: Filter) -> list[Group]:
        """Those meant by cause, most first."""
        facts = func.count(), func.min(LETTERS.dead_at), func.max(LETTERS.dead_at), func.max(LETTERS.reason)
        query = select(*GROUPED, *facts).where(*conditions(wanted)).group_by(*GROUPED)
        async with self._store.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [_group(row) for row in sorted(rows, key=lambda row: (-row[6], row[8]))]

    @apart
    async def positions(self, wanted: Filter) -> dict[EventKey, int]:
        """The places in their lanes of the events of letters meant."""
        mine = and_(*(EVENTS.c[of] == LETTERS[name] for of, name in _KEYS))
        query = select(*(LETTERS[name] for _, name in _KEYS), EVENTS.c.position).select_from(
            DEAD_LETTERS.join(EVENTS, mine)
        )
        async with self._store.reading() as connection:
            rows = await connection.execute(query.where(*conditions(wanted), EVENTS.c.position.is_not(None)))
            return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}

    @apart
    async def holders(self, lanes: Collection[str]) -> dict[str, list[Holder]]:
        """The dead letters that hold each of these lanes, in their order."""
        found: dict[str, list[Holder]] = {}
        columns = (EVENTS.c.lane, *(EVENTS.c[of] for of, _ in _KEYS), EVENTS.c.position)
        async with self._store.reading() as connection:
            for some in _parts(sorted(lanes)):
                holding = EVENTS.c.blocks == "holds"
                query = select(*columns).where(EVENTS.c.lane.in_(some), holding).order_by(EVENTS.c.position)
                for lane, *key, position in await connection.execute(query):
                    found.setdefault(lane, []).append(Holder((key[0], key[1], key[2], key[3]), position))
        return found

    @apart
    async def correct(self, names: Names, there: Sequence[Buried]) -> tuple[int, int]:
        """Make the account's index what stands in its queue; how many rows were added and taken away.

        Rows that a run has claimed are the run's, and young ones may be on their way into the queue.
        """
        mine = (LETTERS.platform == names.platform, LETTERS.account == names.account)
        young = timestamp(datetime.now(UTC) - timedelta(seconds=YOUNG_SECONDS))
        async with self._store.writing() as connection:
            rows = (await connection.execute(select(LETTERS.letter, LETTERS.run, LETTERS.dead_at).where(*mine))).all()
            known, standing = {row.letter for row in rows}, {letter.letter for letter in there}
            gone = [row.letter for row in rows if row.letter not in standing and not row.run and row.dead_at < young]
            new = [letter for letter in there if letter.letter not in known]
            names_of = [column.name for column in DEAD_LETTERS.columns]
            if new:
                added = [dict(zip(names_of, letter_row(letter), strict=True)) for letter in new]
                await connection.execute(self._store.insert(DEAD_LETTERS).on_conflict_do_nothing(), added)
            if gone:
                this = LETTERS.letter == bindparam("name")
                await connection.execute(delete(DEAD_LETTERS).where(this), [{"name": name} for name in gone])
            await connection.execute(
                update(DEAD_LETTERS).where(LETTERS.letter == bindparam("name")).values(copies=bindparam("number")),
                [{"name": letter.letter, "number": letter.copies} for letter in there] or [_NOBODY],
            )
        return len(new), len(gone)


_KEYS = (("platform", "platform"), ("account", "account"), ("source", "source"), ("id", "event_id"))
_NOBODY: dict[str, object] = {"name": "", "number": 1}


def conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """The filter, as the database reads it."""
    found: list[ColumnElement[bool]] = []
    if wanted.ids:
        names = [as_kept(name) for name in wanted.ids]
        found.append(or_(LETTERS.letter.in_(names), LETTERS.event_id.in_(names)))
    if wanted.account is not None:
        platform, _, account = wanted.account.partition(".")
        found += [LETTERS.platform == platform, *([LETTERS.account == account] if account else [])]
    if wanted.event_id is not None:
        found.append(LETTERS.event_id == as_kept(wanted.event_id))
    if wanted.text is not None:
        found.append(LETTERS.reason.contains(wanted.text, autoescape=True))
    if wanted.attempts is not None:
        found.append(LETTERS.attempts >= wanted.attempts)
    same = ("operation", "category", "code", "cause", "lane")
    found += [LETTERS[name] == value for name in same if (value := getattr(wanted, name)) is not None]
    return found + _ages(wanted)


def _ages(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.older_than is not None:
        found.append(LETTERS.dead_at <= _ago(wanted.older_than))
    if wanted.newer_than is not None:
        found.append(LETTERS.dead_at >= _ago(wanted.newer_than))
    return found


def _ago(seconds: float) -> str:
    return timestamp(datetime.now(UTC) - timedelta(seconds=seconds))


def _group(row: Any) -> Group:
    platform, account, operation, category, code, cause, count, first, last, example = row
    return Group(f"{platform}.{account}", operation, category, code, cause, count, first, last, example)


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[at : at + AT_ONCE] for at in range(0, len(values), AT_ONCE))
