"""What happened to every event: one row per account and event, written before the event is acknowledged.

RabbitMQ holds the messages; with the ledger lost, no event is lost. It keeps no event's data.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, tuple_
from sqlalchemy import event as events
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Row
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.account import Account
from gateway.errors import UnavailableError
from gateway.grouped import Grouped
from gateway.ledger_tables import CLAIMS, EVENTS, HALTS, KEYS, METADATA, STEPS, TOKENS
from gateway.steps import Steps
from gateway.token import Token

LARGEST_GROUP = 500
OPEN_ATTEMPTS = 20
OPEN_PAUSE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Key:
    """Which event of which account."""

    platform: str
    account: str
    source: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of an event. `outcome` is None while it waits for its next attempt.

    `replay` names the replay that this record speaks of; an event replayed since is a new one.
    """

    key: Key
    operation: str
    outcome: str | None
    category: str | None
    code: str | None
    message: str
    duplicate: bool
    attempts: int
    response: dict[str, Any] | None
    first_seen: str
    updated_at: str
    replay: str | None = None
    lane: str | None = None


class LedgerError(UnavailableError):
    """The ledger cannot be read or written now; nothing may be acknowledged."""


class Ledger:
    """Reads and writes go in groups: whatever is asked for while one is under way makes the next."""

    def __init__(self, engine: AsyncEngine, secret: bytes) -> None:
        self._engine = engine
        self._secret = secret
        self._writes: Grouped[Record, None] = Grouped(self._write, LARGEST_GROUP)
        self._reads: Grouped[Key, Record | None] = Grouped(self._read, LARGEST_GROUP)

    async def find(self, key: Key) -> Record | None:
        """What is recorded of this event. Raises LedgerError."""
        return await self._reads(key)

    async def record(self, record: Record) -> None:
        """Return once the record is on disk; it replaces an earlier one. Raises LedgerError."""
        await self._writes(record)

    async def steps(self, key: Key) -> Steps:
        """The steps that earlier attempts at this event have recorded. Raises LedgerError."""
        this = {"platform": key.platform, "account": key.account, "source": key.source, "id": key.id}
        query = select(STEPS.c.name, STEPS.c.value).where(*(STEPS.c[name] == value for name, value in this.items()))

        async def record(name: str, value: Any) -> None:
            row = upsert(STEPS).values(**this, name=name, value=orjson.dumps(value).decode())
            row = row.on_conflict_do_update(
                index_elements=list(STEPS.primary_key), set_={"value": row.excluded.value}
            )
            async with _reported(), self._engine.begin() as connection:
                await connection.execute(row)

        async with _reported(), self._engine.connect() as connection:
            done = {row.name: orjson.loads(row.value) for row in await connection.execute(query)}
        return Steps(done, record)

    async def trace(self, event_id: str) -> list[Record]:
        """Everything recorded of events of this id, whatever their source and account."""
        async with _reported(), self._engine.connect() as connection:
            rows = await connection.execute(select(EVENTS).where(EVENTS.c.id == event_id))
            return [_record(row) for row in rows]

    async def claim(self, account: Account, scope: str, value: str) -> bool:
        """Take a one-time value; False when it has been taken before. Raises LedgerError."""
        row = {"scope": f"{account}:{scope}", "value": self.hashed(value), "at": _now()}
        async with _reported(), self._engine.begin() as connection:
            done = await connection.execute(upsert(CLAIMS).values(row).on_conflict_do_nothing())
            return done.rowcount == 1

    async def release(self, account: Account, scope: str, value: str) -> None:
        """Give a one-time value back. Raises LedgerError."""
        this = (CLAIMS.c.scope == f"{account}:{scope}", CLAIMS.c.value == self.hashed(value))
        async with _reported(), self._engine.begin() as connection:
            await connection.execute(delete(CLAIMS).where(*this))

    def hashed(self, value: str) -> str:
        """A keyed hash, for comparing what must not be stored."""
        return blake2b(value.encode(), key=self._secret, digest_size=12).hexdigest()

    def tokens(self, account: Account) -> "AccountTokens":
        """Where this account's token is kept."""
        return AccountTokens(self._engine, account)

    async def halted(self, account: Account) -> tuple[str | None, str] | None:
        """Code and message of the refusal that stopped the account as it is configured now, or None."""
        configured = HALTS.c.settings == self.hashed(account.fingerprint())
        query = select(HALTS.c.code, HALTS.c.message).where(*_of(HALTS, account), configured)
        async with _reported(), self._engine.connect() as connection:
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
        async with _reported(), self._engine.begin() as connection:
            await connection.execute(delete(HALTS).where(*_of(HALTS, account)))
            await connection.execute(insert(HALTS).values(**values, at=_now()))

    async def resume(self, account: Account) -> bool:
        """Forget that the account was stopped; False when it was not."""
        async with _reported(), self._engine.begin() as connection:
            return (await connection.execute(delete(HALTS).where(*_of(HALTS, account)))).rowcount > 0

    async def _write(self, records: Sequence[Record]) -> list[None]:
        rows = {record.key: _row(record) for record in records}
        statement = upsert(EVENTS)
        statement = statement.on_conflict_do_update(
            index_elements=list(EVENTS.primary_key),
            set_={c.name: statement.excluded[c.name] for c in EVENTS.c if not c.primary_key},
        )
        async with _reported(), self._engine.begin() as connection:
            await connection.execute(statement, list(rows.values()))
        return [None] * len(records)

    async def _read(self, keys: Sequence[Key]) -> list[Record | None]:
        columns = tuple_(EVENTS.c.platform, EVENTS.c.account, EVENTS.c.source, EVENTS.c.id)
        wanted = [(key.platform, key.account, key.source, key.id) for key in keys]
        async with _reported(), self._engine.connect() as connection:
            rows = await connection.execute(select(EVENTS).where(columns.in_(wanted)))
            found = {record.key: record for record in map(_record, rows)}
        return [found.get(key) for key in keys]


