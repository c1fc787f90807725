"""Sums of what was accepted. Groups, items and identities are keyed hashes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from gateway.ledger.store import Store
from gateway.ledger.tables import TALLIES
from gateway.tally import HUNDREDTHS


class Addition(NamedTuple):
    """One row: hashes, hundredths, and whether the platform had it already."""

    group: str
    identity: str
    item: str
    part: str
    hundredths: int
    duplicate: bool


class Tallies:
    """Statements that were compiled once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._items = store.compiled(_items(store))
        self._insert = store.compiled(store.insert(TALLIES).on_conflict_do_nothing())
        self._sums = store.compiled(_sums(store))

    def add(self, connection: Connection, additions: Sequence[Addition]) -> Mapping[str, Mapping[str, Decimal]]:
        """Add what is new; the sums of each addition's group by part."""
        sums: dict[str, dict[str, Decimal]] = {addition.group: {} for addition in additions}
        if not additions:
            return sums
        groups = (self._store.several(sums),)
        self._store.put(connection, self._insert, self._new(connection, additions))
        for group, part, hundredths in connection.exec_driver_sql(self._sums, groups):
            sums[group][part] = Decimal(int(hundredths)) / HUNDREDTHS
        return sums

    def _new(self, connection: Connection, additions: Sequence[Addition]) -> list[tuple[object, ...]]:
        """Rows of those to be added: what the platform had already counts where nothing was counted for its item."""
        doubtful = {addition.group for addition in additions if addition.duplicate}
        known: set[tuple[Any, ...]] = set()
        if doubtful:
            asked = connection.exec_driver_sql(self._items, (self._store.several(doubtful),))
            known = set(map(tuple, asked))
        counted = [a for a in additions if not (a.duplicate and (a.group, a.item) in known)]
        return [(a.group, a.identity, a.item, a.part, a.hundredths) for a in counted]


def _items(store: Store) -> Select[Any]:
    groups = store.table_of("groups")
    return select(TALLIES.c.group, TALLIES.c.item).where(TALLIES.c.group.in_(select(groups.c.value)))


def _sums(store: Store) -> Select[Any]:
    groups, total = store.table_of("groups"), func.sum(TALLIES.c.hundredths).label("sum")
    these = TALLIES.c.group.in_(select(groups.c.value))
    return select(TALLIES.c.group, TALLIES.c.part, total).where(these).group_by(TALLIES.c.group, TALLIES.c.part)
