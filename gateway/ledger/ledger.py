"""Reading and writing what happened to every event."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import delete, func, insert, select, update

from gateway.account import Account
from gateway.grouped import Grouped
from gateway.ledger import accounts, counting, forgetting
from gateway.ledger.accounts import AccountTokens, Lease, now, of_account, timestamp
from gateway.ledger.inbox import Inbox
from gateway.ledger.logouts import Logouts
from gateway.ledger.looking import Asked, Looking
from gateway.ledger.operating_tables import STATES
from gateway.ledger.recent import Recent, recent
from gateway.ledger.records import (
    Buried,
    Entry,
    Key,
    Record,
    Standing,
    as_kept,
    as_text,
    key_columns,
    to_record,
    to_row,
)
from gateway.ledger.store import Store, apart
from gateway.ledger.tables import BLOCKING, EVENTS, HALTS, PULSE, STEPS
from gateway.ledger.tallies import Addition
from gateway.ledger.writing import Writing, Written, noting
from gateway.steps import Steps
from gateway.tally import HUNDREDTHS, Counted

LARGEST_GROUP = 500

APART_SECONDS = 0.04
"""Between two groups, where there is more than one at a time to do: each costs a write to the disk."""


class Ledger:
    """Reads and writes go in groups: whatever is asked for while one is under way makes the next."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.inbox = Inbox(store)
        self.logouts = Logouts(store)
        self._noting = store.compiled(noting(store))
        write, self._look = Writing(store), Looking(store)
        self._writes: Grouped[Written, Record | None] = Grouped(write, LARGEST_GROUP, APART_SECONDS)
        self._looks: Grouped[Asked, Standing] = Grouped(self._look, LARGEST_GROUP, APART_SECONDS)
        self._stands: Grouped[Sequence[Record], None] = Grouped(self._stand, LARGEST_GROUP)
        self._urgent_writes: Grouped[Written, Record | None] = Grouped(write, LARGEST_GROUP)
        self._urgent_looks: Grouped[Asked, Standing] = Grouped(self._look, LARGEST_GROUP)

    @apart
    async def check(self) -> None:
        """Return when the ledger can be written now. Raises LedgerError, which says what is wrong and what to do.

        A file that was found deleted or replaced is opened anew by the next check, empty where it was deleted.
        """
        await self._store.reopen_if_lost()
        async with self._store.writing() as connection:
            await connection.execute(self._store.replacing(PULSE), {"name": "pulse", "at": now()})

    async def look(self, key: Key | None, lane: str | None, *, urgent: bool = False) -> Standing:
        """What is recorded of this event, and who blocks the lane (a keyed hash). Raises LedgerError.

        `urgent`: many wait for this one, so it does not stand in line with the others.
        """
        return await (self._urgent_looks if urgent else self._looks)((key, lane))

    async def look_now(self, key: Key) -> Standing:
        """What is recorded of this event, which a person waits for: asked alone, it waits for no group at all.

        Raises LedgerError.
        """
        (standing,) = await self._look([(key, None)])
        return standing

    @property
    def store(self) -> Store:
        """The database, for what operators do in tables of their own; see gateway.operating."""
        return self._store

    async def record(
        self,
        record: Record | None,
        entry: Entry | None = None,
        letter: Buried | None = None,
        counted: Counted | None = None,
        *,
        urgent: bool = False,
    ) -> Record | None:
        """Return once all of it is on disk; a record replaces one of the same or an earlier epoch.

        `entry` is added to the event's history, `letter` to the index of dead letters. What is `counted` is added
        to the sums of its group, unless it was before; the record that is returned tells them. `urgent`: see look.
        Raises LedgerError.
        """
        addition = self._addition(record.key, counted) if record and counted else None
        told = counted.told if counted else None
        write = self._urgent_writes if urgent else self._writes
        return await write(Written(record, entry, letter, addition, told))

    def _addition(self, key: Key, counted: Counted) -> Addition:
        tally = counted.tally
        group = self.hashed(f"{key.platform}.{key.account} {tally.group}")
        item, identity = self.hashed(f"{group} {tally.item}"), self.hashed(f"{group} {tally.identity}")
        return Addition(group, identity, item, tally.part, int(tally.amount * HUNDREDTHS), counted.duplicate)

    async def stand(self, records: Sequence[Record]) -> None:
        """Note events that nothing is recorded of in this life; leave the others alone. Raises LedgerError."""
        await self._stands(records)

    async def _stand(self, group: Sequence[Sequence[Record]]) -> Sequence[None]:
        rows = [to_row(record) for records in group for record in records]
        if rows:
            await self._store.together(lambda connection: self._store.put(connection, self._noting, rows))
        return [None] * len(group)

    @apart
    async def lift(self, key: Key) -> None:
        """This event no longer blocks its lane. Raises LedgerError."""
        this = (EVENTS.c[name] == value for name, value in _names(key).items())
        async with self._store.writing() as connection:
            await connection.execute(update(EVENTS).where(*this).values(blocks=None))

    @apart
    async def last_position(self, account: Account) -> int:
        """The highest position of an event that blocks its lane, or 0. Raises LedgerError."""
        query = select(func.max(EVENTS.c.position)).where(*of_account(EVENTS, account), BLOCKING)
        async with self._store.reading() as connection:
            return (await connection.execute(query)).scalar_one() or 0

    @apart
    async def take(self, account: Account) -> Lease:
        """A lease later than every earlier one of the account. Raises LedgerError."""
        return await accounts.take(self._store, account)

    @apart
    async def give_up(self, account: Account, epoch: int) -> None:
        """Say that the lease ended in good order, unless a later one was taken. Raises LedgerError."""
        await accounts.give_up(self._store, account, epoch)

    @apart
    async def steps(self, key: Key, replay: str | None = None) -> Steps:
        """The steps that earlier attempts at this event have recorded. Raises LedgerError."""
        this = _names(key)
        query = select(STEPS.c.name, STEPS.c.value).where(*(STEPS.c[name] == value for name, value in this.items()))

        async def write(name: str, value: Any) -> None:
            row = {**this, "name": name, "value": orjson.dumps(value).decode()}
            async with self._store.writing() as connection:
                await connection.execute(self._store.replacing(STEPS), row)

        async def record(name: str, value: Any) -> None:
            await self._store.apart(write(name, value))

        async with self._store.reading() as connection:
            done = {row.name: orjson.loads(row.value) for row in await connection.execute(query)}
        return Steps(done, record, replay)

    @apart
    async def counts(self) -> counting.Counts:
        """How many events wait and how many have died, by account. Raises LedgerError."""
        return await counting.count(self._store)

    @apart
    async def trace(self, event_id: str) -> list[Record]:
        """Everything recorded of events of this id, whatever their source and account."""
        async with self._store.reading() as connection:
            rows = await connection.execute(select(EVENTS).where(EVENTS.c.id == as_kept(event_id)))
            return [to_record(row) for row in rows]

    def hashed(self, value: str) -> str:
        """A keyed hash, for comparing what must not be stored."""
        return blake2b(value.encode(), key=self._store.secret, digest_size=12).hexdigest()

    def tokens(self, account: Account) -> AccountTokens:
        """Where this account's token is kept."""
        return AccountTokens(self._store, account)

    @apart
    async def halted(self, account: Account) -> tuple[str | None, str] | None:
        """Code and message of the refusal that stopped the account as it is configured now, or None."""
        configured = HALTS.c.settings == self.hashed(account.fingerprint())
        query = select(HALTS.c.code, HALTS.c.message).where(*of_account(HALTS, account), configured)
        async with self._store.reading() as connection:
            row = (await connection.execute(query)).first()
            return (row.code, row.message) if row else None

    @apart
    async def halt(self, account: Account, code: str | None, message: str) -> None:
        """Remember that the account is stopped, also over a restart, until it is resumed or configured anew."""
        values = {
            "platform": account.platform,
            "account": account.name,
            "code": code,
            "message": as_text(message),
            "settings": self.hashed(account.fingerprint()),
        }
        async with self._store.writing() as connection:
            await connection.execute(delete(HALTS).where(*of_account(HALTS, account)))
            await connection.execute(insert(HALTS).values(**values, at=now()))

    @apart
    async def resume(self, account: Account) -> bool:
        """Forget that the account was stopped; False when it was not."""
        async with self._store.writing() as connection:
            return (await connection.execute(delete(HALTS).where(*of_account(HALTS, account)))).rowcount > 0

    @apart
    async def say(self, account: Account, state: str, code: str | None, message: str) -> None:
        """How the account stands now, one of gateway.gate.STATES, and why. Raises LedgerError."""
        row = {"platform": account.platform, "account": account.name, "state": state, "code": as_text(code)}
        async with self._store.writing() as connection:
            said = {"message": as_text(message), "at": now()}
            await connection.execute(self._store.replacing(STATES), {**row, **said})

    @apart
    async def recent(self) -> dict[tuple[str, str], Recent]:
        """What ended lately, by platform and account. Raises LedgerError."""
        return await recent(self._store)

    async def forget(self, older_than: timedelta) -> int:
        """Delete what ended so long ago and blocks no lane; the number of rows. Raises LedgerError.

        A caller that is cancelled waits for a few rows at most.
        """
        return await forgetting.forget(self._store, timestamp(datetime.now(UTC) - older_than))


def _names(key: Key) -> dict[str, str]:
    return dict(zip(("platform", "account", "source", "id"), key_columns(key), strict=True))
