"""What the ledger knows of one event, and how that lies in a row."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy.engine import Row


@dataclass(frozen=True, slots=True)
class Key:
    """Which event of which account."""

    platform: str
    account: str
    source: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of an event. `outcome` is None while it waits for its next attempt.

    `replay` names the replay that this record speaks of; an event replayed since is a new one.
    """

    key: Key
    operation: str
    outcome: str | None
    category: str | None
    code: str | None
    message: str
    duplicate: bool
    attempts: int
    response: dict[str, Any] | None
    first_seen: str
    updated_at: str
    replay: str | None = None
    lane: str | None = None


def to_row(record: Record) -> dict[str, Any]:
    """The columns of a record."""
    return {
        "platform": record.key.platform,
        "account": record.key.account,
        "source": record.key.source,
        "id": record.key.id,
        "operation": record.operation,
        "outcome": record.outcome,
        "category": record.category,
        "code": record.code,
        "message": record.message,
        "duplicate": record.duplicate,
        "attempts": record.attempts,
        "response": orjson.dumps(record.response).decode() if record.response is not None else None,
        "first_seen": record.first_seen,
        "updated_at": record.updated_at,
        "replay": record.replay,
        "lane": record.lane,
    }


def to_record(row: Row[Any]) -> Record:
    """The record of a row."""
    values = dict(row._mapping)
    key = Key(*(values.pop(name) for name in ("platform", "account", "source", "id")))
    response = orjson.loads(values.pop("response") or "null")
    return Record(key=key, response=response, **values)
