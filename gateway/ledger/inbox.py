"""Calls from platforms that the broker does not have yet, and which calls were ever taken."""

import asyncio
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, insert, select

from gateway.ledger.accounts import now
from gateway.ledger.store import Store, apart
from gateway.ledger.tables import CLAIMS, INBOX


@dataclass(frozen=True, slots=True)
class Call:
    """A call that became an event of this id and type; `event` is the message as it will be published."""

    id: str
    platform: str
    account: str
    type: str
    event: bytes


class Inbox:
    """Every call is taken once and handed out, oldest first, until it is removed.

    `came` is set whenever this process has taken one. `once` is a keyed hash of what tells a call from others
    of its account and type.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.came = asyncio.Event()

    @apart
    async def take(self, call: Call, once: str) -> bool:
        """Return once the call is on disk; False when it was taken before, ever.

        Raises LedgerError: then it counts as not taken, and may come again.
        """
        claim = {"scope": _scope(call.type, call.account), "value": once, "at": now()}
        new = self._store.insert(CLAIMS).values(claim).on_conflict_do_nothing()
        async with self._store.writing() as connection:
            if (await connection.execute(new)).rowcount == 0:
                return False
            await connection.execute(insert(INBOX).values(asdict(call)))
        self.came.set()
        return True

    @apart
    async def taken(self, event_type: str, account: str, once: str) -> bool:
        """Whether such a call was taken before, ever. Raises LedgerError."""
        this = (CLAIMS.c.scope == _scope(event_type, account), CLAIMS.c.value == once)
        async with self._store.reading() as connection:
            return (await connection.execute(select(CLAIMS.c.at).where(*this))).first() is not None

    @apart
    async def first(self) -> Call | None:
        """The call that has waited longest, or None. Raises LedgerError."""
        columns = (INBOX.c.id, INBOX.c.platform, INBOX.c.account, INBOX.c.type, INBOX.c.event)
        async with self._store.reading() as connection:
            row = (await connection.execute(select(*columns).order_by(INBOX.c.number).limit(1))).first()
            return Call(*row) if row else None

    @apart
    async def remove(self, call: Call) -> None:
        """Forget what came with the call, for the broker has it; that it came is remembered. Raises LedgerError."""
        async with self._store.writing() as connection:
            await connection.execute(delete(INBOX).where(INBOX.c.id == call.id))

    @apart
    async def waiting(self) -> dict[tuple[str, str], int]:
        """How many calls wait, by platform and account; whoever has none is left out. Raises LedgerError."""
        whose = (INBOX.c.platform, INBOX.c.account)
        async with self._store.reading() as connection:
            rows = await connection.execute(select(*whose, func.count()).group_by(*whose))
            return {(platform, account): number for platform, account, number in rows}


def _scope(event_type: str, account: str) -> str:
    return f"{event_type}:{account}"
