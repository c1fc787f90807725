"""What an event whose turn has come may do, by what the ledger knows of it and of its lane."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import Ahead, Key, Record, Standing
from gateway.ledger.records import Blocks
from gateway.order import (
    HEAD_MISSING_SECONDS,
    Arrival,
    Ended,
    Go,
    Held,
    Missing,
    Step,
    Uncertain,
    Wait,
    next_step,
    rung,
)

NOW = 1_700_000_000.0
KEY = Key("toy_land", "default", "/school", "me")
OTHER = KEY._replace(id="other")
EMPTY = Record(KEY, "credit-sync", None, None, None, "", False, 1, None, "", "", lane="lane", position=5)


def mine(**changed: Any) -> Record:
    return EMPTY._replace(**changed)


def ahead(
    position: int, blocks: Blocks = "waits", due_at: float | None = None, count: int = 1, key: Key = OTHER
) -> Ahead:
    return Ahead(key, position, blocks, due_at, count)


def came(
    position: int = 9, due_at: float | None = None, replay: str | None = None, *, settled: bool = True
) -> Arrival:
    return Arrival(position, due_at, replay, settled)


ACCEPTED = mine(outcome="accepted")
DEAD = mine(outcome="dead", blocks="holds")
REPLAYED = mine(outcome="dead", replay="r-1")
WAITING = mine(blocks="waits", due_at=NOW + 30)
SENT = mine(blocks="stands", sent_at="10:00")
SENT_DEAD = mine(outcome="dead", sent_at="10:00")

STEPS: dict[str, tuple[Arrival, Record | None, Ahead | None, Step]] = {
    "nothing is known, nobody is ahead": (came(), None, None, Go()),
    # it has ended before
    "it was accepted": (came(), ACCEPTED, None, Ended(ACCEPTED)),
    "it died": (came(), DEAD, None, Ended(DEAD)),
    "it ended, and others wait ahead": (came(), ACCEPTED, ahead(1), Ended(ACCEPTED)),
    "it died, and is replayed": (came(replay="r-1"), DEAD, None, Go()),
    "its replay died, and is delivered again": (came(replay="r-1"), REPLAYED, None, Ended(REPLAYED)),
    "its replay died, and a copy comes": (came(), REPLAYED, None, Ended(REPLAYED)),
    "its replay died, and is replayed": (came(replay="r-2"), REPLAYED, None, Go()),
    "it holds its lane itself, and is replayed": (
        came(replay="r-1"), DEAD, ahead(5, "holds", key=KEY, count=3), Go(),
    ),
    "its second replay died, and the first comes late": (
        came(replay="r-1"), REPLAYED._replace(replay="r-2"), None, Ended(REPLAYED._replace(replay="r-2")),
    ),
    # it comes back
    "it comes from the ladder": (came(due_at=NOW + 30), WAITING, ahead(5, due_at=NOW + 30, key=KEY), Go()),
    "it waits on the ladder, and a copy comes": (came(), WAITING, None, Wait(30, copy=True)),
    "a copy comes from the ladder": (came(due_at=NOW), WAITING, None, Wait(30, copy=True)),
    "it stood in a worker that ended": (came(), mine(blocks="stands"), None, Go()),
    "it is the last but was the first": (came(99), mine(), ahead(6), Go()),
    # others are ahead
    "one waits on the ladder": (came(), None, ahead(1, due_at=NOW + 30), Wait(30, 1)),
    "many wait on the ladder": (came(), None, ahead(1, due_at=NOW + 30, count=7), Wait(30, 7)),
    "many wait, most of them behind": (came(4), None, ahead(1, due_at=NOW + 30, count=5000), Wait(30, 3)),
    "one should be back by now": (came(), None, ahead(1, due_at=NOW - 30), Wait(0, 1)),
    "one stands in its queue": (came(), None, ahead(1, "stands"), Wait(0, 1)),
    "one died and holds the lane": (came(), None, ahead(1, "holds"), Held(ahead(1, "holds"))),
    "its replay comes while one ahead holds": (
        came(replay="r"), DEAD, ahead(1, "holds"), Held(ahead(1, "holds")),
    ),
    "its replay comes while one ahead waits": (came(replay="r"), DEAD, ahead(1, due_at=NOW + 5), Wait(5, 1)),
    "one that came later waits": (came(9), None, ahead(10), Go()),
    "its own place counts, not that of this delivery": (came(1), mine(position=5), ahead(3), Wait(0, 1)),
    # a call that may not be repeated
    "its call was begun": (came(), SENT, None, Uncertain("10:00")),
    "its call was begun, and it comes from the ladder": (
        came(due_at=NOW), SENT._replace(due_at=NOW), None, Uncertain("10:00"),
    ),
    "its call was begun and it ended": (came(), SENT_DEAD, None, Ended(SENT_DEAD)),
    "its call was begun, it ended and is replayed": (came(replay="r"), SENT_DEAD, None, Go()),
    "its call was begun, and somebody holds the lane": (came(), SENT, ahead(1, "holds"), Held(ahead(1, "holds"))),
}  # fmt: skip


@pytest.mark.parametrize(("arrival", "record", "first", "step"), STEPS.values(), ids=STEPS)
def test_what_follows_for_an_event_whose_turn_has_come(
    arrival: Arrival, record: Record | None, first: Ahead | None, step: Step
) -> None:
    assert next_step(arrival, Standing(record, first), NOW) == step


LOST = HEAD_MISSING_SECONDS + 1

MISSING: dict[str, tuple[Arrival, Record | None, Ahead | None, Step]] = {
    "one ahead is late, and this one comes from its queue": (came(), None, ahead(1, due_at=NOW - LOST), Wait(0, 1)),
    "this one comes from the ladder, due at the same time": (
        came(due_at=NOW - LOST), None, ahead(1, due_at=NOW - LOST), Wait(0, 1),
    ),
    "this one comes from the ladder, due just not so much later": (
        came(due_at=NOW), None, ahead(1, due_at=NOW - HEAD_MISSING_SECONDS), Wait(0, 1),
    ),
    "this one comes from the ladder, due long after": (
        came(due_at=NOW), None, ahead(1, due_at=NOW - LOST), Missing(ahead(1, due_at=NOW - LOST)),
    ),
    "one ahead may have been put there by a worker whose clock was another one": (
        came(due_at=NOW, settled=False), None, ahead(1, due_at=NOW - LOST), Wait(0, 1),
    ),
    "what it is a copy of may have been put there by a worker whose clock was another one": (
        came(due_at=NOW, settled=False), mine(blocks="waits", due_at=NOW - LOST), None, Wait(-LOST, copy=True),
    ),
    "one ahead has stood in its queue for ever": (came(due_at=NOW), None, ahead(1, "stands"), Wait(0, 1)),
    "one ahead has held the lane for ever": (
        came(due_at=NOW), None, ahead(1, "holds", due_at=NOW - LOST), Held(ahead(1, "holds", due_at=NOW - LOST)),
    ),
    "what it is a copy of should have come long before": (
        came(due_at=NOW), mine(blocks="waits", due_at=NOW - LOST), None, Go(),
    ),
    "what it is a copy of is late, and this one comes from its queue": (
        came(), mine(blocks="waits", due_at=NOW - LOST), None, Wait(-LOST, copy=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arrival", "record", "first", "step"), MISSING.values(), ids=MISSING)
def test_only_what_had_to_come_first_and_did_not_counts_as_missing(
    arrival: Arrival, record: Record | None, first: Ahead | None, step: Step
) -> None:
    assert next_step(arrival, Standing(record, first), NOW) == step


@pytest.mark.parametrize("replay", [None, "r-1", "r-2"])
def test_what_was_accepted_is_never_done_again_whatever_comes(replay: str | None) -> None:
    accepted = mine(outcome="accepted", replay="r-1")
    assert next_step(came(replay=replay), Standing(accepted, ahead(1, "holds")), NOW) == Ended(accepted)


POSITIONS = st.integers(1, 20)


@given(POSITIONS, POSITIONS, st.sampled_from(["waits", "stands", "holds"]), st.none() | st.floats(NOW, NOW + 9999))
def test_nobody_goes_while_one_with_a_lower_place_blocks_the_lane(
    own: int, other: int, blocks: Blocks, due_at: float | None
) -> None:
    step = next_step(came(position=own), Standing(None, ahead(other, blocks, due_at)), NOW)
    assert isinstance(step, Go) == (other >= own)


RUNGS = (1, 5, 30, 120)


@pytest.mark.parametrize(
    ("wait", "seconds_per_turn", "seconds"),
    [
        (Wait(0), 1.0, 1),  # the shortest there is
        (Wait(-7200), 1.0, 1),
        (Wait(4.9), 1.0, 1),
        (Wait(5), 1.0, 5),
        (Wait(119.9), 1.0, 30),
        (Wait(9999), 1.0, 120),
        (Wait(0, count=1), 100.0, 1),  # who is next waits for nobody else
        (Wait(0, count=11), 1.0, 5),  # ten in line take 10 s; half of that is counted
        (Wait(25, count=11), 1.0, 30),
        (Wait(0, count=1000), 0.0, 1),
    ],
)
def test_the_wait_is_the_longest_rung_that_does_not_outlast_what_is_awaited(
    wait: Wait, seconds_per_turn: float, seconds: int
) -> None:
    assert rung(RUNGS, wait, seconds_per_turn) == seconds


@given(st.floats(-1e4, 1e4), st.integers(1, 10_000), st.floats(0, 60))
def test_every_wait_has_a_rung(seconds: float, in_line: int, seconds_per_turn: float) -> None:
    assert rung(RUNGS, Wait(seconds, in_line), seconds_per_turn) in RUNGS
