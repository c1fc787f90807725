"""Ledgers to test on: each test of them runs on a file and on PostgreSQL."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.postgres import Postgres
from gateway.ledger import Ledger, open_ledger


@pytest.fixture
async def postgres_url(postgres: Postgres) -> str:
    """A schema of its own for each test, which is all that a ledger sees of the database."""
    schema = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(postgres.url)
    await connection.execute(f"CREATE SCHEMA {schema}")
    await connection.close()
    return f"{postgres.url}?search_path={schema}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a ledger in a file is, once it was opened."""
    return tmp_path / "gateway.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, file: Path) -> str:
    """Where a ledger will be, on both kinds of database."""
    if request.param == "sqlite":
        return f"sqlite:///{file}"
    made: str = request.getfixturevalue("postgres_url")
    return made


@pytest.fixture
async def ledger(url: str) -> AsyncIterator[Ledger]:
    """A new ledger, on both kinds of database."""
    async with open_ledger(url) as opened:
        yield opened


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB, which only root can make."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip("a small disk can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
