"""Lanes that outlive the worker, leases, sums, a check by writing, and an end to what is kept."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, String, text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Events written before block nothing and were written under no lease."""
    for column in (
        Column("position", BigInteger),
        Column("blocks", String),
        Column("due_at", Float),
        Column("sent_at", String),
        Column("epoch", BigInteger, nullable=False, server_default="0"),
    ):
        op.add_column("events", column)
    _partial_index("events_blocking", ["lane", "position"], "blocks IS NOT NULL")
    _partial_index("events_ended", ["updated_at"], "outcome IS NOT NULL AND blocks IS NULL")
    op.create_index("claims_at", "claims", ["at"])
    op.create_table(
        "leases",
        Column("platform", String, primary_key=True),
        Column("account", String, primary_key=True),
        Column("epoch", BigInteger, nullable=False),
        Column("clean", Boolean, nullable=False),
        Column("released", Boolean, nullable=False),
        Column("at", String, nullable=False),
    )
    op.create_table(
        "tallies",
        Column("group", String, primary_key=True),
        Column("identity", String, primary_key=True),
        Column("item", String, nullable=False),
        Column("part", String, nullable=False),
        Column("hundredths", BigInteger, nullable=False),
    )
    with op.batch_alter_table("tokens") as tokens:
        tokens.alter_column("generation", type_=BigInteger, existing_type=Integer, existing_nullable=False)
    op.create_table("pulse", Column("name", String, primary_key=True), Column("at", String, nullable=False))


def _partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "events", columns, sqlite_where=text(where), postgresql_where=text(where))
