"""What the ledger knows of one event, and how that lies in a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

import orjson

Blocks = Literal["waits", "stands", "holds"]
"""Why later events of a lane must not go: one waits on the ladder, stands in a worker's memory, or is a dead
letter that holds its lane."""


LONGEST_NAME = 255
LARGEST_NUMBER = 2**31 - 1


class Key(NamedTuple):
    """Which event of which account."""

    platform: str
    account: str
    source: str
    id: str


class Record(NamedTuple):
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


class Entry(NamedTuple):
    """Something that happened to an event: an attempt that ended so, or a wait; see the table of the history.

    `mark` tells it from the event's other entries: the same mark again only counts on.
    """

    key: Key
    mark: str
    at: str
    what: str
    attempt: int | None = None
    code: str | None = None
    milliseconds: float | None = None
    seconds: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Buried:
    """A dead letter as its index has it, in the order of the table's columns. `cause`: see gateway.burial."""

    letter: str
    platform: str
    account: str
    operation: str
    source: str | None
    event_id: str | None
    category: str | None
    code: str | None
    reason: str
    cause: str
    attempts: int
    lane: str | None
    first_seen: str
    dead_at: str
    copies: int = 1
    run: str | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """The first event of a lane that blocks it, and how many do."""

    key: Key
    position: int
    blocks: Blocks
    due_at: float | None
    count: int


class Standing(NamedTuple):
    """What is recorded of an event, and who is first in its lane, which may be the event itself."""

    record: Record | None
    first: Ahead | None


def as_kept(name: str) -> str:
    """A source or id as every database takes it: one that no valid event has is kept by its hash."""
    if len(name) <= LONGEST_NAME and "\0" not in name:
        return name
    return f"hash:{blake2b(name.encode(), digest_size=16).hexdigest()}"


def as_text(text: str | None) -> str | None:
    """A text as every database takes it."""
    return text and text.replace("\0", "\ufffd")


def key_columns(key: Key) -> tuple[str, ...]:
    """The columns that name an event."""
    return key.platform, key.account, as_kept(key.source), as_kept(key.id)


def to_row(record: Record) -> tuple[Any, ...]:
    """The columns of a record, whatever stood in the message's headers and in the platform's answer."""
    return (
        *key_columns(record.key),
        as_text(record.operation),
        record.outcome,
        record.category,
        as_text(record.code),
        as_text(record.message),
        record.duplicate,
        min(record.attempts, LARGEST_NUMBER),
        orjson.dumps(record.response).decode() if record.response is not None else None,
        as_text(record.first_seen),
        record.updated_at,
        as_text(record.replay),
        record.lane,
        record.position,
        record.blocks,
        record.due_at,
        record.sent_at,
        record.epoch,
    )


def to_record(columns: Sequence[Any]) -> Record:
    """The record of a row."""
    response = columns[11]
    values = [
        *columns[4:9],
        bool(columns[9]),
        columns[10],
        orjson.loads(response) if response is not None else None,
        *columns[12:],
    ]
    return Record(Key(*columns[:4]), *values)


def entry_row(entry: Entry) -> tuple[Any, ...]:
    """The columns of an entry, the first time."""
    attempt = None if entry.attempt is None else min(entry.attempt, LARGEST_NUMBER)
    texts = as_text(entry.mark), entry.at, entry.what, attempt, as_text(entry.code)
    return (*key_columns(entry.key), *texts, entry.milliseconds, entry.seconds, as_text(entry.note), 1)


def letter_row(letter: Buried) -> tuple[Any, ...]:
    """The columns of a dead letter, whatever stood in its headers."""
    names = (name and as_kept(name) for name in (letter.source, letter.event_id))
    texts = (as_text(text) for text in (letter.category, letter.code, letter.reason, letter.cause))
    return (
        letter.letter,
        letter.platform,
        letter.account,
        as_text(letter.operation),
        *names,
        *texts,
        min(letter.attempts, LARGEST_NUMBER),
        letter.lane,
        as_text(letter.first_seen),
        as_text(letter.dead_at),
        letter.copies,
        letter.run,
    )
