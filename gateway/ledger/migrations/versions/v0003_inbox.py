"""Calls from platforms wait here for the broker."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make their table."""
    op.create_table(
        "inbox",
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("id", String, nullable=False),
        Column("platform", String, nullable=False),
        Column("account", String, nullable=False),
        Column("type", String, nullable=False),
        Column("event", LargeBinary, nullable=False),
    )
    op.create_index("inbox_id", "inbox", ["id"], unique=True)
