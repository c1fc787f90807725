"""What happened to every event: found again, replaced, traced, claimed once, on a file and on PostgreSQL."""

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger import Key, Ledger, Record, open_ledger
from gateway.steps import no_steps
from tests.unit.ledgers import ACCOUNT, CALL, KEY, event, found, record

# --- events


async def test_what_was_never_recorded_is_not_found(ledger: Ledger) -> None:
    assert await found(ledger) is None


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"outcome": None, "code": None, "attempts": 3},
        {"outcome": "dead", "category": "exhausted", "lane": "ab12", "replay": "r-1"},
        {"duplicate": True, "response": {}},
        {"response": {"data": {"check": True, "list": [1, 2.5, None, "学员"]}}},
        {"message": "'; DROP TABLE events; -- \n 😀"},
        {"position": 2**40, "blocks": "waits", "due_at": 1772323200.25, "lane": "ab12", "epoch": 1772323200},
        {"sent_at": "2026-03-01T08:00:00.000+00:00", "blocks": "holds", "position": 1},
        {"key": Key("", "", "", "")},
        {"key": Key("p", "a", "s" * 255, "号" * 255)},
    ],
)
async def test_a_record_is_found_as_it_was_written(ledger: Ledger, changed: dict[str, Any]) -> None:
    written = record()._replace(**changed)
    await ledger.record(written)
    assert await found(ledger, written.key) == written


async def test_a_later_record_replaces_the_earlier_one(ledger: Ledger) -> None:
    await ledger.record(record(outcome=None, code="500", response={"a": 1}, replay="r-1", lane="l"))
    await ledger.record(final := record(attempts=2))
    assert await found(ledger) == final
    assert await ledger.trace("e-1") == [final]


@pytest.mark.parametrize(
    "key",
    [
        Key("p", "a", "s" * 3000, "号" * 3000),  # more than an index of PostgreSQL takes
        Key("p", "a", "a\0b", "a\0b"),
    ],
)
async def test_an_event_that_is_refused_for_its_id_is_found_by_it_all_the_same(ledger: Ledger, key: Key) -> None:
    await ledger.record(record(key, outcome="rejected"))
    assert await found(ledger, key._replace(id=f"{key.id}x")) is None
    kept = await found(ledger, key)
    assert kept is not None
    assert (kept.outcome, len(kept.key.id)) == ("rejected", 37)
    assert await ledger.trace(key.id) == [kept]
    await (await ledger.steps(key)).record("upload", 1)
    assert "upload" in await ledger.steps(key)


async def test_the_time_of_return_is_found_to_the_last_digit(ledger: Ledger) -> None:
    """It is compared with the stamp of the message that comes back."""
    chosen = Random(7)
    waiting = {
        n: event(n, outcome=None, lane="l", position=n, blocks="waits", due_at=chosen.randrange(2 * 10**12) / 1000)
        for n in range(1, 1500)
    }
    await asyncio.gather(*(ledger.record(one) for one in waiting.values()))
    assert await asyncio.gather(*(found(ledger, one.key) for one in waiting.values())) == [*waiting.values()]


async def test_what_headers_and_answers_may_hold_can_be_recorded_everywhere(ledger: Ledger) -> None:
    strange = record(message="a\0b", code="\0", operation="\0", first_seen="\0", replay="\0", attempts=2**63)
    await ledger.record(strange)
    kept = await found(ledger)
    assert kept is not None
    assert (kept.message, kept.code, kept.attempts) == ("a\ufffdb", "\ufffd", 2**31 - 1)
    await ledger.halt(ACCOUNT, None, "a\0b")


@pytest.mark.parametrize("name", ["platform", "account", "source", "id"])
async def test_events_that_differ_in_one_part_of_their_key_are_different_events(ledger: Ledger, name: str) -> None:
    other = record(KEY._replace(**{name: "other"}), outcome="rejected")
    await asyncio.gather(ledger.record(record()), ledger.record(other))
    assert (await found(ledger), await found(ledger, other.key)) == (record(), other)


