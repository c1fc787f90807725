"""What only a ledger in a file has: its modes, its plans, what lies in it, and its loss, from which it recovers."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy.event

from gateway.ledger import Ledger, LedgerError, Record, open_ledger
from gateway.ledger.sqlite import SqliteFile
from tests.unit.ledgers import ACCOUNT, KEY, event, found, record

GONE = "the ledger's file is gone"


@pytest.fixture
async def ledger(file: Path) -> AsyncIterator[Ledger]:
    async with open_ledger(f"sqlite:///{file}") as opened:
        yield opened


@pytest.mark.parametrize("many", [1, 2, 50])
async def test_no_question_reads_the_whole_table(ledger: Ledger, file: Path, many: int) -> None:
    """SQLite searches its index for one row value, and scans the table for a list of them."""
    asked: list[tuple[str, Any]] = []

    def listen(*call: Any) -> None:
        asked.append((call[2], call[3]))

    database = cast(SqliteFile, ledger._store._database)
    for engine in (database.engine.sync_engine, database._in_threads):
        sqlalchemy.event.listen(engine, "before_cursor_execute", listen)
    await asyncio.gather(*(ledger.look(event(n).key, f"lane {n}") for n in range(many)), ledger.trace("e-1"))
    with closing(sqlite3.connect(file)) as other:
        plans = [str(other.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()) for sql, values in asked]
    assert len(plans) >= 2
    assert not [plan for plan in plans if "SCAN events" in plan]
    assert [plan for plan in plans if "INDEX events_blocking (lane=? AND position=?)" in plan]


async def test_a_recorded_event_is_on_disk_when_recording_returns(ledger: Ledger, file: Path) -> None:
    await ledger.record(record())
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT id, message FROM events").fetchall() == [("e-1", "调用成功")]


async def test_nobody_else_on_the_machine_reads_the_files(ledger: Ledger, file: Path) -> None:
    await ledger.record(record())
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    assert modes == dict.fromkeys(["gateway.db", "gateway.db-wal", "gateway.db-shm"], 0o600)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
async def test_files_that_others_could_read_are_narrowed_when_opened(ledger: Ledger, file: Path, suffix: str) -> None:
    part = Path(f"{file}{suffix}")
    await ledger.record(record())
    os.chmod(part, 0o644)  # noqa: PTH101 - no loop waits for it
    async with open_ledger(f"sqlite:///{file}"):
        assert stat.S_IMODE(os.stat(part).st_mode) == 0o600  # noqa: PTH116


async def test_a_folder_in_its_place_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"the ledger's file cannot be opened: see ledger\.url"):
        async with open_ledger(f"sqlite:///{tmp_path}"):
            pass
    assert stat.S_IMODE(os.stat(tmp_path).st_mode) & stat.S_IXUSR  # noqa: PTH116


@pytest.mark.parametrize("name", ["a b.db", "a?b=c.db", "a#b.db", "100%.db", "号.db"])
async def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    async with open_ledger(f"sqlite:///{tmp_path / name}") as ledger:
        await ledger.record(record())
    assert name in os.listdir(tmp_path)  # noqa: PTH208


# --- its loss


def delete(file: Path) -> None:
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()


async def test_a_ledger_that_can_be_written_passes_its_check_as_often_as_asked(ledger: Ledger) -> None:
    for _ in range(3):
        await ledger.check()


async def test_a_deleted_file_is_noticed_by_whoever_uses_it_first(ledger: Ledger, file: Path) -> None:
    delete(file)
    for work in (ledger.record(record()), ledger.look(KEY, "l"), ledger.take(ACCOUNT)):
        with pytest.raises(LedgerError, match=GONE):
            await work


async def test_after_a_loss_was_noticed_a_check_begins_a_new_file_that_works(ledger: Ledger, file: Path) -> None:
    await ledger.record(record())
    epoch, hashed = (await ledger.take(ACCOUNT)).epoch, ledger.hashed("lane")
    delete(file)
    with pytest.raises(LedgerError, match=GONE):
        await ledger.check()
    await ledger.check()
    assert await found(ledger) is None
    await ledger.record(record())
    assert await found(ledger) == record()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600  # noqa: PTH116
    assert ledger.hashed("lane") == hashed
    assert (await ledger.take(ACCOUNT)).epoch >= epoch


async def test_of_many_who_check_a_lost_ledger_nobody_loses_what_another_wrote(ledger: Ledger, file: Path) -> None:
    async def check_and_record(name: str) -> Record:
        one = event(name)
        await ledger.check()
        await ledger.record(one)
        return one

    delete(file)
    with pytest.raises(LedgerError, match=GONE):
        await ledger.record(record())
    written = await asyncio.gather(*(check_and_record(str(n)) for n in range(20)))
    assert [await found(ledger, one.key) for one in written] == written


async def test_all_who_had_a_lost_ledger_open_meet_again_in_the_new_one(ledger: Ledger, file: Path) -> None:
    async with open_ledger(f"sqlite:///{file}") as other:
        await asyncio.gather(ledger.record(record()), other.record(event(2)))
        delete(file)
        for side in (ledger, other):
            with pytest.raises(LedgerError, match=GONE):
                await side.check()
        await ledger.check()
        await ledger.record(event(3))
        await other.check()
        await asyncio.gather(*(side.record(event(n)) for side, n in [(ledger, 4), (other, 5), (ledger, 6)]))
        for side in (ledger, other):
            assert [await found(side, event(n).key) for n in range(2, 7)] == [None, *(event(n) for n in range(3, 7))]


WRITER = """
import sqlite3, sys
ledger = sqlite3.connect(sys.argv[1])
for turn in range(10**9):
    ledger.execute("INSERT OR REPLACE INTO pulse VALUES (?, ?)", (str(turn % 500), "x" * 200))
    ledger.commit()
    if turn == 200:
        print("writing", flush=True)
"""


async def test_a_process_that_still_writes_to_the_lost_file_does_not_spoil_the_new_one(
    ledger: Ledger, file: Path
) -> None:
    """Only the file itself was deleted: what SQLite keeps beside it is still that process's."""
    command = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:  # noqa: ASYNC220 - no loop waits for it
        try:
            assert writer.stdout
            assert writer.stdout.readline() == b"writing\n"
            os.unlink(file)  # noqa: PTH108 - no loop waits for it
            with pytest.raises(LedgerError, match=GONE):
                await ledger.check()
            await ledger.check()
            for number in range(100):
                await ledger.record(event(number, message="m" * 500))
        finally:
            writer.kill()
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert opened.execute("SELECT count(*) FROM events").fetchall() == [(100,)]


async def test_another_ledger_in_its_place_is_noticed_and_then_used(ledger: Ledger, file: Path) -> None:
    other = file.with_name("other.db")
    async with open_ledger(f"sqlite:///{other}") as second:
        await second.record(replaced := record(attempts=2))
        hashed = second.hashed("lane")
    delete(file)
    os.rename(other, file)  # noqa: PTH104
    with pytest.raises(LedgerError, match=GONE):
        await ledger.check()
    await ledger.check()
    assert await found(ledger) == replaced
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
