"""The ledger in PostgreSQL: for workers on more than one machine."""

from collections.abc import Collection
from typing import Any

import asyncpg
from sqlalchemy import ARRAY, Column, ColumnElement, String, any_, bindparam
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.ledger.errors import AWAY, LedgerError, named

CONNECT_SECONDS = 10
ANSWER_SECONDS = 30
SETTINGS = {"application_name": "gateway", "lock_timeout": "5s"}


class Postgres:
    """See gateway.ledger.store.Database. The URL means what it means to PostgreSQL's own programs."""

    insert = staticmethod(insert)
    lock = "SELECT pg_advisory_xact_lock(4732194650)"  # ours, by being nobody else's number

    def __init__(self, url: str) -> None:
        self._url = url
        self.engine = create_async_engine("postgresql+asyncpg://", async_creator=self._connect)

    def among(self, column: Column[Any], name: str) -> ColumnElement[bool]:
        """By an array."""
        return column == any_(bindparam(name, type_=ARRAY(String)))

    def several(self, values: Collection[str]) -> list[str]:
        """The array."""
        return list(values)

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
