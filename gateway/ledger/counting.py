"""How many events are where, for the metrics: grouped questions about what is unfinished, not about all there was."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select

from gateway.ledger.operating_tables import DEAD_LETTERS, RUN_LETTERS, RUNS
from gateway.ledger.store import Store
from gateway.ledger.tables import BLOCKING, EVENTS

Whose = tuple[str, str]
"""A platform and an account of it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Events of one account outside its queues: how many wait for an earlier one of their lane, and when the
    oldest of all was first seen, in Unix seconds; None where its publisher has said something unreadable."""

    behind: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Counts:
    """By account, whoever has none being left out. `dead`: letters by category, None where none could be read.

    `runs`: unfinished replays and discards, by state; `run_letters`: the letters in them, by state.
    """

    waiting: Mapping[Whose, Waiting] = field(default_factory=dict)
    dead: Mapping[Whose, Mapping[str | None, int]] = field(default_factory=dict)
    runs: Mapping[str, int] = field(default_factory=dict)
    run_letters: Mapping[str, int] = field(default_factory=dict)


async def count(store: Store) -> Counts:
    """The ledger's counts. Raises LedgerError."""
    async with store.reading() as connection:
        waiting = (await connection.execute(_WAITING)).all()
        dead = (await connection.execute(_DEAD)).all()
        runs = (await connection.execute(_RUNS)).all()
        run_letters = (await connection.execute(_RUN_LETTERS)).all()
    letters: dict[Whose, dict[str | None, int]] = {}
    for platform, account, category, number in dead:
        letters.setdefault((platform, account), {})[category] = int(number)
    return Counts(
        {(row[0], row[1]): Waiting(int(row[2]), _seconds(row[3])) for row in waiting},
        letters,
        {row[0]: row[1] for row in runs},
        {row[0]: row[1] for row in run_letters},
    )


def _waiting() -> Any:
    """Who waits on the ladder for itself has a failure on record; who waits for another one has none."""
    outside = and_(BLOCKING, EVENTS.c.outcome.is_(None))
    behind = and_(EVENTS.c.blocks == "waits", EVENTS.c.code.is_(None), EVENTS.c.message == "")
    whose = (EVENTS.c.platform, EVENTS.c.account)
    number = func.sum(case((behind, 1), else_=0))
    return select(*whose, number, func.min(EVENTS.c.first_seen)).where(outside).group_by(*whose)


def _dead() -> Any:
    kind = (DEAD_LETTERS.c.platform, DEAD_LETTERS.c.account, DEAD_LETTERS.c.category)
    return select(*kind, func.sum(DEAD_LETTERS.c.copies)).group_by(*kind)


def _run_letters() -> Any:
    unfinished = select(RUNS.c.id).where(_UNFINISHED)
    state = RUN_LETTERS.c.state
    return select(state, func.count()).where(RUN_LETTERS.c.run.in_(unfinished)).group_by(state)


def _seconds(moment: str) -> float | None:
    try:
        return datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError):
        return None


_UNFINISHED = RUNS.c.state.not_in(("done", "cancelled"))
_WAITING = _waiting()
_DEAD = _dead()
_RUNS = select(RUNS.c.state, func.count()).where(_UNFINISHED).group_by(RUNS.c.state)
_RUN_LETTERS = _run_letters()
