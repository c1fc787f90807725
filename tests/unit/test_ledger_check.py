"""`gateway check` says what is wrong with the ledger, each with its remedy; no broker is needed for that."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from deploy.local.postgres import Postgres
from tests.support.commands import gateway

LOCKED = ("the ledger is locked by another process", "end the process that holds it, or wait until it is done")


async def finding(folder: Path, url: str) -> tuple[str, str]:
    """What was found of the ledger, or that it is good, and the remedy."""
    file = folder / "gateway.toml"
    text = f'broker.url = "amqp://127.0.0.1:1/"\nledger.url = "{url}"\n'
    await asyncio.to_thread(file.write_text, text, encoding="utf-8")
    done = await gateway(folder, "check", "--json")
    assert done.out, done.err
    (row,) = (row for row in done.json if row["what"] == "ledger")
    assert done.code == 1  # there is no broker
    return row["state" if row["state"] == "good" else "found"], row["remedy"]


async def test_a_ledger_that_can_be_written_is_good(tmp_path: Path, url: str) -> None:
    assert await finding(tmp_path, url) == ("good", "")


async def test_a_locked_file_is_named_with_its_remedy(tmp_path: Path, file: Path) -> None:
    assert await finding(tmp_path, f"sqlite:///{file}") == ("good", "")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await finding(tmp_path, f"sqlite:///{file}") == LOCKED


async def test_a_full_disk_is_named_with_its_remedy(tmp_path: Path, small_disk: Path) -> None:
    url = f"sqlite:///{small_disk / 'gateway.db'}"
    (small_disk / "filler").write_bytes(bytes(2 * 1024 * 1024 - 8192))
    assert await finding(tmp_path, url) == ("the ledger is full", "free space on the disk that holds it")


@pytest.mark.parametrize(
    ("url", "state"),
    [
        (
            "sqlite:////no/such/folder/gateway.db",
            "the ledger's file gateway.db cannot be made: No such file or directory",
        ),
        ("postgresql://gateway:secret@127.0.0.1:1/gateway", "the ledger cannot be reached"),
    ],
)
async def test_a_ledger_that_is_not_there_is_named_with_its_remedy(tmp_path: Path, url: str, state: str) -> None:
    assert (await finding(tmp_path, url))[0] == state


async def test_a_password_that_the_server_refuses_is_named_and_not_shown(tmp_path: Path, postgres: Postgres) -> None:
    wrong = postgres.url.replace("gateway:", "gateway:no-")
    state, remedy = await finding(tmp_path, wrong)
    assert state == "the ledger's server refuses us"
    assert remedy.startswith("see user and password in ledger.url")
