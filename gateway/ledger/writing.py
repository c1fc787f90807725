"""Writing down what happened: many events' records, histories and dead letters in one transaction."""

from collections.abc import Sequence

from sqlalchemy import Integer, literal_column
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.operating_tables import DEAD_LETTERS, HISTORY
from gateway.ledger.records import Buried, Entry, Record, entry_row, letter_row, to_row
from gateway.ledger.store import Store
from gateway.ledger.tables import EVENTS

Written = tuple[Record | None, Entry | None, Buried | None]
"""What belongs together of one event."""

ONE = literal_column("1", Integer)


class Writing:
    """Statements that were compiled once; called with a group of what is to be written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._records = store.compiled(store.replacing(EVENTS, fence="epoch"))
        self._entries = store.compiled(counting_on(store))
        self._letters = store.compiled(store.insert(DEAD_LETTERS).on_conflict_do_nothing())

    async def __call__(self, group: Sequence[Written]) -> list[None]:
        """Return once everything is on disk. Raises LedgerError."""
        async with self._store.writing() as connection:
            await _write(connection, self._records, [to_row(record) for record, _, _ in group if record])
            await _write(connection, self._entries, [entry_row(entry) for _, entry, _ in group if entry])
            await _write(connection, self._letters, [letter_row(letter) for _, _, letter in group if letter])
        return [None] * len(group)


async def _write(connection: AsyncConnection, statement: str, rows: list[tuple[object, ...]]) -> None:
    if rows:
        await connection.exec_driver_sql(statement, rows)


def counting_on(store: Store) -> object:
    """An insert that counts on where the entry is there already, and says when and how it was the last time."""
    row = store.insert(HISTORY)
    latest = {name: row.excluded[name] for name in ("at", "code", "milliseconds", "seconds", "note")}
    return row.on_conflict_do_update(
        index_elements=list(HISTORY.primary_key), set_={**latest, "times": HISTORY.c.times + ONE}
    )
