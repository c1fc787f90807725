"""The rows that belong to one account: its token, its lease."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import Any

from sqlalchemy import case, false, select, true, update

from gateway.account import Account
from gateway.ledger.store import Store, apart
from gateway.ledger.tables import LEASES, TOKENS
from gateway.token import Token


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's time with an account. A later lease has a higher epoch, also after the ledger was lost.

    `clean`: nobody held the account before, or whoever did has given it up in good order.
    """

    epoch: int
    clean: bool


def of_account(table: Any, account: Account) -> Iterable[Any]:
    """The condition that picks an account's rows of a table."""
    return table.c.platform == account.platform, table.c.account == account.name


class AccountTokens:
    """An account's row in the table of tokens."""

    def __init__(self, store: Store, account: Account) -> None:
        self._store = store
        self._account = account

    @apart
    async def load_token(self) -> Token | None:
        """The token last saved; None when there is none, or a login was begun since. Raises LedgerError."""
        async with self._store.reading() as connection:
            row = (await connection.execute(select(TOKENS).where(*of_account(TOKENS, self._account)))).first()
            return Token(row.value, row.generation, row.used_at) if row and row.value else None

    @apart
    async def reserve(self) -> int:
        """Before a login: the recorded token counts as dead, and a later generation is taken. Raises LedgerError.

        Generations begin at the clock, as epochs do.
        """
        first = {"value": "", "generation": int(time()), "used_at": 0.0}
        row = self._store.insert(TOKENS).values(platform=self._account.platform, account=self._account.name, **first)
        later = {"value": "", "generation": TOKENS.c.generation + 1}
        row = row.on_conflict_do_update(index_elements=list(TOKENS.primary_key), set_=later)
        query = select(TOKENS.c.generation).where(*of_account(TOKENS, self._account))
        async with self._store.writing() as connection:
            await connection.execute(row)
            return int((await connection.execute(query)).scalar_one())

    @apart
    async def save_token(self, token: Token) -> None:
        """Keep the token, unless one of a later generation is there. Raises LedgerError."""
        row = {
            "platform": self._account.platform,
            "account": self._account.name,
            "value": token.value,
            "generation": token.generation,
            "used_at": token.used_at,
        }
        async with self._store.writing() as connection:
            await connection.execute(self._store.replacing(TOKENS, fence="generation"), row)


async def take(store: Store, account: Account) -> Lease:
    """A new lease. Epochs begin at the clock, so that one of a lost ledger never goes before one of a new one."""
    first = {"epoch": int(time()), "clean": True, "released": False, "at": now()}
    row = store.insert(LEASES).values(platform=account.platform, account=account.name, **first)
    later = case((LEASES.c.epoch < row.excluded.epoch, row.excluded.epoch), else_=LEASES.c.epoch + 1)
    row = row.on_conflict_do_update(
        index_elements=list(LEASES.primary_key),
        set_={"epoch": later, "clean": LEASES.c.released, "released": false(), "at": row.excluded.at},
    )
    query = select(LEASES.c.epoch, LEASES.c.clean).where(*of_account(LEASES, account))
    async with store.writing() as connection:
        await connection.execute(row)
        taken = (await connection.execute(query)).one()
        return Lease(taken.epoch, taken.clean)


async def give_up(store: Store, account: Account, epoch: int) -> None:
    """End a lease in good order, unless somebody has taken a later one."""
    this = update(LEASES).where(*of_account(LEASES, account), LEASES.c.epoch == epoch)
    async with store.writing() as connection:
        await connection.execute(this.values(released=true(), at=now()))


def now() -> str:
    """This moment, as the ledger writes it."""
    return timestamp(datetime.now(UTC))


def timestamp(moment: datetime) -> str:
    """A time in UTC as the ledger writes it: texts are in the order of their times."""
    return moment.isoformat(timespec="milliseconds")
