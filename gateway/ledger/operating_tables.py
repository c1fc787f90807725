"""The tables that operators work with. Times are ISO 8601 in UTC."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table

from gateway.ledger.tables import METADATA

_NUMBER = BigInteger().with_variant(Integer, "sqlite")

HISTORY = Table(
    "history",  # each attempt and each wait of every event; the same thing again only counts on
    METADATA,
    Column("platform", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("mark", String, primary_key=True),  # tells it from the event's other entries
    Column("at", String, nullable=False),
    Column("what", String, nullable=False),
    Column("attempt", Integer),
    Column("code", String),
    Column("milliseconds", Float),  # of the platform call
    Column("seconds", Float),  # of the wait
    Column("note", String),
    Column("times", Integer, nullable=False),
    sqlite_with_rowid=False,  # found by its event only: half the writing
)

DEAD_LETTERS = Table(
    "dead_letters",  # what stands in the dead letter queues: their index, no payload
    METADATA,
    Column("letter", String, primary_key=True),
    Column("platform", String, nullable=False),
    Column("account", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("source", String),
    Column("event_id", String),
    Column("category", String),
    Column("code", String),
    Column("reason", String, nullable=False),
    Column("cause", String, nullable=False),  # the reason without numbers and ids
    Column("attempts", Integer, nullable=False),
    Column("lane", String),  # keyed hash
    Column("first_seen", String, nullable=False),
    Column("dead_at", String, nullable=False),
    Column("copies", Integer, nullable=False),
    Column("run", String),  # the unfinished run that has claimed it
    Index("dead_letters_account", "platform", "account", "first_seen"),
    Index("dead_letters_event", "event_id"),
    Index("dead_letters_run", "run"),
)

RUNS = Table(
    "runs",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("filter", String, nullable=False),  # JSON
    Column("edit", String),  # JSON Patch; taken out when the run ends, for it may hold personal data
    Column("diff", String, nullable=False),  # JSON, masked
    Column("rate", Float),
    Column("tolerate", Integer, nullable=False),
    Column("batch", Integer, nullable=False),  # the last one begun
    Column("ladder", Integer, nullable=False),  # the batch after which sizes began to grow
    Column("note", String, nullable=False),
    Column("created_at", String, nullable=False),
    Column("updated_at", String, nullable=False),
    Index("runs_created", "created_at"),
)

RUN_LETTERS = Table(
    "run_letters",  # the frozen set of a run
    METADATA,
    Column("run", String, primary_key=True),
    Column("number", Integer, primary_key=True),  # in the order in which they are put back
    Column("letter", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("account", String, nullable=False),
    Column("source", String),
    Column("id", String),
    Column("operation", String, nullable=False),
    Column("replay", String, nullable=False),  # the name under which its event goes back
    Column("lane", String),
    Column("state", String, nullable=False),
    Column("batch", Integer),
    Column("code", String),
    Column("message", String),
    Column("sent_at", String),
    Column("ended_at", String),
    Index("run_letters_state", "run", "state", "number"),
    Index("run_letters_event", "id"),
)

AUDIT = Table(
    "audit",  # append-only: the database itself refuses changes
    METADATA,
    Column("number", _NUMBER, primary_key=True),
    Column("at", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("act", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("run", String),
    Column("target", String, nullable=False),  # JSON
    Column("result", String, nullable=False),
    Index("audit_run", "run"),
)

STATES = Table(
    "states",  # how each account stands, as its worker last said
    METADATA,
    Column("platform", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("code", String),
    Column("message", String, nullable=False),
    Column("at", String, nullable=False),
)