class AccountTokens:
    """An account's row in the table of tokens."""

    def __init__(self, engine: AsyncEngine, account: Account) -> None:
        self._engine = engine
        self._account = account

    async def load_token(self) -> Token | None:
        """The token last saved, or None. Raises LedgerError."""
        async with _reported(), self._engine.connect() as connection:
            row = (await connection.execute(select(TOKENS).where(*_of(TOKENS, self._account)))).first()
            return Token(row.value, row.generation, row.used_at) if row else None

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
        async with _reported(), self._engine.begin() as connection:
            await connection.execute(fenced)


@asynccontextmanager
async def open_ledger(url: str) -> AsyncIterator[Ledger]:
    """Open the ledger, making its tables where they are missing. Raises LedgerError."""
    _make_private(Path(url.removeprefix("sqlite:///")))
    engine = create_async_engine(url.replace("sqlite://", "sqlite+aiosqlite://", 1))
    events.listen(engine.sync_engine, "connect", _prepare)
    try:
        yield Ledger(engine, await _prepared(engine))
    finally:
        await engine.dispose()


def _make_private(path: Path) -> None:
    """The file holds tokens: nobody else on this machine reads it."""
    try:
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"the ledger's file {path.name} cannot be made: {error.strerror}") from None


async def _prepared(engine: AsyncEngine) -> bytes:
    """The secret of a ledger whose tables are there. Processes that start at once get in each other's way here."""
    for _ in range(OPEN_ATTEMPTS - 1):
        try:
            async with _reported():
                return await _secret(engine)
        except LedgerError:
            await asyncio.sleep(OPEN_PAUSE_SECONDS)
    async with _reported():
        return await _secret(engine)


async def _secret(engine: AsyncEngine) -> bytes:
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.execute(upsert(KEYS).values(name="hash", value=token_bytes(32)).on_conflict_do_nothing())
        row = (await connection.execute(select(KEYS.c.value).where(KEYS.c.name == "hash"))).one()
        return bytes(row.value)


def _prepare(connection: Any, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@asynccontextmanager
async def _reported() -> AsyncIterator[None]:
    """SQLAlchemy's errors quote statements and values; ours name the kind of failure only."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise LedgerError(f"the ledger fails: {type(cause).__name__}") from None


def _of(table: Any, account: Account) -> Iterable[Any]:
    return table.c.platform == account.platform, table.c.account == account.name


def _row(record: Record) -> dict[str, Any]:
    return {
        "platform": record.key.platform,
        "account": record.key.account,
        "source": record.key.source,
        "id": record.key.id,
        "operation": record.operation,
        "outcome": record.outcome,
        "category": record.category,
        "code": record.code,
        "message": record.message,
        "duplicate": record.duplicate,
        "attempts": record.attempts,
        "response": orjson.dumps(record.response).decode() if record.response is not None else None,
        "first_seen": record.first_seen,
        "updated_at": record.updated_at,
        "replay": record.replay,
        "lane": record.lane,
    }


def _record(row: Row[Any]) -> Record:
    values = dict(row._mapping)
    key = Key(*(values.pop(name) for name in ("platform", "account", "source", "id")))
    response = orjson.loads(values.pop("response") or "null")
    return Record(key=key, response=response, **values)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
