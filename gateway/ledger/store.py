"""The database behind the ledger: opened, read, written, and opened anew when it was lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from secrets import token_bytes
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Table, TableValuedAlias, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.ledger.errors import GONE, LedgerError, reported
from gateway.ledger.migrating import migrate
from gateway.ledger.sqlite import SqliteFile
from gateway.ledger.tables import KEYS

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Database(Protocol):
    """What differs from one kind of database to the other."""

    engine: AsyncEngine
    lock: tuple[str, ...]
    """The statements that let one process at a time change tables, until the transaction ends; others wait long."""

    def table_of(self, name: str) -> TableValuedAlias:
        """The parameter of this name as a table: its column `value` holds each of several texts."""

    def several(self, texts: Collection[str]) -> Any:
        """Those texts as that parameter."""

    def insert(self, table: Table) -> Any:
        """Its insert statement, that can be told what to do with a row that is there."""

    def put(self, connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run an insert, compiled for one row, with these, if any: values in the order of the table's columns."""

    def together(self, work: "Callable[[Connection], Result]") -> "Awaitable[Result]":
        """Do the work in one transaction, and in one piece: the event loop hears of its end only."""

    async def close(self) -> None:
        """End every connection."""

    def make(self) -> None:
        """Make what must be there before it is connected to. Raises LedgerError."""

    def is_there(self) -> bool:
        """Whether it is still the one that was opened."""


class Store:
    """Connections to the ledger's tables. Whatever fails here is a LedgerError."""

    def __init__(self, url: str) -> None:
        self._database = _database(url)
        self.engine = self._database.engine
        self.insert = self._database.insert
        self.table_of = self._database.table_of
        self.several = self._database.several
        self.put = self._database.put
        self.secret = token_bytes(32)
        self._lost = False
        self._opening = asyncio.Lock()
        self._under_way: set[asyncio.Future[Any]] = set()

    async def open(self) -> None:
        """Make what is missing: the database, its tables, its secret."""
        self._database.make()
        async with reported():
            await migrate(self.engine, self._database.lock)
            self.secret = await self._kept_secret()
        self._lost = False

    async def reopen_if_lost(self) -> None:
        """Start over with a new file, once it was noticed that the old one is gone."""
        async with self._opening:
            if self._lost:
                await self._database.close()
                await self.open()

    async def close(self) -> None:
        """End every connection; one to a file has a thread that would keep the process."""
        while self._under_way:
            await asyncio.wait(self._under_way)
            await asyncio.sleep(0)  # what waited for this may begin more
        await self._database.close()

    async def apart(self, work: Awaitable[Result]) -> Result:
        """Do it to its end: a caller that is cancelled, even twice, leaves no transaction open."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Future[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked has it, unless nobody is there any more

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

    async def together(self, work: Callable[[Connection], Result]) -> Result:
        """Do the work in one transaction, on disk once this returns, with statements that were compiled once.

        What many events ask for at a time goes this way: a tenth of the event loop's time for each statement.
        """
        self._verify()
        async with reported():
            done = await self.apart(self._database.together(work))
        self._verify()
        return done

    def replacing(self, table: Table, fence: str | None = None) -> Any:
        """An insert that replaces the row with the same key, but none whose `fence` is higher."""
        row = self.insert(table)
        return row.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={column.name: row.excluded[column.name] for column in table.c if not column.primary_key},
            where=None if fence is None else table.c[fence] <= row.excluded[fence],
        )

    def compiled(self, statement: Any) -> str:
        """Its text, to be run as it is: much less work for each time."""
        return str(statement.compile(dialect=self.engine.dialect))

    def _verify(self) -> None:
        if self._lost or not self._database.is_there():
            self._lost = True
            raise LedgerError(*GONE)

    async def _kept_secret(self) -> bytes:
        """A new ledger gets the one that we have: what was hashed stays comparable when a file was lost."""
        kept = select(KEYS.c.value).where(KEYS.c.name == "hash")
        async with self.engine.connect() as connection:
            if secret := await connection.scalar(kept):
                return bytes(secret)
        first = self.insert(KEYS).values(name="hash", value=self.secret).on_conflict_do_nothing()
        async with self.engine.begin() as connection:
            await connection.execute(first)
            return bytes((await connection.execute(kept)).scalar_one())


Method = Callable[Concatenate[Any, Parameters], Coroutine[Any, Any, Result]]


def apart(method: Method[Parameters, Result]) -> Method[Parameters, Result]:
    """A method of what has a `_store`, not disturbed when its caller is cancelled; see Store.apart."""

    @wraps(method)
    async def run(this: Any, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        done: Result = await this._store.apart(method(this, *args, **kwargs))
        return done

    return run


def _database(url: str) -> Database:
    if url.startswith("postgresql"):
        from gateway.ledger.postgres import Postgres  # noqa: PLC0415 - its driver, only where it is used

        return Postgres(url)
    return SqliteFile(url)
