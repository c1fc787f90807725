"""The audit: who did what, when, why, on what, with what result. Only ever added to."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.ledger.accounts import now
from gateway.ledger.operating_tables import AUDIT
from gateway.ledger.records import as_text
from gateway.ledger.store import Store, apart
from gateway.operating.model import AuditRow


async def note(
    connection: AsyncConnection,
    actor: str,
    act: str,
    reason: str = "",
    *,
    run: str | None = None,
    target: Mapping[str, Any] | None = None,
    result: str = "",
) -> None:
    """Add a line, in the transaction of what it tells of."""
    row = {
        "at": now(),
        "actor": as_text(actor),
        "act": act,
        "reason": as_text(reason),
        "run": run,
        "target": as_text(orjson.dumps(target or {}).decode()),
        "result": as_text(result),
    }
    await connection.execute(insert(AUDIT).values(**row))


class Trail:
    """Reading it, and adding lines that belong to nothing else. Every method may raise LedgerError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @apart
    async def add(self, actor: str, act: str, target: Mapping[str, Any], reason: str = "", result: str = "") -> None:
        """Return once the line is on disk."""
        async with self._store.writing() as connection:
            await note(connection, actor, act, reason, target=target, result=result)

    @apart
    async def rows(self, limit: int, run: str | None = None) -> list[AuditRow]:
        """The latest lines first; of one run where given."""
        query = select(AUDIT).order_by(AUDIT.c.number.desc()).limit(limit)
        if run is not None:
            query = query.where(AUDIT.c.run == run)
        async with self._store.reading() as connection:
            return [_row(dict(row._mapping)) for row in await connection.execute(query)]


def _row(row: Mapping[str, Any]) -> AuditRow:
    target = orjson.loads(row["target"]) | ({"run": row["run"]} if row["run"] else {})
    return AuditRow(row["number"], row["at"], row["actor"], row["act"], row["reason"], target, row["result"])
