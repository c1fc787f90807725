"""Calls from platforms in the ledger: taken once and whole, handed out in order, gone when they are removed."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from gateway.inbound import PlatformInbound
from gateway.ledger import Call, Ledger, LedgerError, open_ledger
from tests.support.inbox import connections_told, taking_no_calls
from tests.unit.ledgers import ACCOUNT, CALL, OTHER

ELSEWHERE = replace(CALL, id="id-2", account="other")


class Toy(BaseModel):
    name: str


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
    assert await ledger.inbox.take(ELSEWHERE, "once")
    assert await ledger.inbox.take(replace(CALL, id="id-3", type="toy_land.toy-left"), "once")
    assert await ledger.inbox.take(call(4), "twice")
    assert len(await emptied(ledger)) == 4


async def test_of_many_who_bring_the_same_call_at_once_exactly_one_is_told_that_it_is_new(
    ledger: Ledger, url: str
) -> None:
    async with open_ledger(url) as another:
        took = await asyncio.gather(*((ledger, another)[n % 2].inbox.take(CALL, "once") for n in range(30)))
    assert sorted(took) == [False] * 29 + [True]
    assert await emptied(ledger) == [CALL]


async def test_calls_are_handed_out_in_the_order_in_which_they_came_also_by_another_process(
    ledger: Ledger, url: str
) -> None:
    calls = [call(number) for number in range(20)]
    for each in calls:
        await ledger.inbox.take(each, each.id)
    async with open_ledger(url) as another:
        assert await emptied(another) == calls


async def test_a_call_that_comes_while_others_wait_is_the_last(ledger: Ledger) -> None:
    for number in range(3):
        await ledger.inbox.take(call(number), str(number))
    await ledger.inbox.remove(call(2))
    await ledger.inbox.take(call(9), "9")
    assert await emptied(ledger) == [call(0), call(1), call(9)]


async def test_a_call_that_could_not_be_written_counts_as_not_taken(file: Path) -> None:
    async with open_ledger(f"sqlite:///{file}") as ledger:
        with taking_no_calls(file), pytest.raises(LedgerError):
            await ledger.inbox.take(CALL, "once")
        assert not ledger.inbox.came.is_set()
        assert await ledger.inbox.take(CALL, "once")
        assert ledger.inbox.came.is_set()


async def test_a_full_disk_refuses_calls_until_there_is_room_again(file: Path) -> None:
    large = replace(CALL, event=bytes(2**20))
    async with open_ledger(f"sqlite:///{file}") as ledger:
        with connections_told("max_page_count=100"), pytest.raises(LedgerError, match="the ledger is full"):
            await ledger.inbox.take(large, "once")
        assert not await ledger.inbox.taken(CALL.type, CALL.account, "once")
        with connections_told("max_page_count=1000"):
            assert await ledger.inbox.take(large, "once")


async def test_calls_that_wait_are_counted_by_account(ledger: Ledger) -> None:
    assert await ledger.inbox.waiting() == {}
    for number in range(3):
        await ledger.inbox.take(call(number), str(number))
    await ledger.inbox.take(replace(ELSEWHERE, id="other"), "once")
    assert await ledger.inbox.waiting() == {("toy_land", "default"): 3, ("toy_land", "other"): 1}
    await emptied(ledger)
    assert await ledger.inbox.waiting() == {}


async def test_what_came_with_a_call_is_in_no_row_once_the_broker_has_it(file: Path) -> None:
    async with open_ledger(f"sqlite:///{file}") as ledger:
        await ledger.inbox.take(CALL, "once")
        await ledger.inbox.remove(CALL)
        with closing(sqlite3.connect(file)) as other:
            assert "a-private-matter" not in "\n".join(other.iterdump())


async def test_what_tells_a_call_from_others_is_kept_as_a_hash_only(file: Path) -> None:
    async with open_ledger(f"sqlite:///{file}") as ledger:
        inbound = PlatformInbound([ACCOUNT], ledger)
        assert await inbound.keep(ACCOUNT, "toy-came", None, Toy(name="bear"), "a-one-time-value")
        assert await inbound.kept(ACCOUNT, "toy-came", "a-one-time-value")
        contents = b"".join(path.read_bytes() for path in file.parent.iterdir())
        assert b"a-one-time-value" not in contents
        assert ledger.hashed("a-one-time-value").encode() in contents


async def test_the_same_call_is_always_the_same_event_and_another_account_s_is_another(ledger: Ledger) -> None:
    inbound = PlatformInbound([ACCOUNT], ledger)
    ids = []
    for account in (ACCOUNT, ACCOUNT, OTHER):
        assert await inbound.keep(account, "toy-came", None, Toy(name="bear"), "once")
        ids += [call.id for call in await emptied(ledger)]
        await ledger.forget(timedelta(seconds=-1))
    assert ids[0] == ids[1] != ids[2]
