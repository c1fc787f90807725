"""How accounts stand: said by their workers, read by operators and by runs."""

from collections.abc import Sequence

from sqlalchemy import select

from gateway.account import Account
from gateway.ledger import Ledger
from gateway.ledger.operating_tables import STATES
from gateway.ledger.store import apart
from gateway.operating.model import AccountState


class States:
    """Every method may raise LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._store = ledger.store

    @apart
    async def of(self, accounts: Sequence[Account]) -> list[AccountState]:
        """Of each account, `unknown` where its worker never said; `stopped` by the refusal that is remembered."""
        async with self._store.reading() as connection:
            said = {f"{row.platform}.{row.account}": row for row in await connection.execute(select(STATES))}
        found = []
        for account in accounts:
            row, halt = said.get(str(account)), await self._ledger.halted(account)
            if halt is not None:
                found.append(AccountState(str(account), "stopped", *halt, row.at if row else None))
            elif row is None:
                found.append(AccountState(str(account), "unknown", None, "", None))
            else:
                found.append(AccountState(str(account), row.state, row.code, row.message, row.at))
        return found
