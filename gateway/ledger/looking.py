"""Where events stand: what is recorded of each, and who is ahead in its lane. One question for many events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnClause, CompoundSelect, Integer, and_, func, literal_column, select, union_all

from gateway.ledger.records import Ahead, Key, Record, Standing, key_columns, to_record
from gateway.ledger.store import Store
from gateway.ledger.tables import BLOCKING, EVENTS

Asked = tuple[Key | None, str | None]
"""An event and a lane."""

MOST_COUNTED = 10_000
"""How many at most are counted that block a lane: enough to see that it is long."""


class Looking:
    """Asks a question that was compiled once: rows of events, each with how many block its lane, 0 if not asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._question = store.compiled(_question(store))

    async def __call__(self, asked: Sequence[Asked]) -> list[Standing]:
        """The answer to each, all of the same moment. Raises LedgerError."""
        keys = [key and Key(*key_columns(key)) for key, _ in asked]
        ids = {key.id for key in keys if key}
        lanes = {lane for _, lane in asked if lane}
        values = self._store.several(ids), self._store.several(lanes)
        rows = await self._store.together(lambda connection: connection.exec_driver_sql(self._question, values).all())
        found: dict[Key | None, Record] = {}
        first: dict[str | None, Ahead] = {}
        for row in rows:
            record, count = to_record(row[:-1]), row[-1]
            if count and record.position and record.blocks:
                first[record.lane] = Ahead(record.key, record.position, record.blocks, record.due_at, count)
            else:
                found[record.key] = record
        return [Standing(found.get(key), first.get(lane)) for key, (_, lane) in zip(keys, asked, strict=True)]


def _question(store: Store) -> CompoundSelect[Any]:
    """Events by id alone, since SQLite has no index for tuples; then the first of each lane's that block it.

    Both ways through an index to just those rows, however many block a lane.
    """
    ids, lanes = store.table_of("ids"), store.table_of("lanes")
    events = select(EVENTS, _written(0).label("count")).where(EVENTS.c.id.in_(select(ids.c.value)))
    blocking = EVENTS.alias("blocking")
    this = and_(blocking.c.lane == lanes.c.value, blocking.c.blocks.is_not(None))
    position = select(func.min(blocking.c.position)).where(this).scalar_subquery()
    some = select(blocking.c.position).where(this).limit(_written(MOST_COUNTED)).offset(_written(0)).correlate(lanes)
    count = select(func.count()).select_from(some.subquery()).scalar_subquery()
    first = and_(EVENTS.c.lane == lanes.c.value, EVENTS.c.position == position, BLOCKING)
    return union_all(events, select(EVENTS, count).select_from(lanes).join(EVENTS, first))


def _written(number: int) -> ColumnClause[int]:
    """A number in the statement's text, where the compiler would make it a parameter."""
    return literal_column(str(number), Integer)
