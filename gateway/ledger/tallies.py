"""Sums of what was accepted. Groups, items and identities are keyed hashes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from gateway.ledger.store import Store
from gateway.ledger.tables import TALLIES


@dataclass(frozen=True, slots=True)
class Addition:
    """One row: hashes, hundredths, and whether the platform had it already."""

    group: str
    part: str
    item: str
    identity: str
    hundredths: int
    duplicate: bool


async def add(store: Store, additions: Sequence[Addition]) -> list[dict[str, int]]:
    """Add what is new; of each addition's group the sums by part, in hundredths. Raises LedgerError."""
    groups = {addition.group for addition in additions}
    async with store.writing() as connection:
        known = {(row.group, row.item) for row in await connection.execute(_items(groups))}
        new = [a for a in additions if not (a.duplicate and (a.group, a.item) in known)]
        if new:
            insert = store.insert(TALLIES).on_conflict_do_nothing()
            await connection.execute(insert, [_row(addition) for addition in new])
        sums: dict[str, dict[str, int]] = {group: {} for group in groups}
        for row in await connection.execute(_sums(groups)):
            sums[row.group][row.part] = int(row.hundredths)
    return [sums[addition.group] for addition in additions]


def _items(groups: set[str]) -> Any:
    return select(TALLIES.c.group, TALLIES.c.item).where(TALLIES.c.group.in_(groups))


def _sums(groups: set[str]) -> Any:
    total = func.sum(TALLIES.c.hundredths).label("hundredths")
    this = TALLIES.c.group.in_(groups)
    return select(TALLIES.c.group, TALLIES.c.part, total).where(this).group_by(TALLIES.c.group, TALLIES.c.part)


def _row(addition: Addition) -> dict[str, Any]:
    return {
        "group": addition.group,
        "identity": addition.identity,
        "item": addition.item,
        "part": addition.part,
        "hundredths": addition.hundredths,
    }
