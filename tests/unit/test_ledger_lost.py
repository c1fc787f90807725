"""A ledger whose file is deleted or replaced under it says so, and begins a new one: no event is lost with it."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.account import Account, AccountSettings
from gateway.ledger import Key, Ledger, LedgerError, Record, open_ledger

ACCOUNT = Account("toy_land", "default", AccountSettings())
KEY = Key("toy_land", "default", "/school", "e-1")
RECORD = Record(KEY, "o", None, None, None, "", False, 1, None, "", "")
GONE = "the ledger's file is gone"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gateway.db"


@pytest.fixture
async def ledger(file: Path) -> AsyncIterator[Ledger]:
    async with open_ledger(f"sqlite:///{file}") as opened:
        await opened.record(RECORD)
        yield opened


def delete(file: Path) -> None:
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()


async def test_a_ledger_that_can_be_written_passes_its_check_as_often_as_asked(ledger: Ledger) -> None:
    for _ in range(3):
        await ledger.check()


async def test_a_deleted_file_is_noticed_by_whoever_uses_it_first(ledger: Ledger, file: Path) -> None:
    delete(file)
    for work in (ledger.record(RECORD), ledger.look(KEY, "l"), ledger.take(ACCOUNT)):
        with pytest.raises(LedgerError, match=GONE):
            await work


async def test_after_a_loss_was_noticed_a_check_begins_a_new_file_that_works(ledger: Ledger, file: Path) -> None:
    epoch, hashed = (await ledger.take(ACCOUNT)).epoch, ledger.hashed("lane")
    delete(file)
    with pytest.raises(LedgerError, match=GONE):
        await ledger.check()
    await ledger.check()
    assert (await ledger.look(KEY, None)).record is None
    await ledger.record(RECORD)
    assert (await ledger.look(KEY, None)).record == RECORD
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600  # noqa: PTH116
    assert ledger.hashed("lane") == hashed
    assert (await ledger.take(ACCOUNT)).epoch >= epoch


async def test_of_many_who_check_a_lost_ledger_nobody_loses_what_another_wrote(ledger: Ledger, file: Path) -> None:
    async def check_and_record(name: str) -> Record:
        record = Record(Key("p", "a", "s", name), "o", None, None, None, "", False, 1, None, "", "")
        await ledger.check()
        await ledger.record(record)
        return record

    delete(file)
    with pytest.raises(LedgerError, match=GONE):
        await ledger.record(RECORD)
    written = await asyncio.gather(*(check_and_record(f"e-{n}") for n in range(20)))
    assert [(await ledger.look(one.key, None)).record for one in written] == written


async def test_another_ledger_in_its_place_is_noticed_and_then_used(ledger: Ledger, file: Path) -> None:
    other = file.with_name("other.db")
    async with open_ledger(f"sqlite:///{other}") as second:
        await second.record(replaced := Record(KEY, "o", "accepted", None, None, "", False, 2, None, "", ""))
        hashed = second.hashed("lane")
    delete(file)
    os.rename(other, file)  # noqa: PTH104
    with pytest.raises(LedgerError, match=GONE):
        await ledger.check()
    await ledger.check()
    assert (await ledger.look(KEY, None)).record == replaced
    assert ledger.hashed("lane") == hashed


async def test_a_lost_folder_stays_an_error_until_it_is_back(ledger: Ledger, file: Path) -> None:
    delete(file)
    file.parent.rmdir()
    with pytest.raises(LedgerError, match=GONE):
        await ledger.check()
    with pytest.raises(LedgerError, match=r"the ledger's file gateway\.db cannot be made: No such file"):
        await ledger.check()
    file.parent.mkdir()
    await ledger.check()
