"""Where events stand in their lanes, and which of two workers may write: positions, leases, fences."""

import asyncio
from time import time
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger import Ahead, Blocks, Ledger, Record, looking, open_ledger
from tests.unit.ledgers import ACCOUNT, KEY, OTHER, found, record


def event(name: str, lane: str | None = None, position: int | None = None, **changed: Any) -> Record:
    return record(KEY._replace(id=name), **{"outcome": None, "lane": lane, "position": position, **changed})


# --- lanes


async def test_of_those_that_block_a_lane_the_first_is_shown_with_how_many_they_are(ledger: Ledger) -> None:
    waiting = event("a", "l", 3, blocks="waits", due_at=1772323200.5)
    for one in (event("b", "l", 7, blocks="stands"), waiting, event("c", "l", 1), event("d", "m", 2, blocks="holds")):
        await ledger.record(one)
    assert (await ledger.look(None, "l")).first == Ahead(waiting.key, 3, "waits", 1772323200.5, 2)
    standing = await ledger.look(event("b").key, "m")
    assert (standing.record, standing.first) == (
        event("b", "l", 7, blocks="stands"),
        Ahead(event("d").key, 2, "holds", None, 1),
    )


async def test_of_a_very_long_lane_only_some_are_counted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "MOST_COUNTED", 5)
    async with open_ledger(url) as ledger:
        waiting = [event(f"{n}", "l", n, blocks="waits") for n in range(1, 9)]
        await asyncio.gather(*(ledger.record(one) for one in [*waiting, event("b", "m", 9, blocks="waits")]))
        assert (await ledger.look(None, "l")).first == Ahead(waiting[0].key, 1, "waits", None, 5)
        assert (await ledger.look(None, "m")).first == Ahead(event("b").key, 9, "waits", None, 1)


async def test_nobody_is_ahead_in_a_lane_that_nobody_blocks(ledger: Ledger) -> None:
    await ledger.record(event("a", "l", 3, blocks="waits"))
    await ledger.record(event("a", "l", 3, outcome="accepted"))
    assert await ledger.look(None, "l") == await ledger.look(None, None) == await ledger.look(KEY, "m")
    assert (await ledger.look(event("a").key, None)).record == event("a", "l", 3, outcome="accepted")


LATE, EARLY = "2026-03-02T08:00:00.000+00:00 x", "2026-03-01T08:00:00.000+00:00 x"
DIED = {"lane": "l", "position": 3, "outcome": "dead", "blocks": "holds", "epoch": 4}


@pytest.mark.parametrize(
    ("recorded", "replay", "epoch", "noted"),
    [
        ({}, LATE, 4, True),
        ({"blocks": None}, LATE, 4, True),
        ({"replay": EARLY}, LATE, 4, True),
        ({"replay": LATE}, LATE, 4, False),
        ({"replay": LATE}, EARLY, 4, False),
        ({}, None, 4, False),
        ({}, LATE, 3, False),
        ({"outcome": "accepted", "blocks": None}, LATE, 4, False),
        ({"outcome": None, "blocks": "waits", "due_at": 5.0}, LATE, 4, False),
    ],
)
async def test_of_who_stands_is_noted_a_life_of_which_nothing_is_recorded_and_its_place_stays(
    ledger: Ledger, recorded: dict[str, Any], replay: str | None, epoch: int, noted: bool
) -> None:
    before = event("a", **{**DIED, **recorded})
    stands = event("a", "l", 99, blocks="stands", replay=replay, epoch=epoch)
    await ledger.record(before)
    await ledger.stand([stands])
    assert await found(ledger, before.key) == (stands._replace(position=3) if noted else before)


async def test_a_lifted_block_is_gone_and_the_record_stays(ledger: Ledger) -> None:
    held = event("a", "l", 3, outcome="dead", category="rejected", blocks="holds", epoch=4)
    await asyncio.gather(ledger.record(held), ledger.record(event("b", "l", 4, blocks="holds")))
    await ledger.lift(held.key)
    standing = await ledger.look(held.key, "l")
    assert (standing.record, standing.first) == (
        held._replace(blocks=None),
        Ahead(event("b").key, 4, "holds", None, 1),
    )


