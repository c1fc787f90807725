"""How a ledger that fails is reported: what is wrong and what to do, never a statement or a value."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import UnavailableError

FREE_SPACE = "free space on the disk that holds it"
LOOK_WHO_WRITES = "end the process that holds it, or wait until it is done"
PUT_BACK = "nothing to do: a new one is made; put the old one back only while nothing runs"
LOOK_AT_URL = "see ledger.url"

SQLITE = {
    sqlite3.SQLITE_FULL: ("the ledger is full", FREE_SPACE),
    sqlite3.SQLITE_BUSY: ("the ledger is locked by another process", LOOK_WHO_WRITES),
    sqlite3.SQLITE_LOCKED: ("the ledger is locked by another process", LOOK_WHO_WRITES),
    sqlite3.SQLITE_CANTOPEN: ("the ledger cannot be reached: its file cannot be opened", LOOK_AT_URL),
    sqlite3.SQLITE_READONLY: ("the ledger is read-only", "let this user write the file and its folder"),
    sqlite3.SQLITE_IOERR: ("the ledger's disk fails", "look at the disk that holds it, and whether it is full"),
    sqlite3.SQLITE_CORRUPT: ("the ledger's file is damaged", "stop, and move the file away: a new one is made"),
    sqlite3.SQLITE_NOTADB: ("the ledger's file is no ledger", LOOK_AT_URL),
}
"""By SQLite's primary result code."""


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
    except SQLAlchemyError as error:
        raise _named(getattr(error, "orig", None) or error) from None


def gone() -> LedgerError:
    """The file that was opened is deleted, or another one lies in its place."""
    return LedgerError("the ledger's file is gone", PUT_BACK)


def _named(cause: BaseException) -> LedgerError:
    known = SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)  # the rest of the code is the special case
    return LedgerError(*known) if known else LedgerError(f"the ledger fails: {type(cause).__name__}")
