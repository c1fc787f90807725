"""What a run does next, from how its letters stand. Pure: the doing is in gateway.operating.driving."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.operating.model import Kind, RunState

SIZES = (1, 2, 5, 20, 50, 100, 200, 500)
"""Batches grow as long as none fails; the last size stays."""

DISCARDS = 500

FED = ("working", "probing", "unknown")
"""States of an account in which letters are put back. A worker that probes needs an event to find out with, and one
that never said anything calls nobody."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How the letters of the batch under way, all of one account, stand."""

    number: int = 0
    account: str = ""
    pending: int = 0
    unended: int = 0
    failed: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """How a run stands. `pending`: letters in no batch yet, by account; `states`: of those accounts.

    `ladder`: the batch after which sizes began to grow.
    """

    kind: Kind
    state: RunState
    batch: Batch
    ladder: int
    tolerate: int
    pending: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin the next batch: so many letters of this account."""

    account: str
    size: int


@dataclass(frozen=True, slots=True)
class Send:
    """Put back, or take away, what is left of the batch."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Letters are with their account, which has not ended them."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Nobody may be fed now: wait for one of these accounts."""

    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fail:
    """The batch failed again: stop."""

    failed: int
    total: int


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Rest:
    """An operator has the run standing still, or has ended it."""


Move = Begin | Send | Watch | Hold | Fail | End | Rest


def next_move(view: View) -> Move:
    """A batch is begun, sent and ended before the next; one with too many failures stops the run.

    A failed letter counts at once: what is left of its batch is not put back any more.
    """
    if view.state != "running":
        return Rest()
    batch = view.batch
    if batch.number > view.ladder and batch.failed > view.tolerate:
        return Fail(batch.failed, batch.total)
    if batch.pending:
        return Send() if _is_fed(view, batch.account) else Hold((batch.account,))
    if batch.unended:
        return Watch()
    return _next_batch(view)


def size(kind: Kind, done: int) -> int:
    """Of the next batch, where so many have gone well in a row."""
    return DISCARDS if kind == "discard" else SIZES[min(done, len(SIZES) - 1)]


def _is_fed(view: View, account: str) -> bool:
    return view.kind == "discard" or view.states.get(account, "unknown") in FED


def _next_batch(view: View) -> Move:
    waiting = {account: count for account, count in view.pending.items() if count}
    if not waiting:
        return End()
    fed = [account for account in waiting if _is_fed(view, account)]
    if not fed:
        return Hold(tuple(sorted(waiting)))
    account = min(fed)
    probing = view.kind == "replay" and view.states.get(account) == "probing"
    wanted = 1 if probing else size(view.kind, view.batch.number - view.ladder)
    return Begin(account, min(wanted, waiting[account]))
