"""The rows that belong to one account: its token."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.account import Account
from gateway.ledger.errors import reported
from gateway.ledger.tables import TOKENS
from gateway.token import Token


def of_account(table: Any, account: Account) -> Iterable[Any]:
    """The condition that picks an account's rows of a table."""
    return table.c.platform == account.platform, table.c.account == account.name


class AccountTokens:
    """An account's row in the table of tokens."""

    def __init__(self, engine: AsyncEngine, account: Account) -> None:
        self._engine = engine
        self._account = account

    async def load_token(self) -> Token | None:
        """The token last saved; None when there is none, or a login was begun since. Raises LedgerError."""
        async with reported(), self._engine.connect() as connection:
            row = (await connection.execute(select(TOKENS).where(*of_account(TOKENS, self._account)))).first()
            return Token(row.value, row.generation, row.used_at) if row and row.value else None

    async def reserve(self) -> int:
        """Before a login: the recorded token counts as dead, and the next generation is taken. Raises LedgerError."""
        row = upsert(TOKENS).values(
            platform=self._account.platform, account=self._account.name, value="", generation=1, used_at=0.0
        )
        taken = row.on_conflict_do_update(
            index_elements=list(TOKENS.primary_key), set_={"value": "", "generation": TOKENS.c.generation + 1}
        ).returning(TOKENS.c.generation)
        async with reported(), self._engine.begin() as connection:
            return int((await connection.execute(taken)).scalar_one())

    async def save_token(self, token: Token) -> None:
        """Keep the token, unless one of a later generation is there. Raises LedgerError."""
        row = upsert(TOKENS).values(
            platform=self._account.platform,
            account=self._account.name,
            value=token.value,
            generation=token.generation,
            used_at=token.used_at,
        )
        changed = {name: row.excluded[name] for name in ("value", "generation", "used_at")}
        fenced = row.on_conflict_do_update(
            index_elements=list(TOKENS.primary_key),
            set_=changed,
            where=TOKENS.c.generation <= row.excluded.generation,
        )
        async with reported(), self._engine.begin() as connection:
            await connection.execute(fenced)
