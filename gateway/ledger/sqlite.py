"""The ledger in a file: for everything that runs on one machine."""

import asyncio
import fcntl
import os
import re
import sqlite3
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    URL,
    Connection,
    Table,
    TableValuedAlias,
    bindparam,
    create_engine,
    event,
    func,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.ledger.errors import LedgerError

PRIVATE = 0o600
THREADS = 4
"""One that reads and one that writes, each twice: what is urgent does not stand behind the others."""

PATIENCE_SECONDS, AGAIN_SECONDS = 5, 0.01
"""How long a connection waits for others; between two attempts where SQLite itself does not wait."""

MOST_ROWS = 64
"""In one statement. Groups are taken apart into powers of two, so that there are few texts to prepare."""

Result = TypeVar("Result")


class SqliteFile:
    """See gateway.ledger.store.Database."""

    lock: tuple[str, ...] = ("PRAGMA busy_timeout=25000", "BEGIN IMMEDIATE")

    def __init__(self, url: str) -> None:
        self._path = Path(url.removeprefix("sqlite:///"))
        self._identity: tuple[int, int] | None = None
        self.engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(self._path)))
        self._threads: ThreadPoolExecutor | None = None
        self._in_threads = create_engine(URL.create("sqlite", database=str(self._path)))
        for engine in (self.engine.sync_engine, self._in_threads):
            event.listen(engine, "connect", prepare)

    def together(self, work: Callable[[Connection], Result]) -> asyncio.Future[Result]:
        """In a thread: one hand-over each way, not several for each statement."""

        def run() -> Result:
            with self._in_threads.begin() as connection:
                return work(connection)

        self._threads = self._threads or ThreadPoolExecutor(THREADS, "ledger")
        return asyncio.get_running_loop().run_in_executor(self._threads, run)

    async def close(self) -> None:
        """One of the event loop's has a thread that would keep the process."""
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)
        await self.engine.dispose()
        self._in_threads.dispose()

    def table_of(self, name: str) -> TableValuedAlias:
        """By a list in JSON."""
        return func.json_each(bindparam(name)).table_valued("value", name=name)

    def several(self, texts: Collection[str]) -> str:
        """The list."""
        return orjson.dumps(list(texts)).decode()

    def insert(self, table: Table) -> Insert:
        """Where it fails its transaction is undone: it need not undo itself, for which it would write down all that
        it changes."""
        return insert(table).prefix_with("OR FAIL")

    def put(self, connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Several in a statement: the library lets go of the interpreter once for them, not for every row."""
        at = 0
        while at < len(rows):
            number = min(1 << ((len(rows) - at).bit_length() - 1), MOST_ROWS)
            values = tuple(chain.from_iterable(rows[at : at + number]))
            connection.exec_driver_sql(_of_rows(statement, number), values)
            at += number

    def make(self) -> None:
        """The file holds tokens: nobody else on this machine reads it."""
        try:
            with _alone_in(self._path.parent):
                self._make()
        except OSError as error:
            wrong = f"the ledger's file {self._path.name} cannot be made: {error.strerror}"
            raise LedgerError(wrong, "see ledger.url; the file and its folder must be this user's") from None
        self._identity = self._found()

    def _make(self) -> None:
        """What a deleted file has left behind belongs to whoever has it open still, and would spoil a new one."""
        parts = [Path(f"{self._path}{suffix}") for suffix in ("", "-wal", "-shm")]
        if not self._path.exists():
            for part in parts:
                part.unlink(missing_ok=True)
        self._path.touch(mode=PRIVATE)
        for part in parts:
            if part.is_file() and stat.S_IMODE(part.stat().st_mode) & ~PRIVATE:
                part.chmod(PRIVATE)

    def is_there(self) -> bool:
        """False once the file was deleted or replaced: it can still be written to, and what is written is lost."""
        return self._found() == self._identity

    def _found(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Processes that make the file at the same time must not take away each other's."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@lru_cache(256)
def _of_rows(statement: str, number: int) -> str:
    """The insert of one row as one of so many."""
    return _VALUES.sub(lambda found: "VALUES " + ", ".join([found[1]] * number), statement, count=1)


_VALUES = re.compile(r"VALUES (\([?, ]+\))")


def prepare(connection: Any, _: object) -> None:
    """What every new connection is told."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={1000 * PATIENCE_SECONDS}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Several that open a file at once which is not in this mode yet keep each other from it: SQLite does not let
    them wait, it tells them that the file is locked."""
    latest = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > latest:
                raise
            sleep(AGAIN_SECONDS)
        else:
            return
