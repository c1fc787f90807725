"""Sums that accepted events add up to, kept in the ledger: what an operation declares of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from gateway.outcome import Response

HUNDREDTHS = 100
"""The ledger adds whole hundredths, so that no sum is a little off."""


class Tally(NamedTuple):
    """What one accepted event adds, and to what.

    `group` names the sums (whose, of which year), `part` one of them. `identity` tells this addition from every
    other of the group: added twice it counts once. `item` is what it is for: where the platform says that it has
    it already, it counts only if nothing was counted for that item.
    """

    group: str
    part: str
    item: str
    identity: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """`tally` of an event's data; None where there is nothing to add. `report`: the response's words for the sums."""

    tally: Callable[[Any], Tally | None]
    report: Callable[[Any, Mapping[str, Decimal]], Response]


class Counted(NamedTuple):
    """What an accepted event adds, and what its response tells of the sums.

    `duplicate`: the platform had it already.
    """

    tally: Tally
    duplicate: bool
    told: Callable[[Mapping[str, Decimal]], Response]
