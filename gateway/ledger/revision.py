"""Which release's tables a ledger has, without making or changing any."""

from pathlib import Path

from gateway.ledger.errors import reported
from gateway.ledger.migrating import revision_of
from gateway.ledger.store import Store


def file_of(url: str) -> Path | None:
    """The file of a ledger that is one."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None


async def revision(url: str) -> str | None:
    """The revision of its tables; None where there are none yet. Raises LedgerError."""
    file = file_of(url)
    if file is not None and not file.exists():
        return None
    store = Store(url)
    try:
        async with reported(), store.engine.connect() as connection:
            return await connection.run_sync(revision_of)
    finally:
        await store.close()
