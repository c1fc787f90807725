"""Reading and writing what happened to every event."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.account import Account
from gateway.grouped import Grouped
from gateway.ledger.accounts import AccountTokens, of_account
from gateway.ledger.errors import reported
from gateway.ledger.inbox import Inbox
from gateway.ledger.records import Key, Record, to_record, to_row
from gateway.ledger.tables import CLAIMS, EVENTS, HALTS, STEPS
from gateway.steps import Steps

LARGEST_GROUP = 500


class Ledger:
    """Reads and writes go in groups: whatever is asked for while one is under way makes the next."""

    def __init__(self, engine: AsyncEngine, secret: bytes) -> None:
        self._engine = engine
        self._secret = secret
        self.inbox = Inbox(engine)
        self._writes: Grouped[Record, None] = Grouped(self._write, LARGEST_GROUP)
        self._reads: Grouped[Key, Record | None] = Grouped(self._read, LARGEST_GROUP)

    async def find(self, key: Key) -> Record | None:
        """What is recorded of this event. Raises LedgerError."""
        return await self._reads(key)

    async def record(self, record: Record) -> None:
        """Return once the record is on disk; it replaces an earlier one. Raises LedgerError."""
        await self._writes(record)

    async def steps(self, key: Key, replay: str | None = None) -> Steps:
        """The steps that earlier attempts at this event have recorded. Raises LedgerError."""
        this = {"platform": key.platform, "account": key.account, "source": key.source, "id": key.id}
        query = select(STEPS.c.name, STEPS.c.value).where(*(STEPS.c[name] == value for name, value in this.items()))

        async def record(name: str, value: Any) -> None:
            row = upsert(STEPS).values(**this, name=name, value=orjson.dumps(value).decode())
            row = row.on_conflict_do_update(
                index_elements=list(STEPS.primary_key), set_={"value": row.excluded.value}
            )
            async with reported(), self._engine.begin() as connection:
                await connection.execute(row)

        async with reported(), self._engine.connect() as connection:
            done = {row.name: orjson.loads(row.value) for row in await connection.execute(query)}
        return Steps(done, record, replay)

    async def trace(self, event_id: str) -> list[Record]:
        """Everything recorded of events of this id, whatever their source and account."""
        async with reported(), self._engine.connect() as connection:
            rows = await connection.execute(select(EVENTS).where(EVENTS.c.id == event_id))
            return [to_record(row) for row in rows]

    async def claim(self, account: Account, scope: str, value: str) -> bool:
        """Take a one-time value; False when it has been taken before. Raises LedgerError."""
        row = {"scope": f"{account}:{scope}", "value": self.hashed(value), "at": _now()}
        async with reported(), self._engine.begin() as connection:
            done = await connection.execute(upsert(CLAIMS).values(row).on_conflict_do_nothing())
            return done.rowcount == 1

    async def release(self, account: Account, scope: str, value: str) -> None:
        """Give a one-time value back. Raises LedgerError."""
        this = (CLAIMS.c.scope == f"{account}:{scope}", CLAIMS.c.value == self.hashed(value))
        async with reported(), self._engine.begin() as connection:
            await connection.execute(delete(CLAIMS).where(*this))

    def hashed(self, value: str) -> str:
        """A keyed hash, for comparing what must not be stored."""
        return blake2b(value.encode(), key=self._secret, digest_size=12).hexdigest()

    def tokens(self, account: Account) -> AccountTokens:
        """Where this account's token is kept."""
        return AccountTokens(self._engine, account)

    async def halted(self, account: Account) -> tuple[str | None, str] | None:
        """Code and message of the refusal that stopped the account as it is configured now, or None."""
        configured = HALTS.c.settings == self.hashed(account.fingerprint())
        query = select(HALTS.c.code, HALTS.c.message).where(*of_account(HALTS, account), configured)
        async with reported(), self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
            return (row.code, row.message) if row else None

    async def halt(self, account: Account, code: str | None, message: str) -> None:
        """Remember that the account is stopped, also over a restart, until it is resumed or configured anew."""
        values = {
            "platform": account.platform,
            "account": account.name,
            "code": code,
            "message": message,
            "settings": self.hashed(account.fingerprint()),
        }
        async with reported(), self._engine.begin() as connection:
            await connection.execute(delete(HALTS).where(*of_account(HALTS, account)))
            await connection.execute(insert(HALTS).values(**values, at=_now()))

    async def resume(self, account: Account) -> bool:
        """Forget that the account was stopped; False when it was not."""
        async with reported(), self._engine.begin() as connection:
            return (await connection.execute(delete(HALTS).where(*of_account(HALTS, account)))).rowcount > 0

    async def _write(self, records: Sequence[Record]) -> list[None]:
        rows = {record.key: to_row(record) for record in records}
        statement = upsert(EVENTS)
        statement = statement.on_conflict_do_update(
            index_elements=list(EVENTS.primary_key),
            set_={c.name: statement.excluded[c.name] for c in EVENTS.c if not c.primary_key},
        )
        async with reported(), self._engine.begin() as connection:
            await connection.execute(statement, list(rows.values()))
        return [None] * len(records)

    async def _read(self, keys: Sequence[Key]) -> list[Record | None]:
        by_id = select(EVENTS).where(EVENTS.c.id.in_({key.id for key in keys}))  # SQLite has no index for tuples
        async with reported(), self._engine.connect() as connection:
            found = {record.key: record for record in map(to_record, await connection.execute(by_id))}
        return [found.get(key) for key in keys]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
