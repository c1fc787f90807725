"""The ledger brings its tables up to date by itself: from nothing, from the first release, several at once."""

import asyncio
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from time import perf_counter
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gateway.ledger import Key, Ledger, LedgerError, migrating, open_ledger
from gateway.ledger.sqlite import prepare
from gateway.ledger.tables import METADATA
from gateway.token import Token
from tests.unit.ledgers import ACCOUNT, KEY, found, record

ROOT = Path(__file__).parents[2]
FIRST_RELEASE = """
CREATE TABLE events (
    platform VARCHAR NOT NULL, account VARCHAR NOT NULL, source VARCHAR NOT NULL, id VARCHAR NOT NULL,
    operation VARCHAR NOT NULL, outcome VARCHAR, category VARCHAR, code VARCHAR, message VARCHAR NOT NULL,
    duplicate BOOLEAN NOT NULL, attempts INTEGER NOT NULL, response VARCHAR, first_seen VARCHAR NOT NULL,
    updated_at VARCHAR NOT NULL, replay VARCHAR, lane VARCHAR, PRIMARY KEY (platform, account, source, id)
);
CREATE INDEX events_id ON events (id);
CREATE TABLE steps (
    platform VARCHAR NOT NULL, account VARCHAR NOT NULL, source VARCHAR NOT NULL, id VARCHAR NOT NULL,
    name VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (platform, account, source, id, name)
);
CREATE TABLE tokens (
    platform VARCHAR NOT NULL, account VARCHAR NOT NULL, value VARCHAR NOT NULL, generation INTEGER NOT NULL,
    used_at FLOAT NOT NULL, PRIMARY KEY (platform, account)
);
CREATE TABLE halts (
    platform VARCHAR NOT NULL, account VARCHAR NOT NULL, code VARCHAR, message VARCHAR NOT NULL,
    settings VARCHAR NOT NULL, at VARCHAR NOT NULL, PRIMARY KEY (platform, account)
);
CREATE TABLE claims (
    scope VARCHAR NOT NULL, value VARCHAR NOT NULL, at VARCHAR NOT NULL, PRIMARY KEY (scope, value)
);
CREATE TABLE keys (name VARCHAR NOT NULL, value BLOB NOT NULL, PRIMARY KEY (name));
INSERT INTO events VALUES ('toy_land', 'default', '/school', 'e-1', 'credit-sync', 'accepted', NULL, '200',
    '调用成功', 0, 1, '{"a":1}', '2026-03-01T08:00:00.000+00:00', '2026-03-01T08:00:01.000+00:00', NULL, 'ab12');
INSERT INTO steps VALUES ('toy_land', 'default', '/school', 'e-1', 'upload', '"f-1"');
INSERT INTO tokens VALUES ('toy_land', 'default', 'token', 3, 1772323200.25);
INSERT INTO keys VALUES ('hash', x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
"""


@pytest.fixture
def old(file: Path) -> Path:
    """A file of the first release, with rows."""
    with closing(sqlite3.connect(file)) as made:
        made.executescript(FIRST_RELEASE)
    return file


def missing(connection: Connection) -> list[Any]:
    """What the tables lack to be what the code says."""
    found: list[Any] = compare_metadata(MigrationContext.configure(connection), METADATA)
    return found


def indexes(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as opened:
        rows = opened.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL").fetchall()
    return {re.sub(r"\s+", " ", sql) for (sql,) in rows}


async def test_migrations_make_the_tables_that_the_code_uses(ledger: Ledger) -> None:
    async with ledger._store.engine.connect() as connection:
        assert await connection.run_sync(missing) == []


async def test_a_ledger_of_the_first_release_is_brought_up_to_date_with_its_rows(old: Path) -> None:
    async with open_ledger(f"sqlite:///{old}") as ledger:
        assert await found(ledger) == record(response={"a": 1}, lane="ab12")
        assert (await ledger.steps(KEY))["upload"] == "f-1"
        assert await ledger.tokens(ACCOUNT).load_token() == Token("token", 3, 1772323200.25)
        assert ledger._store.secret == bytes(range(32))
        async with ledger._store.engine.connect() as connection:
            assert await connection.run_sync(missing) == []


async def test_it_is_the_same_ledger_whatever_it_began_as(old: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    for file in (old, new):
        async with open_ledger(f"sqlite:///{file}"):
            pass
    assert indexes(old) == indexes(new)
    assert any("blocks IS NOT NULL" in index for index in indexes(new))


async def test_a_change_that_fails_leaves_everything_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as spoilt:
        spoilt.execute("CREATE TABLE leases (other VARCHAR)")  # the last change cannot be made
        before = spoilt.execute("SELECT * FROM sqlite_master").fetchall()
        with pytest.raises(LedgerError):
            async with open_ledger(f"sqlite:///{old}"):
                pass
        assert spoilt.execute("SELECT * FROM sqlite_master").fetchall() == before


async def test_a_ledger_of_a_later_release_is_refused(url: str) -> None:
    async with open_ledger(url) as ledger, ledger._store.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerError, match=r"the ledger has revision 9999, known here is \d+: run the later release"):
        async with open_ledger(url):
            pass


def test_the_latest_revision_is_the_last_of_the_migrations() -> None:
    script = ScriptDirectory(Path(migrating.__file__).with_name("migrations"))
    assert script.get_heads() == [migrating.LATEST]


def test_a_ledger_that_is_up_to_date_is_opened_without_alembic(old: Path) -> None:
    program = (
        "import asyncio, sys\nfrom gateway.ledger import open_ledger\n"
        "async def main():\n    async with open_ledger(sys.argv[1]): print('alembic' in sys.modules)\n"
        "asyncio.run(main())"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{old}"]
    said = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert said == ["True\n", "False\n"]


async def test_an_up_to_date_ledger_opens_at_once(url: str) -> None:
    async def seconds() -> float:
        began = perf_counter()
        async with open_ledger(url):
            return perf_counter() - began

    await seconds()
    assert min([await seconds() for _ in range(5)]) < 0.15


async def test_many_may_open_an_old_ledger_at_once(old: Path) -> None:
    async def opened() -> Any:
        async with open_ledger(f"sqlite:///{old}") as ledger:
            return await ledger.trace("e-1")

    assert (
        await asyncio.gather(*(opened() for _ in range(6)))
        == [[record(Key("toy_land", "default", "/school", "e-1"), response={"a": 1}, lane="ab12")]] * 6
    )


def test_many_may_be_the_first_to_open_a_file_at_once(tmp_path: Path) -> None:
    """SQLite refuses all but one that change a file's mode at the same moment, however patient they are."""
    together = Barrier(6)

    def first(file: Path) -> str:
        with closing(sqlite3.connect(file)) as connection:
            together.wait()
            prepare(connection, None)
            return str(connection.execute("PRAGMA journal_mode").fetchone()[0])

    with ThreadPoolExecutor(together.parties) as threads:
        for number in range(30):
            assert list(threads.map(first, [tmp_path / f"{number}.db"] * together.parties)) == ["wal"] * 6
