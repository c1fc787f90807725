"""A ledger that cannot be read or written says so in its own words, quotes nothing, and lets the process end."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gateway.account import Account, AccountSettings
from gateway.ledger import Call, Key, Ledger, LedgerError, Record, open_ledger, sqlite
from gateway.token import Token

ROOT = Path(__file__).parents[2]
SECRET = "a-very-secret-word"
ACCOUNT = Account("toy_land", SECRET, AccountSettings())
KEY = Key("toy_land", "default", SECRET, SECRET)
RECORD = Record(
    key=KEY,
    operation=SECRET,
    outcome=None,
    category=None,
    code=SECRET,
    message=SECRET,
    duplicate=False,
    attempts=1,
    response={"data": SECRET},
    first_seen="",
    updated_at="",
)
CALL = Call(SECRET, SECRET, SECRET, SECRET, SECRET.encode())
OLD_CALL = Call("old", SECRET, SECRET, SECRET, SECRET.encode())


async def _record_step(ledger: Ledger) -> None:
    await (await ledger.steps(KEY)).record(SECRET, SECRET)


WRITES: dict[str, Callable[[Ledger], Awaitable[Any]]] = {
    "record": lambda ledger: ledger.record(RECORD),
    "take a call": lambda ledger: ledger.inbox.take(CALL, SECRET),
    "remove a call": lambda ledger: ledger.inbox.remove(OLD_CALL),
    "save token": lambda ledger: ledger.tokens(ACCOUNT).save_token(Token(SECRET, 1, 0.0)),
    "reserve a token": lambda ledger: ledger.tokens(ACCOUNT).reserve(),
    "halt": lambda ledger: ledger.halt(ACCOUNT, SECRET, SECRET),
    "resume": lambda ledger: ledger.resume(ACCOUNT),
    "record a step": _record_step,
    "lift": lambda ledger: ledger.lift(KEY),
    "take": lambda ledger: ledger.take(ACCOUNT),
    "give up": lambda ledger: ledger.give_up(ACCOUNT, 1),
    "check": lambda ledger: ledger.check(),
}
TABLES = ("events", "steps", "tokens", "halts", "claims", "inbox", "leases", "pulse")
READS: dict[str, Callable[[Ledger], Awaitable[Any]]] = {
    "look": lambda ledger: ledger.look(KEY, SECRET),
    "last position": lambda ledger: ledger.last_position(ACCOUNT),
    "trace": lambda ledger: ledger.trace(SECRET),
    "load token": lambda ledger: ledger.tokens(ACCOUNT).load_token(),
    "halted": lambda ledger: ledger.halted(ACCOUNT),
    "steps": lambda ledger: ledger.steps(KEY),
    "first call": lambda ledger: ledger.inbox.first(),
    "whether a call was taken": lambda ledger: ledger.inbox.taken(SECRET, SECRET, SECRET),
    "waiting calls": lambda ledger: ledger.inbox.waiting(),
}


@pytest.fixture
async def ledger(file: Path) -> AsyncIterator[Ledger]:
    """One whose patience with a locked file is 50 ms instead of 5 s."""
    async with open_ledger(f"sqlite:///{file}") as opened:
        await opened._store.engine.dispose()
        event.listen(opened._store.engine.sync_engine, "connect", _impatient)
        yield opened


def _impatient(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=50")
    cursor.close()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Somebody else is writing, and does not come to an end."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def drop_tables(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            other.execute(f"DROP TABLE {name}")


async def failure(work: Awaitable[Any]) -> str:
    with pytest.raises(LedgerError) as caught:
        await work
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", WRITES)
async def test_a_locked_ledger_cannot_be_written_and_can_be_once_it_is_free(
    ledger: Ledger, file: Path, name: str
) -> None:
    with locked(file):
        assert (await failure(WRITES[name](ledger))).startswith("the ledger is locked by another process: ")
    await WRITES[name](ledger)


@pytest.mark.parametrize("name", READS)
async def test_a_ledger_somebody_writes_to_can_be_read(ledger: Ledger, file: Path, name: str) -> None:
    with locked(file):
        await READS[name](ledger)


@pytest.mark.parametrize("name", [*READS, *WRITES])
async def test_a_ledger_whose_tables_are_gone_says_so_without_quoting_values(
    ledger: Ledger, file: Path, name: str
) -> None:
    drop_tables(file)
    assert await failure({**READS, **WRITES}[name](ledger)) == "the ledger fails: OperationalError"


@pytest.mark.parametrize("name", [name for name in WRITES if name != "give up"])
async def test_a_refused_row_is_not_quoted_either(ledger: Ledger, file: Path, name: str) -> None:
    await ledger.halt(ACCOUNT, None, "")  # something to delete or change, for those that do
    await ledger.inbox.take(OLD_CALL, "old")
    await ledger.record(RECORD)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for table in TABLES:
            for change in ("INSERT", "DELETE", "UPDATE"):
                other.execute(
                    f"CREATE TRIGGER {table}_{change} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{SECRET}'); END"
                )
    assert await failure(WRITES[name](ledger)) == "the ledger fails: IntegrityError"


async def test_everybody_of_a_group_that_could_not_be_written_hears_of_it(ledger: Ledger, file: Path) -> None:
    with locked(file):
        ends = await asyncio.gather(*(ledger.record(RECORD) for _ in range(20)), return_exceptions=True)
    assert {type(end) for end in ends} == {LedgerError}
    await ledger.record(RECORD)


def test_a_file_that_cannot_be_made_is_refused_with_its_name_and_the_reason(tmp_path: Path) -> None:
    async def opening_it() -> None:
        async with open_ledger(f"sqlite:///{tmp_path}/missing/gateway.db"):
            pass

    with pytest.raises(LedgerError, match=r"the ledger's file gateway\.db cannot be made: No such file"):
        asyncio.run(opening_it())


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("folder", "the ledger's file cannot be opened: see ledger.url"),
        ("no database", "the ledger's file is no ledger: see ledger.url"),
        ("locked", "the ledger is locked by another process: "),
    ],
)
async def test_what_cannot_be_opened_is_reported_and_leaves_no_thread(
    file: Path, kind: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _spoil(file, kind)
    before = threading.active_count()
    if kind == "locked":
        monkeypatch.setattr(sqlite.SqliteFile, "lock", ("PRAGMA busy_timeout=50", "BEGIN IMMEDIATE"))
        with locked(file):
            assert (await failure(_open(file))).startswith(said)
    else:
        assert (await failure(_open(file))).startswith(said)
    await _threads_end(before)


async def test_a_ledger_that_somebody_writes_to_can_be_opened_and_read(file: Path) -> None:
    await _open(file)
    with locked(file):
        await _open(file)


async def test_a_full_disk_is_named_and_once_there_is_space_the_ledger_goes_on(small_disk: Path) -> None:
    async with open_ledger(f"sqlite:///{small_disk}/gateway.db") as ledger:
        await ledger.record(RECORD)
        filler = small_disk / "filler"
        fill(filler)
        said = "the ledger is full: free space on the disk that holds it"
        assert await failure(_until_full(ledger)) == said
        assert await failure(ledger.check()) == said
        assert (await ledger.look(KEY, None)).record == RECORD
        filler.unlink()
        await ledger.check()
        await ledger.record(RECORD._replace(attempts=2))
        assert (await ledger.look(KEY, None)).record == RECORD._replace(attempts=2)


async def _until_full(ledger: Ledger) -> None:
    for number in range(2000):
        await ledger.record(RECORD._replace(key=KEY._replace(id=f"e-{number}"), message="m" * 2000))


def fill(file: Path) -> None:
    with suppress(OSError), file.open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass


def _spoil(file: Path, kind: str) -> None:
    if kind == "folder":
        file.mkdir()
    elif kind == "no database":
        file.write_bytes(SECRET.encode() * 100)


async def _open(file: Path) -> None:
    async with open_ledger(f"sqlite:///{file}"):
        pass


async def test_a_closed_ledger_leaves_no_thread_behind(file: Path) -> None:
    before = threading.active_count()
    async with open_ledger(f"sqlite:///{file}") as ledger:
        await asyncio.gather(*(READS[name](ledger) for name in READS), *(WRITES[name](ledger) for name in WRITES))
        assert threading.active_count() > before
    await _threads_end(before)


async def _threads_end(before: int) -> None:
    async with asyncio.timeout(5):
        while threading.active_count() > before:  # noqa: ASYNC110 - a thread that was told to end takes a moment
            await asyncio.sleep(0.01)


EXITS = {
    "by a defect in the midst of writing": "[asyncio.create_task(ledger.record(record)) for _ in range(50)]\n"
    "        await asyncio.sleep(0)\n        raise ValueError('a defect')",
    "by an interrupt": "asyncio.create_task(ledger.record(record))\n        await asyncio.sleep(0)\n"
    "        signal.raise_signal(signal.SIGINT)\n        await asyncio.sleep(30)",
}
PROGRAM = """
import asyncio, signal, sys
from gateway.ledger import Call, Key, Record, open_ledger
record = Record(key=Key("p", "a", "s", "i"), operation="o", outcome=None, category=None, code=None, message="",
    duplicate=False, attempts=1, response=None, first_seen="", updated_at="")

async def main():
    async with open_ledger(f"sqlite:///{sys.argv[1]}") as ledger:
        BODY
asyncio.run(main())
"""


@pytest.mark.parametrize("body", EXITS.values(), ids=EXITS.keys())
def test_the_process_ends_whatever_happens_while_the_ledger_is_open(file: Path, body: str) -> None:
    """aiosqlite's threads keep a process whose connections are not closed (aiosqlite#369)."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("BODY", body), str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert ("KeyboardInterrupt" if "SIGINT" in body else "ValueError: a defect") in done.stderr
    assert "database is locked" not in done.stderr
