"""Opening the ledger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.ledger.ledger import Ledger
from gateway.ledger.store import Store


@asynccontextmanager
async def open_ledger(url: str) -> AsyncIterator[Ledger]:
    """Open the ledger, making its tables where they are missing. Raises LedgerError."""
    store = Store(url)
    try:
        await store.open()
        yield Ledger(store)
    finally:
        await store.close()
