"""Calls from platforms in the ledger: taken once and whole, handed out in order, gone when they are removed."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.ledger import Call, Ledger, LedgerError, open_ledger
from tests.support.inbox import connections_told, taking_no_calls

CALL = Call("id-1", "toy_land", "default", "toy_land.toy-came", b'{"name": "a-private-matter"}')
OTHER = replace(CALL, id="id-2", account="other")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gateway.db"


@pytest.fixture
async def ledger(file: Path) -> AsyncIterator[Ledger]:
    async with open_ledger(f"sqlite:///{file}") as opened:
        yield opened


def call(number: int) -> Call:
    return replace(CALL, id=f"id-{number}")


async def emptied(ledger: Ledger) -> list[Call]:
    calls = []
    while first := await ledger.inbox.first():
        calls.append(first)
        await ledger.inbox.remove(first)
    return calls


async def test_a_call_is_taken_once_and_remembered_when_it_is_gone(ledger: Ledger) -> None:
    assert not await ledger.inbox.taken(CALL.type, CALL.account, "once")
    assert await ledger.inbox.take(CALL, "once")
    assert not await ledger.inbox.take(CALL, "once")
    assert await emptied(ledger) == [CALL]
    assert await ledger.inbox.taken(CALL.type, CALL.account, "once")
    assert not await ledger.inbox.take(CALL, "once")
    assert await ledger.inbox.first() is None


async def test_calls_of_another_type_or_account_or_value_are_other_calls(ledger: Ledger) -> None:
    assert await ledger.inbox.take(CALL, "once")
    assert await ledger.inbox.take(OTHER, "once")
    assert await ledger.inbox.take(replace(CALL, id="id-3", type="toy_land.toy-left"), "once")
    assert await ledger.inbox.take(call(4), "twice")
    assert len(await emptied(ledger)) == 4


async def test_of_many_who_bring_the_same_call_at_once_exactly_one_is_told_that_it_is_new(
    ledger: Ledger, file: Path
) -> None:
    async with open_ledger(f"sqlite:///{file}") as another:
        took = await asyncio.gather(*((ledger, another)[n % 2].inbox.take(CALL, "once") for n in range(30)))
    assert sorted(took) == [False] * 29 + [True]
    assert await emptied(ledger) == [CALL]


async def test_calls_are_handed_out_in_the_order_in_which_they_came_also_by_another_process(
    ledger: Ledger, file: Path
) -> None:
    calls = [call(number) for number in range(20)]
    for each in calls:
        await ledger.inbox.take(each, each.id)
    async with open_ledger(f"sqlite:///{file}") as another:
        assert await emptied(another) == calls


async def test_a_call_that_comes_while_others_wait_is_the_last(ledger: Ledger) -> None:
    for number in range(3):
        await ledger.inbox.take(call(number), str(number))
    await ledger.inbox.remove(call(2))
    await ledger.inbox.take(call(9), "9")
    assert await emptied(ledger) == [call(0), call(1), call(9)]


async def test_a_call_that_could_not_be_written_counts_as_not_taken(ledger: Ledger, file: Path) -> None:
    with taking_no_calls(file), pytest.raises(LedgerError):
        await ledger.inbox.take(CALL, "once")
    assert not ledger.inbox.came.is_set()
    assert await ledger.inbox.take(CALL, "once")
    assert ledger.inbox.came.is_set()


async def test_a_full_disk_refuses_calls_until_there_is_room_again(ledger: Ledger) -> None:
    large = replace(CALL, event=bytes(2**20))
    with connections_told("max_page_count=100"), pytest.raises(LedgerError):
        await ledger.inbox.take(large, "once")
    assert not await ledger.inbox.taken(CALL.type, CALL.account, "once")
    with connections_told("max_page_count=1000"):
        assert await ledger.inbox.take(large, "once")


async def test_calls_that_wait_are_counted_by_account(ledger: Ledger) -> None:
    assert await ledger.inbox.waiting() == {}
    for number in range(3):
        await ledger.inbox.take(call(number), str(number))
    await ledger.inbox.take(replace(OTHER, id="other"), "once")
    assert await ledger.inbox.waiting() == {("toy_land", "default"): 3, ("toy_land", "other"): 1}
    await emptied(ledger)
    assert await ledger.inbox.waiting() == {}


async def test_what_came_with_a_call_is_in_no_row_once_the_broker_has_it(ledger: Ledger, file: Path) -> None:
    await ledger.inbox.take(CALL, "once")
    await ledger.inbox.remove(CALL)
    with closing(sqlite3.connect(file)) as other:
        assert "a-private-matter" not in "\n".join(other.iterdump())
