"""A private PostgreSQL keeps what it committed, and leaves nothing behind, however its owner ends."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from deploy.local import postgres as local
from deploy.local.postgres import Postgres, PostgresError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(postgres: Postgres) -> Iterator[Path]:
    """Where the server's user can go; the run's own server only shows that there can be one."""
    with tempfile.TemporaryDirectory(prefix="gateway-postgres-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        yield Path(made)


async def numbers(url: str, *statements: str) -> list[int]:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
        return [row["n"] for row in await connection.fetch("SELECT n FROM kept")]
    finally:
        await connection.close()


def processes_in(folder: Path) -> list[Path]:
    """Living processes whose working directory is the server's or its data's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").resolve(strict=True).is_relative_to(folder):
                found.append(process)
    return found


def assert_nothing_left_in(folder: Path) -> None:
    deadline = time.monotonic() + 10
    while (left := processes_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


async def test_it_keeps_what_it_committed_over_a_stop_and_over_a_crash(folder: Path) -> None:
    server = Postgres(folder)
    with server:
        assert await numbers(server.url, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1)") == [1]
    with server:
        assert await numbers(server.url, "INSERT INTO kept VALUES (2)") == [1, 2]
        server.kill()
        server.start()
        assert await numbers(server.url) == [1, 2]
    assert_nothing_left_in(folder)


async def test_nobody_gets_in_without_its_password(folder: Path) -> None:
    with Postgres(folder) as server:
        _, _, address = server.url.partition("@")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://gateway:wrong@{address}")


def test_it_ends_with_an_owner_that_is_killed(folder: Path) -> None:
    program = (
        "import os, pathlib, sys\nfrom deploy.local.postgres import Postgres\n"
        "Postgres(pathlib.Path(sys.argv[1])).start()\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(folder)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert (folder / "data" / "PG_VERSION").exists()
    assert_nothing_left_in(folder)


def test_removed_it_leaves_no_file(folder: Path) -> None:
    server = Postgres(folder / "server")
    (folder / "server").mkdir()
    server.start()
    server.remove()
    assert list(folder.iterdir()) == []


def test_a_machine_that_offers_none_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_programs", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PostgresError, match="apt-get install postgresql") as refusal:
        local.ensure(tmp_path / "install.log")
    assert "\n" not in str(refusal.value)
