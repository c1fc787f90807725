"""Bringing the ledger's tables up to date, whoever made them; several processes may begin at once."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.ledger.errors import LedgerError

LATEST = "0004"
"""The last of migrations/versions: an up-to-date ledger is opened without alembic, which takes long to import."""


async def migrate(engine: AsyncEngine, lock: Sequence[str]) -> None:
    """Make or change what is missing, all or nothing; `lock`: see gateway.ledger.store.Database.

    Raises LedgerError for a ledger that a later release has changed.
    """
    async with engine.connect() as connection:
        if await connection.run_sync(revision_of) == LATEST:
            return
    async with engine.begin() as connection:
        for statement in lock:
            await connection.exec_driver_sql(statement)
        await connection.run_sync(_upgrade)
    await engine.dispose()  # the connection would stay as patient as that


def revision_of(connection: Connection) -> str | None:
    """The revision of its tables, None where there are none. Raises LedgerError for one of a later release."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision > LATEST:
        raise LedgerError(f"the ledger has revision {revision}, known here is {LATEST}", "run the later release")
    return revision


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - a quarter of a second, and only now needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    command.upgrade(config, LATEST)
