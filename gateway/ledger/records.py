"""What the ledger knows of one event, and how that lies in a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Blocks = Literal["waits", "stands", "holds"]
"""Why later events of a lane must not go: one waits on the ladder, stands in a worker's memory, or is a dead
letter that holds its lane."""


@dataclass(frozen=True, slots=True)
class Key:
    """Which event of which account."""

    platform: str
    account: str
    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an event, in the order of the table's columns. `outcome` is None until it has ended.

    `replay` names the replay that this record speaks of; an event replayed since is a new one.
    `lane` is the keyed hash of its lane, `position` (above 0) its place there, and `blocks`, only with both, says
    why later events of the lane must not go. `due_at`: when its message comes back from the ladder, Unix seconds.
    `sent_at`: written before a call that may not be repeated. `epoch`: of the lease it was written under.
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
    position: int | None = None
    blocks: Blocks | None = None
    due_at: float | None = None
    sent_at: str | None = None
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Ahead:
    """The first event of a lane that blocks it, and how many do."""

    key: Key
    position: int
    blocks: Blocks
    due_at: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is recorded of an event, and who is first in its lane, which may be the event itself."""

    record: Record | None
    first: Ahead | None


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
        "position": record.position,
        "blocks": record.blocks,
        "due_at": record.due_at,
        "sent_at": record.sent_at,
        "epoch": record.epoch,
    }


def to_record(columns: Sequence[Any]) -> Record:
    """The record of a row."""
    response = columns[11]
    values = [*columns[4:11], orjson.loads(response) if response is not None else None, *columns[12:]]
    return Record(Key(*columns[:4]), *values)
