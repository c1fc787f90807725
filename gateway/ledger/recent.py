"""What ended lately, for whoever looks at an account: one question, answered from the index of ended events."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, func, select

from gateway.ledger.accounts import timestamp
from gateway.ledger.store import Store
from gateway.ledger.tables import ENDED, EVENTS

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Recent:
    """Of one account: events that ended in the last minute, and when one was last accepted in the last hour."""

    in_last_minute: int = 0
    last_accepted: str | None = None


async def recent(store: Store, now: datetime | None = None) -> dict[tuple[str, str], Recent]:
    """By platform and account; who had nothing in an hour is left out. Raises LedgerError."""
    at = now or datetime.now(UTC)
    accepted = func.max(case((EVENTS.c.outcome == "accepted", EVENTS.c.updated_at)))
    lately = func.sum(case((EVENTS.c.updated_at >= timestamp(at - MINUTE), 1), else_=0))
    whose = (EVENTS.c.platform, EVENTS.c.account)
    query = (
        select(*whose, lately, accepted).where(ENDED, EVENTS.c.updated_at >= timestamp(at - HOUR)).group_by(*whose)
    )
    async with store.reading() as connection:
        return {(row[0], row[1]): Recent(int(row[2]), row[3]) for row in await connection.execute(query)}