async def test_the_last_position_is_of_those_that_block_in_this_account(ledger: Ledger) -> None:
    assert await ledger.last_position(ACCOUNT) == 0
    await ledger.record(event("a", "l", 2**40, blocks="waits"))
    await ledger.record(event("b", "m", 2**41))
    await ledger.record(event("c", "n", 2**42, blocks="holds")._replace(key=KEY._replace(account="second")))
    assert [await ledger.last_position(account) for account in (ACCOUNT, OTHER)] == [2**40, 2**42]


EVENTS = st.tuples(st.integers(0, 30), st.integers(0, 200), st.sampled_from(["waits", "stands", "holds", None]))


@settings(max_examples=15)
@given(st.lists(EVENTS, max_size=120, unique_by=lambda one: one[1]))
async def test_whatever_was_recorded_hundreds_of_questions_at_once_are_answered_like_one_by_one(
    url: str, made: list[tuple[int, int, Blocks | None]]
) -> None:
    run = uuid4()  # examples share the file

    def lane(number: int) -> str:
        return f"{run}:{number}"

    events = [event(lane(at), lane(n), at + 1, blocks=why) for n, at, why in made]
    async with open_ledger(url) as ledger:
        await asyncio.gather(*(ledger.record(one) for one in events))
        asked = [(event(lane(n)).key if n % 3 else None, lane(n % 40) if n % 4 else None) for n in range(600)]
        answers = await asyncio.gather(*(ledger.look(key, lane) for key, lane in asked))
    for (key, of), standing in zip(asked, answers, strict=True):
        assert standing.record == next((one for one in events if one.key == key), None)
        assert standing.first == _first([one for one in events if of and one.lane == of and one.blocks])


def _first(blocking: list[Record]) -> Ahead | None:
    if not blocking:
        return None
    head = min(blocking, key=lambda one: one.position or 0)
    return Ahead(head.key, head.position or 0, head.blocks or "waits", head.due_at, len(blocking))


# --- leases and fences


async def test_every_lease_has_a_higher_epoch_than_the_one_before(ledger: Ledger) -> None:
    epochs = [(await ledger.take(ACCOUNT)).epoch for _ in range(5)]
    assert epochs == sorted(set(epochs))
    assert epochs[0] >= int(time()) - 5  # also after a lost ledger it is later than all before


async def test_a_lease_is_clean_when_nobody_had_it_or_it_was_given_up(ledger: Ledger) -> None:
    first = await ledger.take(ACCOUNT)
    second = await ledger.take(ACCOUNT)
    await ledger.give_up(ACCOUNT, first.epoch)  # too late: it is no longer its own
    third = await ledger.take(ACCOUNT)
    await ledger.give_up(ACCOUNT, third.epoch)
    fourth = await ledger.take(ACCOUNT)
    assert [lease.clean for lease in (first, second, third, fourth)] == [True, False, False, True]
    assert (await ledger.take(OTHER)).clean


async def test_of_leases_taken_at_once_each_has_its_own_epoch(ledger: Ledger) -> None:
    leases = await asyncio.gather(*(ledger.take(ACCOUNT) for _ in range(10)))
    assert len({lease.epoch for lease in leases}) == 10
    assert [lease.clean for lease in leases].count(True) == 1


@pytest.mark.parametrize(("epoch", "kept"), [(2, "old"), (3, "new"), (4, "new")])
async def test_a_record_of_an_earlier_epoch_never_replaces_a_later_one(ledger: Ledger, epoch: int, kept: str) -> None:
    await ledger.record(record(message="old", epoch=3))
    await ledger.record(record(message="new", epoch=epoch))
    stays = await found(ledger)
    assert stays is not None
    assert (stays.message, stays.epoch) == (kept, max(3, epoch))


async def test_of_records_written_at_once_the_last_of_the_highest_epoch_stays(ledger: Ledger) -> None:
    epochs = [1, 3, 2, 3, 1]
    await asyncio.gather(*(ledger.record(record(attempts=n, epoch=e)) for n, e in enumerate(epochs)))
    assert await found(ledger) == record(attempts=3, epoch=3)
