"""The database behind the ledger: opened, read, written, and opened anew when its file was lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_bytes
from typing import Any

from sqlalchemy import Table, event, select
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.ledger.errors import LedgerError, gone, reported
from gateway.ledger.tables import KEYS, METADATA

OPEN_ATTEMPTS = 4
OPEN_PAUSE_SECONDS = 0.25


class Store:
    """Connections to the ledger's tables. Whatever fails here is a LedgerError."""

    def __init__(self, url: str) -> None:
        self.engine = create_async_engine(url.replace("sqlite://", "sqlite+aiosqlite://", 1))
        self.secret = token_bytes(32)
        self._file = LedgerFile(Path(url.removeprefix("sqlite:///")))
        self._lost = False
        self._opening = asyncio.Lock()
        event.listen(self.engine.sync_engine, "connect", prepare)

    async def open(self) -> None:
        """Make what is missing: the file, its tables, its secret."""
        self._file.make()
        await self._prepared()
        self._lost = False

    async def reopen_if_lost(self) -> None:
        """Start over with a new file, once it was noticed that the old one is gone."""
        async with self._opening:
            if self._lost:
                await self.close()
                await self.open()

    async def close(self) -> None:
        """End every connection; each has a thread that would keep the process."""
        await self.engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to ask questions on."""
        self._verify()
        async with reported(), self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, on disk once the block has ended."""
        self._verify()
        async with reported(), self.engine.begin() as connection:
            yield connection
        self._verify()

    def insert(self, table: Table) -> Insert:
        """An insert that can be told what to do with a row that is there."""
        return insert(table)

    def replacing(self, table: Table, fence: str | None = None) -> Insert:
        """An insert that replaces the row with the same key, but none whose `fence` is higher."""
        row = self.insert(table)
        return row.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={column.name: row.excluded[column.name] for column in table.c if not column.primary_key},
            where=None if fence is None else table.c[fence] <= row.excluded[fence],
        )

    def _verify(self) -> None:
        """A deleted file can be written to, and what was written is lost."""
        if self._lost or not self._file.is_there():
            self._lost = True
            raise gone()

    async def _prepared(self) -> None:
        """Processes that start at once get in each other's way here."""
        for _ in range(OPEN_ATTEMPTS - 1):
            try:
                async with reported():
                    return await self._prepare()
            except LedgerError:
                await asyncio.sleep(OPEN_PAUSE_SECONDS)
        async with reported():
            return await self._prepare()

    async def _prepare(self) -> None:
        """A new file gets the secret that we have: what was hashed stays comparable when a file was lost."""
        async with self.engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)
            row = self.insert(KEYS).values(name="hash", value=self.secret)
            await connection.execute(row.on_conflict_do_nothing())
            kept = await connection.execute(select(KEYS.c.value).where(KEYS.c.name == "hash"))
            self.secret = bytes(kept.scalar_one())


class LedgerFile:
    """A database file, and whether it is still the one that was opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None

    def make(self) -> None:
        """The file holds tokens: nobody else on this machine reads it."""
        try:
            self._path.touch(mode=0o600, exist_ok=True)
        except OSError as error:
            wrong = f"the ledger's file {self._path.name} cannot be made: {error.strerror}"
            raise LedgerError(wrong, "see ledger.url") from None
        self._identity = self._now()

    def is_there(self) -> bool:
        """False once it was deleted or replaced."""
        return self._now() == self._identity

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
    """What every new connection is told."""
    cursor = connection.cursor()
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
