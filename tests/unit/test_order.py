"""What an event whose turn has come may do, by what the ledger knows of it and of its lane."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.ledger import Ahead, Key, Record, Standing
from gateway.ledger.records import Blocks
from gateway.order import (
    Arrival,
    Ended,
    Go,
    Held,
    Step,
    Uncertain,
    Wait,
    next_step,
)

NOW = 1_700_000_000.0
KEY = Key("toy_land", "default", "/school", "me")
OTHER = replace(KEY, id="other")
EMPTY = Record(KEY, "credit-sync", None, None, None, "", False, 1, None, "", "", lane="lane", position=5)


def mine(**changed: Any) -> Record:
    return replace(EMPTY, **changed)


def ahead(
    position: int, blocks: Blocks = "waits", due_at: float | None = None, count: int = 1, key: Key = OTHER
) -> Ahead:
    return Ahead(key, position, blocks, due_at, count)


def came(position: int = 9, due_at: float | None = None, replay: str | None = None) -> Arrival:
    return Arrival(position, due_at, replay)


ACCEPTED = mine(outcome="accepted")
DEAD = mine(outcome="dead", blocks="holds")
REPLAYED = mine(outcome="dead", replay="r-1")
WAITING = mine(blocks="waits", due_at=NOW + 30)
SENT = mine(blocks="stands", sent_at="10:00")

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
    # it comes back
    "it comes from the ladder": (came(due_at=NOW + 30), WAITING, ahead(5, due_at=NOW + 30, key=KEY), Go()),
    "it waits on the ladder, and a copy comes": (came(), WAITING, None, Wait(30, copy=True)),
    "a copy comes from the ladder": (came(due_at=NOW), WAITING, None, Wait(30, copy=True)),
    "it stood in a worker that ended": (came(), mine(blocks="stands"), None, Go()),
    "it is the last but was the first": (came(99), mine(), ahead(6), Go()),
    # others are ahead
    "one waits on the ladder": (came(), None, ahead(1, due_at=NOW + 30), Wait(30, 1)),
    "many wait on the ladder": (came(), None, ahead(1, due_at=NOW + 30, count=7), Wait(30, 7)),
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
        came(due_at=NOW), replace(SENT, due_at=NOW), None, Uncertain("10:00"),
    ),
    "its call was begun and it ended": (came(), replace(SENT, outcome="dead"), None, Ended(replace(SENT, outcome="dead"))),
    "its call was begun, it ended and is replayed": (came(replay="r"), replace(SENT, outcome="dead"), None, Go()),
    "its call was begun, and somebody holds the lane": (came(), SENT, ahead(1, "holds"), Held(ahead(1, "holds"))),
}  # fmt: skip


@pytest.mark.parametrize(("arrival", "record", "first", "step"), STEPS.values(), ids=STEPS)
def test_what_follows_for_an_event_whose_turn_has_come(
    arrival: Arrival, record: Record | None, first: Ahead | None, step: Step
) -> None:
    assert next_step(arrival, Standing(record, first), NOW) == step
