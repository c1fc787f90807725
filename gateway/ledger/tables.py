"""The ledger's tables. Times are ISO 8601 in UTC; `used_at` and `due_at` are Unix seconds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
)

METADATA = MetaData()

EVENTS = Table(
    "events",
    METADATA,
    Column("platform", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("operation", String, nullable=False),
    Column("outcome", String),  # null: waiting for its next attempt
    Column("category", String),
    Column("code", String),
    Column("message", String, nullable=False),
    Column("duplicate", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("response", String),  # JSON
    Column("first_seen", String, nullable=False),
    Column("updated_at", String, nullable=False),
    Column("replay", String),
    Column("lane", String),  # keyed hash
    Column("position", BigInteger),  # in its lane; counted over the account
    Column("blocks", String),  # why later events of its lane must not go; null: they may
    Column("due_at", Float),  # when it comes back from the ladder
    Column("sent_at", String),  # a call that may not be repeated was about to be made
    Column("epoch", BigInteger, nullable=False, server_default="0"),  # of the lease it was written under
    Index("events_id", "id"),
)
BLOCKING = EVENTS.c.blocks.is_not(None)
ENDED = and_(EVENTS.c.outcome.is_not(None), EVENTS.c.blocks.is_(None))
Index("events_blocking", EVENTS.c.lane, EVENTS.c.position, sqlite_where=BLOCKING, postgresql_where=BLOCKING)
Index("events_ended", EVENTS.c.updated_at, sqlite_where=ENDED, postgresql_where=ENDED)

STEPS = Table(
    "steps",  # of events that take several calls: what is done already
    METADATA,
    Column("platform", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),  # JSON
)

TOKENS = Table(
    "tokens",
    METADATA,
    Column("platform", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("value", String, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("used_at", Float, nullable=False),
)

HALTS = Table(
    "halts",  # accounts that the platform refused, until an operator resumes them or changes their settings
    METADATA,
    Column("platform", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("code", String),
    Column("message", String, nullable=False),
    Column("settings", String, nullable=False),  # keyed hash of the settings that were refused
    Column("at", String, nullable=False),
)

CLAIMS = Table(
    "claims",  # one-time values already seen
    METADATA,
    Column("scope", String, primary_key=True),
    Column("value", String, primary_key=True),  # keyed hash
    Column("at", String, nullable=False),
    Index("claims_at", "at"),
)

INBOX = Table(
    "inbox",  # calls from platforms that the broker does not have yet: the only place where data of events is kept
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),  # in order of arrival
    Column("id", String, nullable=False),
    Column("platform", String, nullable=False),
    Column("account", String, nullable=False),
    Column("type", String, nullable=False),
    Column("event", LargeBinary, nullable=False),
    Index("inbox_id", "id", unique=True),
)

LEASES = Table(
    "leases",  # who may write for an account: the worker with the highest epoch
    METADATA,
    Column("platform", String, primary_key=True),
    Column("account", String, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("clean", Boolean, nullable=False),  # the lease before it was released
    Column("released", Boolean, nullable=False),
    Column("at", String, nullable=False),
)

PULSE = Table(
    "pulse",  # one row, written to see whether the ledger can be written
    METADATA,
    Column("name", String, primary_key=True),
    Column("at", String, nullable=False),
)

KEYS = Table(
    "keys",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

TALLIES = Table(
    "tallies",  # what accepted events have added to sums
    METADATA,
    Column("group", String, primary_key=True),  # keyed hash
    Column("identity", String, primary_key=True),  # keyed hash
    Column("item", String, nullable=False),  # keyed hash
    Column("part", String, nullable=False),
    Column("hundredths", BigInteger, nullable=False),
)
