"""The tables of the first release. It made them without a revision, so what is there already is left as it is."""

from alembic import op
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make them where they are missing."""
    op.create_table(
        "events",
        *_keys("platform", "account", "source", "id"),
        Column("operation", String, nullable=False),
        Column("outcome", String),
        Column("category", String),
        Column("code", String),
        Column("message", String, nullable=False),
        Column("duplicate", Boolean, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("response", String),
        Column("first_seen", String, nullable=False),
        Column("updated_at", String, nullable=False),
        Column("replay", String),
        Column("lane", String),
        if_not_exists=True,
    )
    op.create_index("events_id", "events", ["id"], if_not_exists=True)
    op.create_table(
        "steps",
        *_keys("platform", "account", "source", "id", "name"),
        Column("value", String, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "tokens",
        *_keys("platform", "account"),
        Column("value", String, nullable=False),
        Column("generation", Integer, nullable=False),
        Column("used_at", Float, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "halts",
        *_keys("platform", "account"),
        Column("code", String),
        Column("message", String, nullable=False),
        Column("settings", String, nullable=False),
        Column("at", String, nullable=False),
        if_not_exists=True,
    )
    op.create_table("claims", *_keys("scope", "value"), Column("at", String, nullable=False), if_not_exists=True)
    op.create_table("keys", *_keys("name"), Column("value", LargeBinary, nullable=False), if_not_exists=True)


def _keys(*names: str) -> list[Column[str]]:
    return [Column(name, String, primary_key=True) for name in names]
