"""An event's whole life, from the ledger: what its worker wrote down, and what operators did."""

from sqlalchemy import select

from gateway.ledger import Record
from gateway.ledger.operating_tables import DEAD_LETTERS, HISTORY
from gateway.ledger.records import as_kept, to_record
from gateway.ledger.store import Store, apart
from gateway.ledger.tables import EVENTS
from gateway.operating.model import Life, Moment

WAITS = {
    "waits": "waiting for its next attempt, or for an earlier event of its lane",
    "stands": "in a worker's hands",
    "holds": "holds its lane",
}
"""What an unfinished event does, by why it blocks its lane."""

_ORDER = {"first-seen": 0, "waits": 1, "delayed": 2, "replayed": 4, "discarded": 4}
"""Of what happened in the same millisecond; endings come between."""


class Tracing:
    """Every method may raise LedgerError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @apart
    async def lives(self, event_id: str) -> list[Life]:
        """Of all events of this id, whatever their source and account."""
        kept = as_kept(event_id)
        async with self._store.reading() as connection:
            records = [to_record(row) for row in await connection.execute(select(EVENTS).where(EVENTS.c.id == kept))]
            letters = (await connection.execute(select(DEAD_LETTERS).where(DEAD_LETTERS.c.event_id == kept))).all()
            moments = {}
            for record in records:
                key = (record.key.platform, record.key.account, record.key.source, record.key.id)
                mine = (HISTORY.c[name] == value for name, value in zip(_KEYS, key, strict=True))
                moments[key] = (await connection.execute(select(*_SHOWN).where(*mine))).all()
        there = {(row.platform, row.account, row.source, row.event_id): row.run for row in letters}
        return [_life(r, moments[key], key in there, there.get(key)) for r in records for key in [_key(r)]]


_KEYS = ("platform", "account", "source", "id")
_SHOWN = tuple(
    HISTORY.c[name] for name in ("at", "what", "attempt", "code", "milliseconds", "seconds", "times", "note")
)


def _key(record: Record) -> tuple[str, str, str, str]:
    return record.key.platform, record.key.account, record.key.source, record.key.id


def _life(record: Record, rows: object, is_letter: bool, run: str | None) -> Life:
    first = Moment(record.first_seen, "first-seen")
    moments = [first, *(Moment(*row) for row in rows)]  # type: ignore[attr-defined]
    return Life(
        account=f"{record.key.platform}.{record.key.account}",
        operation=record.operation,
        source=record.key.source,
        event_id=record.key.id,
        state=_state(record, is_letter, run),
        category=record.category,
        code=record.code,
        message=record.message,
        duplicate=record.duplicate,
        attempts=record.attempts,
        first_seen=record.first_seen,
        updated_at=record.updated_at,
        moments=sorted(moments, key=lambda moment: (moment.at[:23], _ORDER.get(moment.what, 3))),
    )


def _state(record: Record, is_letter: bool, run: str | None) -> str:
    """Its outcome and where it is now, in words."""
    if record.outcome is None:
        return WAITS.get(record.blocks or "", "waiting for its next attempt")
    if run is not None:
        return f"{record.outcome}, a dead letter in run {run}"
    if is_letter:
        return f"{record.outcome}, a dead letter" + (", holds its lane" if record.blocks == "holds" else "")
    return record.outcome
