"""What operators work with: the life of each event, the index of dead letters, runs, audit, how accounts stand."""

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, String

revision = "0004"
down_revision = "0003"

REFUSED = "the audit is only ever added to"


def upgrade() -> None:
    """Make their tables; the audit's refuses to be changed."""
    _history()
    _dead_letters()
    _runs()
    _run_letters()
    _audit()
    op.create_table(
        "states",
        *_keys("platform", "account"),
        Column("state", String, nullable=False),
        Column("code", String),
        Column("message", String, nullable=False),
        Column("at", String, nullable=False),
    )


def _history() -> None:
    op.create_table(
        "history",
        *_keys("platform", "account", "source", "id", "mark"),
        *_texts("at", "what"),
        Column("attempt", Integer),
        Column("code", String),
        Column("milliseconds", Float),
        Column("seconds", Float),
        Column("note", String),
        Column("times", Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def _dead_letters() -> None:
    op.create_table(
        "dead_letters",
        *_keys("letter"),
        *_texts("platform", "account", "operation"),
        *_perhaps("source", "event_id", "category", "code"),
        *_texts("reason", "cause"),
        Column("attempts", Integer, nullable=False),
        Column("lane", String),
        *_texts("first_seen", "dead_at"),
        Column("copies", Integer, nullable=False),
        Column("run", String),
    )
    op.create_index("dead_letters_account", "dead_letters", ["platform", "account", "first_seen"])
    op.create_index("dead_letters_event", "dead_letters", ["event_id"])
    op.create_index("dead_letters_run", "dead_letters", ["run"])


def _runs() -> None:
    op.create_table(
        "runs",
        *_keys("id"),
        *_texts("kind", "state", "actor", "reason", "filter"),
        Column("edit", String),
        *_texts("diff"),
        Column("rate", Float),
        *(Column(name, Integer, nullable=False) for name in ("tolerate", "batch", "ladder")),
        *_texts("note", "created_at", "updated_at"),
    )
    op.create_index("runs_created", "runs", ["created_at"])


def _run_letters() -> None:
    op.create_table(
        "run_letters",
        *_keys("run"),
        Column("number", Integer, primary_key=True),
        *_texts("letter", "platform", "account"),
        *_perhaps("source", "id"),
        *_texts("operation", "replay"),
        Column("lane", String),
        *_texts("state"),
        Column("batch", Integer),
        *_perhaps("code", "message", "sent_at", "ended_at"),
    )
    op.create_index("run_letters_state", "run_letters", ["run", "state", "number"])
    op.create_index("run_letters_event", "run_letters", ["id"])


def _audit() -> None:
    op.create_table(
        "audit",
        Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        *_texts("at", "actor", "act", "reason"),
        Column("run", String),
        *_texts("target", "result"),
    )
    op.create_index("audit_run", "audit", ["run"])
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            op.execute(f"CREATE TRIGGER audit_{act.lower()} BEFORE {act} ON audit {refuse}")
        return
    raising = f"BEGIN RAISE EXCEPTION '{REFUSED}'; END"
    op.execute(f"CREATE FUNCTION audit_refused() RETURNS trigger LANGUAGE plpgsql AS $$ {raising} $$")
    trigger = "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
    op.execute(f"{trigger} FOR EACH STATEMENT EXECUTE FUNCTION audit_refused()")


def _keys(*names: str) -> list[Column[str]]:
    return [Column(name, String, primary_key=True) for name in names]


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, String, nullable=False) for name in names]


def _perhaps(*names: str) -> list[Column[str]]:
    return [Column(name, String) for name in names]
