"""Opening the ledger: the file, its tables, its secret."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_bytes
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.ledger.errors import LedgerError, reported
from gateway.ledger.ledger import Ledger
from gateway.ledger.tables import KEYS, METADATA

OPEN_ATTEMPTS = 4
OPEN_PAUSE_SECONDS = 0.25


@asynccontextmanager
async def open_ledger(url: str) -> AsyncIterator[Ledger]:
    """Open the ledger, making its tables where they are missing. Raises LedgerError."""
    _make_private(Path(url.removeprefix("sqlite:///")))
    engine = create_async_engine(url.replace("sqlite://", "sqlite+aiosqlite://", 1))
    event.listen(engine.sync_engine, "connect", _prepare)
    try:
        yield Ledger(engine, await _prepared(engine))
    finally:
        await engine.dispose()


def _make_private(path: Path) -> None:
    """The file holds tokens: nobody else on this machine reads it."""
    try:
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"the ledger's file {path.name} cannot be made: {error.strerror}") from None


async def _prepared(engine: AsyncEngine) -> bytes:
    """The secret of a ledger whose tables are there. Processes that start at once get in each other's way here."""
    for _ in range(OPEN_ATTEMPTS - 1):
        try:
            async with reported():
                return await _secret(engine)
        except LedgerError:
            await asyncio.sleep(OPEN_PAUSE_SECONDS)
    async with reported():
        return await _secret(engine)


async def _secret(engine: AsyncEngine) -> bytes:
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.execute(upsert(KEYS).values(name="hash", value=token_bytes(32)).on_conflict_do_nothing())
        row = (await connection.execute(select(KEYS.c.value).where(KEYS.c.name == "hash"))).one()
        return bytes(row.value)


def _prepare(connection: Any, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
