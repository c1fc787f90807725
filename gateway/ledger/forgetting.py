"""Deleting what ended long ago, a little at a time, so that nobody who records waits for it."""

import asyncio

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, exists, select

from gateway.ledger.operating_tables import HISTORY
from gateway.ledger.store import Store
from gateway.ledger.tables import CLAIMS, ENDED, EVENTS, STEPS

AT_ONCE = 200
PAUSE_SECONDS = 0.05


async def forget(store: Store, before: str) -> int:
    """Delete events that ended before this time, unless they block their lane, and one-time values seen before.

    Returns how many rows went.
    """
    old_events = and_(ENDED, EVENTS.c.updated_at < before)
    return await _all(store, EVENTS, old_events) + await _all(store, CLAIMS, CLAIMS.c.at < before)


async def _all(store: Store, table: Table, old: ColumnElement[bool]) -> int:
    gone = 0
    while some := await store.apart(_some(store, table, old)):
        gone += some
        await asyncio.sleep(PAUSE_SECONDS)
    return gone


async def _some(store: Store, table: Table, old: ColumnElement[bool]) -> int:
    """Asks again when deleting: a replay may have made an event a new one meanwhile."""
    async with store.writing() as connection:
        found = await connection.execute(select(*table.primary_key).where(old).limit(AT_ONCE))
        rows = [dict(row) for row in found.mappings()]
        if rows:
            await connection.execute(delete(table).where(*_named(table, table), old), rows)
        if rows and table is EVENTS:
            for along in (STEPS, HISTORY):
                kept = exists().where(*(EVENTS.c[key.name] == along.c[key.name] for key in EVENTS.primary_key))
                await connection.execute(delete(along).where(*_named(along, EVENTS), ~kept), rows)
    return len(rows)


def _named(table: Table, by: Table) -> list[ColumnElement[bool]]:
    """The rows of `table` that a row's key of the table `by` names."""
    return [table.c[key.name] == bindparam(key.name) for key in by.primary_key]
