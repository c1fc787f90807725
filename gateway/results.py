"""What is said of an event that has ended: its result, and the headers of its dead letter. Pure."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL

from pydantic_core import to_json

from gateway.decode import About
from gateway.ledger import Record
from gateway.message import REPLAY
from gateway.topology import Names
from schemas import dead_letters
from schemas.envelope import LONGEST
from schemas.results import Result

_NAMESPACE = NAMESPACE_URL.bytes


def event(names: Names, about: About, record: Record, trace: Mapping[str, str]) -> bytes:
    """The CloudEvent that reports the result (DESIGN §3). Told twice of one ending, it carries one id.

    `trace`: CloudEvents' distributed tracing extension.
    """
    values = {
        "specversion": "1.0",
        "id": _named(f"{about.source} {about.event_id} {record.replay} {record.updated_at}"),
        "source": f"/gateway/{names.platform}/{names.account}",
        "type": f"{names.platform}.{about.operation}.{record.outcome}",
        **({} if about.subject is None else {"subject": about.subject}),
        "time": record.updated_at,
        "datacontenttype": "application/json",
        "account": names.account,
        **trace,
        "data": _data(about, record),
    }
    return to_json(values, inf_nan_mode="null")


def _named(identity: str) -> str:
    """`str(uuid5(NAMESPACE_URL, identity))` at a third of its cost: every event's result needs one."""
    digest = sha1(_NAMESPACE + identity.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def _data(about: About, record: Record) -> Result:
    return Result(
        event_id=about.event_id,
        outcome=record.outcome,
        category=record.category,
        code=record.code,
        message=record.message,
        duplicate=record.duplicate,
        attempts=record.attempts,
        response=record.response,
        finished_at=datetime.fromisoformat(record.updated_at),
    )


def dead_headers(about: About, record: Record) -> Mapping[str, Any]:
    """What a dead letter carries beside the event (DESIGN §5), and what it sheds of its way here."""
    return {
        dead_letters.CATEGORY: record.category,
        dead_letters.CODE: record.code,
        dead_letters.REASON: record.message,
        dead_letters.ATTEMPTS: record.attempts,
        dead_letters.FIRST_SEEN: record.first_seen,
        dead_letters.DEAD_AT: record.updated_at,
        dead_letters.EVENT_ID: cut(about.event_id, LONGEST),
        dead_letters.LANE: record.lane,
        REPLAY: None,
        **dict.fromkeys(dead_letters.ON_THE_LADDER),
    }


def short(value: str | None) -> str | None:
    """AMQP's short string: at most 255 bytes. A longer id was refused, and stands whole in the result."""
    return value if value is None or len(value.encode()) <= LONGEST else None


def cut(text: str | None, longest: int) -> str | None:
    """At most so many characters."""
    return text if text is None or len(text) <= longest else text[: longest - 1] + "…"