async def test_a_trace_shows_all_events_of_an_id_whatever_their_source_and_account(ledger: Ledger) -> None:
    same = [record(KEY._replace(source=f"/s{n}", account=f"a{n}")) for n in range(3)]
    await asyncio.gather(*(ledger.record(one) for one in [*same, event(7)]))
    assert sorted(await ledger.trace("e-1"), key=str) == sorted(same, key=str)
    assert await ledger.trace("e-%") == []


async def test_many_records_and_questions_at_once_each_get_their_own(ledger: Ledger) -> None:
    """More than one group takes, written and read at the same time."""
    written = [event(n) for n in range(1300)]
    await asyncio.gather(*(ledger.record(one) for one in reversed(written)))
    keys = [KEY._replace(id=f"e-{n}") for n in range(-5, 1300)]
    questions = [found(ledger, key) for key in keys]
    answers = await asyncio.gather(*questions, *(ledger.record(one) for one in written[:99]))
    assert answers[:1305] == [*[None] * 5, *written]


async def test_of_many_records_of_one_event_the_last_one_asked_for_stays(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.record(record(attempts=n)) for n in range(200)))
    assert await found(ledger) == record(attempts=199)


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60))
async def test_in_any_mixture_a_question_sees_what_was_recorded_before_it(
    url: str, mixture: list[tuple[int, bool]]
) -> None:
    async with open_ledger(url) as ledger:
        last: dict[int, Record] = {}
        for step, (number, write) in enumerate(mixture):
            if write:
                last[number] = record(KEY._replace(id=f"m-{number}"), attempts=step)
                await asyncio.gather(ledger.record(last[number]), found(ledger))
            elif number in last:
                assert await found(ledger, last[number].key) == last[number]


# --- steps of events that take several calls


async def test_steps_outlive_the_attempt_that_recorded_them(ledger: Ledger) -> None:
    first = await ledger.steps(KEY)
    assert "upload" not in first
    await first.record("upload", {"file": "f-1", "parts": [1, 2]})
    await first.record("submit", None)
    await first.record("upload", "again")
    second = await ledger.steps(KEY)
    assert ("upload" in second, second["upload"], "submit" in second, second["submit"]) == (True, "again", True, None)


async def test_steps_of_another_event_are_not_seen(ledger: Ledger) -> None:
    await (await ledger.steps(KEY)).record("upload", 1)
    assert "upload" not in await ledger.steps(KEY._replace(source="/other"))


async def test_an_operation_of_one_call_remembers_nothing() -> None:
    await no_steps().record("upload", 1)
    assert "upload" not in no_steps()


# --- opening


async def test_everything_survives_closing_and_opening(url: str) -> None:
    async with open_ledger(url) as ledger:
        await ledger.record(record())
        await ledger.inbox.take(CALL, "once")
        hashed = ledger.hashed("lane")
    async with open_ledger(url) as ledger:
        assert await found(ledger) == record()
        assert await ledger.inbox.first() == CALL
        assert not await ledger.inbox.take(CALL, "once")
        assert ledger.hashed("lane") == hashed


async def test_two_ledgers_hash_the_same_value_differently(ledger: Ledger, tmp_path: Path) -> None:
    async with open_ledger(f"sqlite:///{tmp_path / 'other.db'}") as other:
        assert other.hashed("lane") != ledger.hashed("lane")


async def test_two_that_have_the_ledger_open_see_each_others_records(ledger: Ledger, url: str) -> None:
    async with open_ledger(url) as other:
        await asyncio.gather(*(ledger.record(event(n)) for n in range(50)))
        await asyncio.gather(*(other.record(event(n)) for n in range(50, 100)))
        assert [await found(side, KEY._replace(id="e-75")) for side in (ledger, other)] == [event(75)] * 2
        assert [await found(side, KEY._replace(id="e-25")) for side in (ledger, other)] == [event(25)] * 2


async def test_many_may_open_a_new_ledger_at_once_and_share_its_secret(url: str) -> None:
    async def opened() -> str:
        async with open_ledger(url) as ledger:
            return ledger.hashed("lane")

    assert len(set(await asyncio.gather(*(opened() for _ in range(6))))) == 1
