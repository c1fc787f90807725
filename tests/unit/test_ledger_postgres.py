"""A ledger in PostgreSQL that cannot be read or written says so in its own words, quotes nothing, and recovers."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy.event

from deploy.local.postgres import Postgres
from gateway.ledger import Ledger, LedgerError, open_ledger, postgres
from tests.unit.ledgers import ACCOUNT, event, found, record

SECRET = "a-very-secret-word"
AWAY = "the ledger cannot be reached: see that the server of ledger.url runs"
LOCKED = "the ledger is locked by another process: "


@pytest.fixture
async def ledger(postgres_url: str) -> AsyncIterator[Ledger]:
    async with open_ledger(postgres_url) as opened:
        yield opened


@pytest.fixture
def own_postgres(postgres: Postgres) -> Iterator[Postgres]:
    """A server to kill; the shared one only shows that there can be one."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
    folder.chmod(0o755)
    server = Postgres(folder)
    server.start()
    try:
        yield server
    finally:
        server.remove()


@asynccontextmanager
async def database(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_server_that_dies_is_named_and_once_it_is_back_the_ledger_goes_on(own_postgres: Postgres) -> None:
    async with open_ledger(own_postgres.url) as ledger:
        await ledger.record(record())
        own_postgres.kill()
        for work in (ledger.record(event(2)), ledger.look(event(2).key, "l"), ledger.check(), ledger.check()):
            with pytest.raises(LedgerError, match=AWAY):
                await work
        own_postgres.start()
        await ledger.check()
        assert await found(ledger) == record()


async def test_connections_that_were_cut_fail_once(ledger: Ledger, postgres_url: str) -> None:
    await asyncio.gather(ledger.record(record()), ledger.check(), found(ledger))
    async with database(postgres_url) as other:
        mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gateway'"
        await other.execute(mine)
    with pytest.raises(LedgerError, match=AWAY):
        await ledger.check()
    await asyncio.gather(ledger.check(), ledger.check(), ledger.record(record()))
    assert await found(ledger) == record()


async def test_a_locked_ledger_is_named_and_can_be_written_once_it_is_free(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres.SETTINGS, "lock_timeout", "50ms")
    async with open_ledger(postgres_url) as ledger, database(postgres_url) as other:
        async with other.transaction():
            await other.execute("LOCK TABLE pulse, events")
            with pytest.raises(LedgerError, match=LOCKED):
                await ledger.check()
            with pytest.raises(LedgerError, match=LOCKED):
                await ledger.record(record())
        await asyncio.gather(ledger.check(), ledger.record(record()))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("disk_full", "the ledger is full: free space on the disk that holds it"),
        ("read_only_sql_transaction", "the ledger is read-only: "),
        ("insufficient_privilege", "the ledger is read-only: "),
        ("admin_shutdown", AWAY),
        ("too_many_connections", AWAY),
        ("unique_violation", "the ledger fails: UniqueViolationError$"),
        ("raise_exception", "the ledger fails: "),
    ],
)
async def test_what_the_server_refuses_is_named_and_never_quoted(
    ledger: Ledger, postgres_url: str, code: str, said: str
) -> None:
    async with database(postgres_url) as other:
        await other.execute(
            f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{SECRET}' USING ERRCODE = '{code}'; END $$"
        )
        for table in ("events", "pulse", "leases"):
            await other.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()")
    for work in (ledger.record(record(message=SECRET)), ledger.check(), ledger.take(ACCOUNT)):
        with pytest.raises(LedgerError, match=said) as caught:
            await work
        assert SECRET not in str(caught.value)
        assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("port", AWAY),
        ("host", AWAY),
        ("address", AWAY),
        ("password", "the ledger's server refuses us: see user and password in ledger.url"),
        ("database", "the ledger's database does not exist: make it, or see ledger.url"),
    ],
)
async def test_a_server_that_does_not_let_us_in_is_named_without_the_password(
    postgres: Postgres, wrong: str, said: str
) -> None:
    right = postgres.url
    password, _, rest = right.removeprefix("postgresql://gateway:").partition("@")
    urls = {
        "port": f"postgresql://gateway:{password}@127.0.0.1:1/postgres",
        "password": f"postgresql://gateway:{SECRET}@{rest}",
        "database": right.replace("/postgres", f"/{SECRET}"),
        "address": f"postgresql://gateway:{password}@127.0.0.1:{SECRET}/postgres",
        "host": f"postgresql://gateway:{password}@{SECRET}.invalid/postgres",
    }
    with pytest.raises(LedgerError) as caught:
        async with open_ledger(urls[wrong]):
            pass
    assert str(caught.value).startswith(said)
    assert caught.value.__suppress_context__


FULL = """
INSERT INTO events (platform, account, source, id, operation, message, duplicate, attempts, first_seen, updated_at,
    lane, position, blocks)
SELECT 'p', 'a', 's', 'e-' || n, 'o', '', false, 1, '', '', 'lane ' || n % 100, n, 'waits'
FROM generate_series(1, 20000) AS n
"""


async def test_no_question_reads_a_large_table_though_it_was_first_asked_of_an_empty_one(
    ledger: Ledger, postgres_url: str
) -> None:
    asked: list[str] = []
    engine = ledger._store.engine.sync_engine
    sqlalchemy.event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    await ledger.look(event(1).key, "lane 1")
    async with database(postgres_url) as other:
        await other.execute(FULL)
    async with ledger._store.reading() as connection:
        answer = await connection.exec_driver_sql(f"EXPLAIN {asked[-1]}", (["e-1", "e-2"], ["lane 1", "lane 2"]))
        plan = "\n".join(row[0] for row in answer)
    assert "Seq Scan on events" not in plan
    assert "events_blocking" in plan
