"""Where events stand: what is recorded of each, and who is ahead in its lane. One question for many events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CompoundSelect, and_, func, literal_column, select, union_all

from gateway.ledger.records import Ahead, Key, Record, Standing, key_columns, to_record
from gateway.ledger.store import Store
from gateway.ledger.tables import BLOCKING, EVENTS

Asked = tuple[Key | None, str | None]
"""An event and a lane."""


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
        async with self._store.reading() as connection:
            rows = (await connection.exec_driver_sql(self._question, values)).all()
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
    """Events by id alone, since SQLite has no index for tuples; then the first of each lane's that block it."""
    events = select(EVENTS, literal_column("0").label("count")).where(store.among(EVENTS.c.id, "ids"))
    heads = (
        select(EVENTS.c.lane, func.min(EVENTS.c.position).label("position"), func.count().label("count"))
        .where(store.among(EVENTS.c.lane, "lanes"), BLOCKING)
        .group_by(EVENTS.c.lane)
        .subquery()
    )
    first = and_(EVENTS.c.lane == heads.c.lane, EVENTS.c.position == heads.c.position, BLOCKING)
    return union_all(events, select(EVENTS, heads.c.count).join(heads, first))
