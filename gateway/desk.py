"""What the jobs of an account share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.account import Account
from gateway.gate import Closing, Gate
from gateway.lanes import Lanes
from gateway.lease import Lease
from gateway.ledger import Ledger
from gateway.pace import Pace
from gateway.platform import Operation
from gateway.settle import Settler
from gateway.topology import Names

if TYPE_CHECKING:
    from gateway.job import EventJob


@dataclass(frozen=True, slots=True)
class Desk:
    """What every job of an account shares while the lease is held. `halt` stops or pauses the account.

    `settled`: whether whatever stood on the ladder when this lease began has come back long ago.
    """

    account: Account
    names: Names
    operations: Mapping[str, Operation]
    client: Any
    ledger: Ledger
    settler: Settler
    lanes: "Lanes[EventJob]"
    positions: Callable[[], int]
    pace: Pace
    gate: Gate
    lease: Lease
    ladder: tuple[int, ...]
    halt: Callable[[Closing], Awaitable[None]]
    settled: Callable[[], bool]
