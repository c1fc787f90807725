"""What a run does next, from how its letters stand. Pure: the doing is in gateway.operating.driving."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.operating.model import Kind, RunState

SIZES = (1, 2, 5, 20, 50, 100, 200, 500)
"""Batches grow as long as none fails; the last size stays, and then the next batch may begin while one ends."""

DISCARDS = 500

FIRST_LOOK_SECONDS = 0.02
LOOK_SECONDS = 0.3
"""Between two looks how letters ended: soon after they were put back, then ever later."""

FED = ("working", "probing", "unknown")
"""States of an account in which letters are put back. A worker that probes needs an event to find out with, and one
that never said anything calls nobody."""


@dataclass(frozen=True, slots=True)
class Batch:
    """How the letters of a batch, all of one account, stand."""

    number: int = 0
    account: str = ""
    pending: int = 0
    unended: int = 0
    failed: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """How a run stands. `pending`: letters in no batch yet, by account; `states`: of those accounts.

    `before`: the batch before the last one begun, which need not have ended. `ladder`: the batch after which sizes
    began to grow.
    """

    kind: Kind
    state: RunState
    batch: Batch
    ladder: int
    tolerate: int
    pending: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[str, str] = field(default_factory=dict)
    before: Batch = field(default_factory=Batch)


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin the next batch: so many letters of this account."""

    account: str
    size: int


@dataclass(frozen=True, slots=True)
class Send:
    """Put back, or take away, what is left of the batch."""


@dataclass(frozen=True, slots=True)
class Regroup:
    """An operator let the run go on after this batch: what is left of it goes into new ones, small at first."""

    number: int


@dataclass(frozen=True, slots=True)
class Watch:
    """Letters are with their account, which has not ended them."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Nobody may be fed now: wait for one of these accounts."""

    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fail:
    """The batch of this number failed again: stop."""

    number: int
    failed: int
    total: int


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Rest:
    """An operator has the run standing still, or has ended it."""


Move = Begin | Send | Regroup | Watch | Hold | Fail | End | Rest


def next_move(view: View) -> Move:
    """A batch is sent before the next is begun, and as long as sizes grow it has ended too; a batch with too many
    failures stops the run.

    A failed letter counts at once: what is left to be put back stays where it is.
    """
    if view.state != "running":
        return Rest()
    batch = view.batch
    for one in (view.before, batch):
        if one.number > view.ladder and one.failed > view.tolerate:
            return Fail(one.number, one.failed, one.total)
    if batch.pending:
        return _rest_of(view, batch)
    if not (view.before.unended or batch.unended):
        return _next_batch(view)
    return _next_beside(view)


def size(kind: Kind, done: int) -> int:
    """Of the next batch, where so many have gone well in a row."""
    return DISCARDS if kind == "discard" else SIZES[min(done, len(SIZES) - 1)]


def look_seconds(looks: int) -> float:
    """Until the next look how letters ended, after so many in a row with nothing else to do."""
    return min(LOOK_SECONDS, FIRST_LOOK_SECONDS * float(1 << min(looks, 10)))


def _rest_of(view: View, batch: Batch) -> Move:
    if batch.number <= view.ladder:
        return Regroup(batch.number)
    return Send() if _is_fed(view, batch.account) else Hold((batch.account,))


def _next_beside(view: View) -> Move:
    """The next batch while one is ending: after the largest size was reached, for the same account, and where nothing
    has failed, so that a cause that is still there meets few letters."""
    before, batch = view.before, view.batch
    climbed = batch.number - view.ladder >= len(SIZES)
    if not climbed or before.unended or before.failed or batch.failed or _is_probing(view, batch.account):
        return Watch()
    following = _next_batch(view)
    return following if isinstance(following, Begin) and following.account == batch.account else Watch()


def _is_fed(view: View, account: str) -> bool:
    return view.kind == "discard" or view.states.get(account, "unknown") in FED


def _is_probing(view: View, account: str) -> bool:
    return view.kind == "replay" and view.states.get(account) == "probing"


def _next_batch(view: View) -> Move:
    waiting = {account: count for account, count in view.pending.items() if count}
    if not waiting:
        return End()
    fed = [account for account in waiting if _is_fed(view, account)]
    if not fed:
        return Hold(tuple(sorted(waiting)))
    account = min(fed)
    wanted = 1 if _is_probing(view, account) else size(view.kind, view.batch.number - view.ladder)
    return Begin(account, min(wanted, waiting[account]))
