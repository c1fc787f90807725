"""Writing down what happened: many events' records, histories and dead letters in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, and_, func, literal_column, or_

from gateway.ledger.operating_tables import DEAD_LETTERS, HISTORY
from gateway.ledger.records import Buried, Entry, Record, entry_row, letter_row, to_row
from gateway.ledger.store import Store
from gateway.ledger.tables import EVENTS
from gateway.ledger.tallies import Addition, Tallies

ONE = literal_column("1", Integer)

Told = Callable[[Mapping[str, Decimal]], Mapping[str, Any]]


class Written(NamedTuple):
    """What belongs together of one event. `told`: what its record's response says of the sums after the addition."""

    record: Record | None
    entry: Entry | None = None
    letter: Buried | None = None
    addition: Addition | None = None
    told: Told | None = None


class Writing:
    """Statements that were compiled once; called with a group of what is to be written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tallies = Tallies(store)
        self._records = store.compiled(store.replacing(EVENTS, fence="epoch"))
        self._entries = store.compiled(counting_on(store))
        self._letters = store.compiled(store.insert(DEAD_LETTERS).on_conflict_do_nothing())

    async def __call__(self, group: Sequence[Written]) -> list[Record | None]:
        """The records as they stand now, once everything is on disk. Raises LedgerError."""
        return await self._store.together(lambda connection: self._write(connection, group))

    def _write(self, connection: Connection, group: Sequence[Written]) -> list[Record | None]:
        sums = self._tallies.add(connection, [one.addition for one in group if one.addition])
        records = [_completed(one, sums) for one in group]
        self._store.put(connection, self._records, [to_row(record) for record in records if record])
        self._store.put(connection, self._entries, [entry_row(one.entry) for one in group if one.entry])
        self._store.put(connection, self._letters, [letter_row(one.letter) for one in group if one.letter])
        return records


def _completed(one: Written, sums: Mapping[str, Mapping[str, Decimal]]) -> Record | None:
    if one.record is None or one.addition is None or one.told is None:
        return one.record
    return one.record._replace(response={**(one.record.response or {}), **one.told(sums[one.addition.group])})


def counting_on(store: Store) -> object:
    """An insert that counts on where the entry is there already, and says when and how it was the last time."""
    row = store.insert(HISTORY)
    latest = {name: row.excluded[name] for name in ("at", "code", "milliseconds", "seconds", "note")}
    return row.on_conflict_do_update(
        index_elements=list(HISTORY.primary_key), set_={**latest, "times": HISTORY.c.times + ONE}
    )


def noting(store: Store) -> object:
    """An insert of an event that stands in a worker; of one that ended before it was put back, its place stays.

    What was accepted is never done anew. Names of replays begin with a time, always of one form, so every database
    orders them alike.
    """
    row, had = store.insert(EVENTS), EVENTS.c
    new = row.excluded
    put_back = or_(had.replay.is_(None), had.replay < new.replay)
    ended = and_(had.outcome.is_not(None), had.outcome != literal_column("'accepted'"))
    changed = {column.name: new[column.name] for column in EVENTS.c if not column.primary_key}
    return row.on_conflict_do_update(
        index_elements=list(EVENTS.primary_key),
        set_=changed | {"position": func.coalesce(had.position, new.position)},
        where=and_(ended, new.replay.is_not(None), put_back, had.epoch <= new.epoch),
    )
