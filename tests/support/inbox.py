"""What platforms called and the ledger keeps, seen without a broker; and ledgers that take no more."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from gateway.ledger import Ledger


async def handed_out(ledger: Ledger) -> list[dict[str, Any]]:
    """The events that wait for the broker, taken out of the ledger as if it had them now."""
    events = []
    while call := await ledger.inbox.first():
        event = json.loads(call.event)
        assert (event["id"], event["type"], event["account"]) == (call.id, call.type, call.account)
        events.append(event)
        await ledger.inbox.remove(call)
    return events


@contextmanager
def taking_no_calls(file: Path) -> Iterator[None]:
    """A ledger that fails at the last moment: when what came with a call is written."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("CREATE TRIGGER no_calls BEFORE INSERT ON inbox BEGIN SELECT RAISE(ABORT, 'no'); END")
        yield
        other.execute("DROP TRIGGER no_calls")


@contextmanager
def connections_told(pragma: str) -> Iterator[None]:
    """Every connection to any ledger of this process is told this before it is used."""

    def tell(connection: Any, *_: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(Pool, "checkout", tell)
    yield
    event.remove(Pool, "checkout", tell)
