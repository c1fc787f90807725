"""What happened to every event, in a real SQLite file: found again, replaced, traced, claimed once."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy.event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.account import Account, AccountSettings
from gateway.ledger import Key, Ledger, Record, open_ledger
from gateway.steps import no_steps

KEY = Key("toy_land", "default", "/school", "e-1")
ACCOUNT = Account("toy_land", "default", AccountSettings())
OTHER = Account("toy_land", "second", AccountSettings())


def record(key: Key = KEY, **changed: Any) -> Record:
    made = Record(
        key=key,
        operation="credit-sync",
        outcome="accepted",
        category=None,
        code="200",
        message="调用成功",
        duplicate=False,
        attempts=1,
        response=None,
        first_seen="2026-03-01T08:00:00.000+00:00",
        updated_at="2026-03-01T08:00:01.000+00:00",
    )
    return replace(made, **changed)


def event(number: int, **changed: Any) -> Record:
    return record(replace(KEY, id=f"e-{number}"), attempts=number, **changed)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gateway.db"


@pytest.fixture
async def ledger(file: Path) -> AsyncIterator[Ledger]:
    async with open_ledger(f"sqlite:///{file}") as opened:
        yield opened


# --- events


async def test_what_was_never_recorded_is_not_found(ledger: Ledger) -> None:
    assert await ledger.find(KEY) is None


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"outcome": None, "code": None, "attempts": 3},
        {"outcome": "dead", "category": "exhausted", "lane": "ab12", "replay": "r-1"},
        {"duplicate": True, "response": {}},
        {"response": {"data": {"check": True, "list": [1, 2.5, None, "学员"]}}},
        {"message": "'; DROP TABLE events; -- \n \0 😀"},
        {"key": Key("", "", "", "")},
        {"key": Key("p", "a", "s" * 2000, "号" * 256)},
    ],
)
async def test_a_record_is_found_as_it_was_written(ledger: Ledger, changed: dict[str, Any]) -> None:
    written = replace(record(), **changed)
    await ledger.record(written)
    assert await ledger.find(written.key) == written


async def test_a_later_record_replaces_the_earlier_one(ledger: Ledger) -> None:
    await ledger.record(record(outcome=None, code="500", response={"a": 1}, replay="r-1", lane="l"))
    await ledger.record(final := record(attempts=2))
    assert await ledger.find(KEY) == final
    assert await ledger.trace("e-1") == [final]


@pytest.mark.parametrize("name", ["platform", "account", "source", "id"])
async def test_events_that_differ_in_one_part_of_their_key_are_different_events(ledger: Ledger, name: str) -> None:
    other = record(replace(KEY, **{name: "other"}), outcome="rejected")
    await asyncio.gather(ledger.record(record()), ledger.record(other))
    assert (await ledger.find(KEY), await ledger.find(other.key)) == (record(), other)


async def test_a_trace_shows_all_events_of_an_id_whatever_their_source_and_account(ledger: Ledger) -> None:
    same = [record(replace(KEY, source=f"/s{n}", account=f"a{n}")) for n in range(3)]
    await asyncio.gather(*(ledger.record(one) for one in [*same, event(7)]))
    assert sorted(await ledger.trace("e-1"), key=str) == sorted(same, key=str)
    assert await ledger.trace("e-%") == []


async def test_many_records_and_questions_at_once_each_get_their_own(ledger: Ledger) -> None:
    """More than one group takes, written and read at the same time."""
    written = [event(n) for n in range(1300)]
    await asyncio.gather(*(ledger.record(one) for one in reversed(written)))
    keys = [replace(KEY, id=f"e-{n}") for n in range(-5, 1300)]
    found = await asyncio.gather(*(ledger.find(key) for key in keys), *(ledger.record(one) for one in written[:99]))
    assert found[:1305] == [*[None] * 5, *written]


@pytest.mark.parametrize("many", [1, 2, 50])
async def test_no_question_reads_the_whole_table(ledger: Ledger, file: Path, many: int) -> None:
    """SQLite searches its index for one row value, and scans the table for a list of them."""
    asked: list[tuple[str, Any]] = []

    def listen(*call: Any) -> None:
        asked.append((call[2], call[3]))

    sqlalchemy.event.listen(ledger._store.engine.sync_engine, "before_cursor_execute", listen)
    await asyncio.gather(*(ledger.find(replace(KEY, id=f"e-{n}")) for n in range(many)), ledger.trace("e-1"))
    with closing(sqlite3.connect(file)) as other:
        plans = [str(other.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()) for sql, values in asked]
    assert len(plans) >= 2
    assert not [plan for plan in plans if "SCAN events" in plan]


async def test_of_many_records_of_one_event_the_last_one_asked_for_stays(ledger: Ledger) -> None:
    await asyncio.gather(*(ledger.record(record(attempts=n)) for n in range(200)))
    found = await ledger.find(KEY)
    assert found is not None
    assert found.attempts == 199


async def test_a_recorded_event_is_on_disk_when_recording_returns(ledger: Ledger, file: Path) -> None:
    await ledger.record(record())
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT id, message FROM events").fetchall() == [("e-1", "调用成功")]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60))
async def test_in_any_mixture_a_question_sees_what_was_recorded_before_it(
    file: Path, mixture: list[tuple[int, bool]]
) -> None:
    async with open_ledger(f"sqlite:///{file}") as ledger:
        last: dict[int, Record] = {}
        for step, (number, write) in enumerate(mixture):
            if write:
                last[number] = record(replace(KEY, id=f"m-{number}"), attempts=step)
                await asyncio.gather(ledger.record(last[number]), ledger.find(KEY))
            elif number in last:
                assert await ledger.find(last[number].key) == last[number]


# --- one-time values


async def test_a_value_is_claimed_once_and_again_after_it_was_given_back(ledger: Ledger) -> None:
    assert await ledger.claim(ACCOUNT, "code", "abc")
    assert not await ledger.claim(ACCOUNT, "code", "abc")
    await ledger.release(ACCOUNT, "code", "abc")
    assert await ledger.claim(ACCOUNT, "code", "abc")


async def test_claims_of_another_scope_or_account_are_other_claims(ledger: Ledger) -> None:
    assert await ledger.claim(ACCOUNT, "code", "abc")
    assert await ledger.claim(ACCOUNT, "nonce", "abc")
    assert await ledger.claim(OTHER, "code", "abc")
    assert await ledger.claim(ACCOUNT, "code", "abd")
    await ledger.release(OTHER, "code", "abc")
    assert not await ledger.claim(ACCOUNT, "code", "abc")


async def test_of_many_who_claim_a_value_at_once_exactly_one_gets_it(ledger: Ledger) -> None:
    claims = await asyncio.gather(*(ledger.claim(ACCOUNT, "code", "abc") for _ in range(30)))
    assert sorted(claims) == [False] * 29 + [True]


async def test_a_claimed_value_is_not_kept_itself(ledger: Ledger, file: Path) -> None:
    await ledger.claim(ACCOUNT, "code", "a-one-time-value")
    contents = b"".join(path.read_bytes() for path in file.parent.iterdir())
    assert b"a-one-time-value" not in contents
    assert ledger.hashed("a-one-time-value").encode() in contents


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
    assert "upload" not in await ledger.steps(replace(KEY, source="/other"))


async def test_an_operation_of_one_call_remembers_nothing() -> None:
    await no_steps().record("upload", 1)
    assert "upload" not in no_steps()


# --- the file


async def test_nobody_else_on_the_machine_reads_the_files(ledger: Ledger, file: Path) -> None:
    await ledger.record(record())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == dict.fromkeys(["gateway.db", "gateway.db-wal", "gateway.db-shm"], 0o600)


async def test_everything_survives_closing_and_opening(file: Path) -> None:
    async with open_ledger(f"sqlite:///{file}") as ledger:
        await ledger.record(record())
        await ledger.claim(ACCOUNT, "code", "abc")
        hashed = ledger.hashed("lane")
    async with open_ledger(f"sqlite:///{file}") as ledger:
        assert await ledger.find(KEY) == record()
        assert not await ledger.claim(ACCOUNT, "code", "abc")
        assert ledger.hashed("lane") == hashed


async def test_two_ledgers_hash_the_same_value_differently(ledger: Ledger, tmp_path: Path) -> None:
    async with open_ledger(f"sqlite:///{tmp_path / 'other.db'}") as other:
        assert other.hashed("lane") != ledger.hashed("lane")


async def test_two_that_have_the_ledger_open_see_each_others_records(ledger: Ledger, file: Path) -> None:
    async with open_ledger(f"sqlite:///{file}") as other:
        await asyncio.gather(*(ledger.record(event(n)) for n in range(50)))
        await asyncio.gather(*(other.record(event(n)) for n in range(50, 100)))
        assert [await side.find(replace(KEY, id="e-75")) for side in (ledger, other)] == [event(75)] * 2
        assert [await side.find(replace(KEY, id="e-25")) for side in (ledger, other)] == [event(25)] * 2


async def test_many_may_open_a_new_ledger_at_once_and_share_its_secret(file: Path) -> None:
    async def opened() -> str:
        async with open_ledger(f"sqlite:///{file}") as ledger:
            return ledger.hashed("lane")

    assert len(set(await asyncio.gather(*(opened() for _ in range(6))))) == 1
