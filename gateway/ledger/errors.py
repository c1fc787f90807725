"""How a ledger that fails is reported."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import UnavailableError


class LedgerError(UnavailableError):
    """The ledger cannot be read or written now; nothing may be acknowledged."""


@asynccontextmanager
async def reported() -> AsyncIterator[None]:
    """SQLAlchemy's errors quote statements and values; ours name the kind of failure only."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise LedgerError(f"the ledger fails: {type(cause).__name__}") from None
