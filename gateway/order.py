"""What an event whose turn has come may do, from what the ledger knows of it and of its lane. Pure.

A lane's order is kept in the ledger: whatever waits outside its queue has a row with its position there, so order
outlives retries, pauses, crashes and take-overs, and costs memory only for what is in flight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.ledger import Ahead, Key, Record, Standing

HEAD_MISSING_SECONDS = 3600.0
"""An event on the ladder counts as lost at the broker when one comes from there that was due so much later."""


@dataclass(frozen=True, slots=True)
class Go:
    """Call the platform."""


@dataclass(frozen=True, slots=True)
class Ended:
    """It has ended before: give the same answer again."""

    record: Record


@dataclass(frozen=True, slots=True)
class Wait:
    """Step aside: the event ahead comes back in `seconds`, with `count` in line. `copy`: it is this same event.

    `behind`: the event ahead.
    """

    seconds: float
    count: int = 1
    copy: bool = False
    behind: Key | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Held:
    """A dead letter ahead holds the lane."""

    by: Ahead


@dataclass(frozen=True, slots=True)
class Missing:
    """The event ahead should have come back long ago: the lane goes on without it."""

    head: Ahead


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A call that may not be repeated was begun at `sent_at`, and nobody knows how it ended."""

    sent_at: str


Step = Go | Ended | Wait | Held | Missing | Uncertain


class Arrival(NamedTuple):
    """What a delivery says of itself. `due_at` is the stamp of the ladder that it comes from, Unix seconds.

    The name of a later `replay` is higher. `settled`: whatever an earlier worker has put on the ladder, by a clock
    that may have been another one, has come back.
    """

    position: int
    due_at: float | None
    replay: str | None
    settled: bool = False


def next_step(arrival: Arrival, standing: Standing, now: float) -> Step:
    """What follows for an event that has the turn of its lane in this process."""
    mine = standing.record
    if mine is not None and mine.outcome is not None:
        if mine.outcome == "accepted" or (arrival.replay or "") <= (mine.replay or ""):
            return Ended(mine)
    elif mine is not None and mine.due_at not in {None, arrival.due_at} and not _missing(mine.due_at, arrival):
        return Wait((mine.due_at or now) - now, copy=True)  # published twice: the other one is on the ladder
    ahead = standing.first
    position = arrival.position if mine is None or mine.position is None else mine.position
    if ahead is not None and ahead.position < position and (mine is None or ahead.key != mine.key):
        return _behind(ahead, position, arrival, now)
    if mine is not None and mine.outcome is None and mine.sent_at is not None:
        return Uncertain(mine.sent_at)
    return Go()


def _behind(ahead: Ahead, position: int, arrival: Arrival, now: float) -> Step:
    """`ahead.count` has those behind us too; so many as our positions are apart can be between at the most."""
    if ahead.blocks == "holds":
        return Held(ahead)
    if _missing(ahead.due_at, arrival):
        return Missing(ahead)
    in_line = min(ahead.count, position - ahead.position)
    return Wait(max(0.0, (ahead.due_at or now) - now), in_line, behind=ahead.key)


def _missing(due_at: float | None, arrival: Arrival) -> bool:
    """The queue of what was due is first in, first out: what was due long before this arrival had to come first."""
    if not arrival.settled or due_at is None or arrival.due_at is None:
        return False
    return arrival.due_at > due_at + HEAD_MISSING_SECONDS


def rung(rungs: Sequence[int], wait: Wait, seconds_per_turn: float) -> int:
    """The longest wait on the ladder that does not outlast what is awaited; the shortest there is at the least.

    Those in line ahead take their time too; half of what they will is counted, for turns may get shorter.
    """
    seconds = wait.seconds + (wait.count - 1) * seconds_per_turn / 2
    return max((r for r in rungs if r <= seconds), default=min(rungs))
