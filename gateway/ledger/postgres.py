"""The ledger in PostgreSQL: for workers on more than one machine."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import ARRAY, Connection, String, TableValuedAlias, bindparam, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.ledger.errors import AWAY, LedgerError, named

Result = TypeVar("Result")

CONNECT_SECONDS = 10
ANSWER_SECONDS = 30
SETTINGS = {
    "application_name": "gateway",
    "lock_timeout": "5s",
    "plan_cache_mode": "force_custom_plan",  # a plan made while the tables were small would be kept when they are not
    "jit": "off",  # compiling takes longer than any of our questions
}


class Postgres:
    """See gateway.ledger.store.Database. The URL means what it means to PostgreSQL's own programs."""

    insert = staticmethod(insert)
    lock: tuple[str, ...] = (
        "SET LOCAL lock_timeout = '25s'",
        "SELECT pg_advisory_xact_lock(4732194650)",  # ours, by being nobody else's number
    )

    def __init__(self, url: str) -> None:
        self._url = url
        self.engine = create_async_engine("postgresql+asyncpg://", async_creator=self._connect)

    def table_of(self, name: str) -> TableValuedAlias:
        """By an array."""
        return func.unnest(bindparam(name, type_=ARRAY(String))).table_valued("value").render_derived(name)

    def several(self, texts: Collection[str]) -> list[str]:
        """The array."""
        return list(texts)

    def put(self, connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Row by row, in one round trip: a single statement could not touch a row twice."""
        if rows:
            connection.exec_driver_sql(statement, rows)

    async def together(self, work: Callable[[Connection], Result]) -> Result:
        """On one connection."""
        async with self.engine.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """All of the pool's."""
        await self.engine.dispose()

    def make(self) -> None:
        """The database is made by whoever runs the server."""

    def is_there(self) -> bool:
        """A server that is away says so by itself."""
        return True

    async def _connect(self) -> Any:
        try:
            return await asyncpg.connect(
                self._url, timeout=CONNECT_SECONDS, command_timeout=ANSWER_SECONDS, server_settings=SETTINGS
            )
        except asyncpg.PostgresError as error:
            raise named(error) from None
        except (OSError, ValueError, asyncpg.InterfaceError):
            raise LedgerError(*AWAY) from None
