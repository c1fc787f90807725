"""Which sessions of the console were ended before their time: as keyed hashes, until they would have ended anyway."""

from sqlalchemy import select

from gateway.ledger.accounts import now
from gateway.ledger.store import Store, apart
from gateway.ledger.tables import CLAIMS

_SCOPE = "console.logout"


class Logouts:
    """Kept among the one-time values, which outlive every session."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @apart
    async def note(self, session: str) -> None:
        """This session (a keyed hash) has ended. Raises LedgerError."""
        row = {"scope": _SCOPE, "value": session, "at": now()}
        async with self._store.writing() as connection:
            await connection.execute(self._store.insert(CLAIMS).values(row).on_conflict_do_nothing())

    @apart
    async def noted(self, session: str) -> bool:
        """Whether this session was ended. Raises LedgerError."""
        this = (CLAIMS.c.scope == _SCOPE, CLAIMS.c.value == session)
        async with self._store.reading() as connection:
            return (await connection.execute(select(CLAIMS.c.at).where(*this))).first() is not None
