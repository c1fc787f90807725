"""How many events are where, for the metrics: one grouped question each, whoever asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select

from gateway.ledger.store import Store
from gateway.ledger.tables import BLOCKING, EVENTS

Whose = tuple[str, str]
"""A platform and an account of it."""

WHOSE = (EVENTS.c.platform, EVENTS.c.account)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Events of one account outside its queues: how many wait for an earlier one of their lane, and when the
    oldest of all was first seen, in Unix seconds; None where its publisher has said something unreadable."""

    behind: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Counts:
    """By account; who has none is left out. `dead`: letters by operation and category."""

    waiting: Mapping[Whose, Waiting] = field(default_factory=dict)
    dead: Mapping[Whose, Mapping[tuple[str, str], int]] = field(default_factory=dict)


async def count(store: Store) -> Counts:
    """The ledger's counts, of one moment. Raises LedgerError."""
    async with store.reading() as connection:
        waiting = (await connection.execute(_WAITING)).all()
        dead = (await connection.execute(_DEAD)).all()
    letters: dict[Whose, dict[tuple[str, str], int]] = {}
    for platform, account, operation, category, number in dead:
        letters.setdefault((platform, account), {})[operation, category] = number
    return Counts({(row[0], row[1]): Waiting(int(row[2]), _seconds(row[3])) for row in waiting}, letters)


def _waiting() -> Any:
    """Who waits on the ladder for itself has a failure on record; who waits for another one has none."""
    outside = and_(BLOCKING, EVENTS.c.outcome.is_(None))
    behind = and_(EVENTS.c.blocks == "waits", EVENTS.c.code.is_(None), EVENTS.c.message == "")
    number = func.sum(case((behind, 1), else_=0))
    return select(*WHOSE, number, func.min(EVENTS.c.first_seen)).where(outside).group_by(*WHOSE)


def _dead() -> Any:
    """An event that was replayed since has another record by now."""
    kind = (EVENTS.c.operation, EVENTS.c.category)
    return select(*WHOSE, *kind, func.count()).where(EVENTS.c.category.is_not(None)).group_by(*WHOSE, *kind)


def _seconds(moment: str) -> float | None:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError):
        return None


_WAITING = _waiting()
_DEAD = _dead()
