"""Where events stand: what is recorded of each, and who is ahead in its lane. One question for many events."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, and_, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.records import Ahead, Key, Record, Standing, to_record
from gateway.ledger.tables import EVENTS

Asked = tuple[Key | None, str | None]
"""An event and a lane."""


async def look(connection: AsyncConnection, asked: Sequence[Asked]) -> list[Standing]:
    """The answer to each, all of the same moment."""
    ids = {key.id for key, _ in asked if key}
    lanes = {lane for _, lane in asked if lane}
    questions = ([_of_events(ids)] if ids else []) + ([_heads_of(lanes)] if lanes else [])
    found: dict[Key | None, Record] = {}
    first: dict[str | None, Ahead] = {}
    for *columns, count in await connection.execute(union_all(*questions)) if questions else ():
        record = to_record(columns)
        if count and record.position and record.blocks:
            first[record.lane] = Ahead(record.key, record.position, record.blocks, record.due_at, count)
        else:
            found[record.key] = record
    return [Standing(found.get(key), first.get(lane)) for key, lane in asked]


def _of_events(ids: Collection[str]) -> Select[Any]:
    """By id alone, since SQLite has no index for tuples; the last column tells these rows from the heads."""
    return select(EVENTS, literal(0).label("count")).where(EVENTS.c.id.in_(ids))


def _heads_of(lanes: Collection[str]) -> Select[Any]:
    """The first row of each lane that blocks it, with how many do."""
    blocking = EVENTS.c.blocks.is_not(None)
    heads = (
        select(EVENTS.c.lane, func.min(EVENTS.c.position).label("position"), func.count().label("count"))
        .where(EVENTS.c.lane.in_(lanes), blocking)
        .group_by(EVENTS.c.lane)
        .subquery()
    )
    this = and_(EVENTS.c.lane == heads.c.lane, EVENTS.c.position == heads.c.position, blocking)
    return select(EVENTS, heads.c.count).join(heads, this)
