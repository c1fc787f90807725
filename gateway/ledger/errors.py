"""How a ledger that fails is reported: what is wrong and what to do, never a statement or a value."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gateway.errors import UnavailableError

FULL = ("the ledger is full", "free space on the disk that holds it")
LOCKED = ("the ledger is locked by another process", "end the process that holds it, or wait until it is done")
GONE = ("the ledger's file is gone", "nothing to do, a new one is made; put an old one back only while nothing runs")
AWAY = ("the ledger cannot be reached", "see that the server of ledger.url runs and has room for us")
REFUSED = ("the ledger's server refuses us", "see user and password in ledger.url, and what the server allows")
READ_ONLY = ("the ledger is read-only", "let this user write it; the file's folder too")
DAMAGED = ("the ledger's file is damaged", "stop, and move it away: a new one is made")

SQLITE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: FULL,
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: ("the ledger's file is no ledger", "see ledger.url"),
    sqlite3.SQLITE_CANTOPEN: ("the ledger's file cannot be opened", "see ledger.url"),
    sqlite3.SQLITE_IOERR: ("the ledger's disk fails", "see that the disk works and has space"),
}
"""By SQLite's extended result code, or by its primary one."""

POSTGRES = {
    "53100": FULL,
    "55P03": LOCKED,
    "40P01": LOCKED,
    "25006": READ_ONLY,
    "42501": READ_ONLY,
    "08": AWAY,
    "28": REFUSED,
    "3D": ("the ledger's database does not exist", "make it, or see ledger.url"),
    "53": AWAY,
    "57": AWAY,
}
"""By SQLSTATE, or by its class."""


class LedgerError(UnavailableError):
    """The ledger cannot be read or written now; nothing may be acknowledged."""

    def __init__(self, wrong: str, remedy: str = "") -> None:
        super().__init__(f"{wrong}: {remedy}" if remedy else wrong)
        self.wrong = wrong
        self.remedy = remedy


@asynccontextmanager
async def reported() -> AsyncIterator[None]:
    """SQLAlchemy's errors quote statements and values; ours name the kind of failure only."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise named(error) from None


def named(error: Exception) -> LedgerError:
    """What the driver's error means to whoever has to act."""
    if isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return LedgerError(*AWAY)
    cause = getattr(error, "orig", None) or error
    code, state = getattr(cause, "sqlite_errorcode", 0), getattr(cause, "sqlstate", None) or ""
    known = SQLITE.get(code) or SQLITE.get(code & 0xFF) or POSTGRES.get(state) or POSTGRES.get(state[:2])
    return LedgerError(*known) if known else LedgerError(f"the ledger fails: {type(cause).__name__}")
