"""A dead letter's name among all, its cause, and its row in the ledger's index. Pure."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

from gateway.decode import About
from gateway.ledger import Buried, Record
from gateway.message import Delivery
from gateway.topology import Names
from schemas import dead_letters

LONGEST_CAUSE = 300
_DETAIL = re.compile(r"\. Sent 发送于 .*", re.DOTALL)
_OTHER_EVENT = re.compile(r"(?<=letter of event )\S+")
_MASKED = re.compile(r"\S?\*{3}\S?(?:\(\d+\))?")
_NAME = re.compile(r"\b(?=[\w-]*\d)[0-9A-Za-z_-]{8,}\b")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


def letter_id(prefix: str, body: bytes, dead_at: str) -> str:
    """Names a letter among all: made of its account, body and time of death. Copies of it have the same."""
    return blake2b(b"\0".join((prefix.encode(), body, dead_at.encode())), digest_size=6).hexdigest()


def cause(reason: str) -> str:
    """The reason without what differs from one event to the next: what letters are grouped by."""
    text = _OTHER_EVENT.sub("…", _DETAIL.sub("", reason))
    for pattern, put in ((_MASKED, "***"), (_NAME, "#"), (_NUMBER, "#")):
        text = pattern.sub(put, text)
    return text[:LONGEST_CAUSE]


def of_ending(names: Names, about: About, record: Record, body: bytes) -> Buried | None:
    """The row of an event that has just died; None where it has not."""
    if record.category is None or about.interactive:
        return None
    return Buried(
        letter=letter_id(names.prefix, body, record.updated_at),
        platform=names.platform,
        account=names.account,
        operation=about.operation,
        source=about.source,
        event_id=about.event_id,
        category=record.category,
        code=record.code,
        reason=record.message,
        cause=cause(record.message),
        attempts=record.attempts,
        lane=record.lane,
        first_seen=record.first_seen,
        dead_at=record.updated_at,
    )


def of_message(names: Names, message: Delivery, copies: int = 1) -> Buried:
    """The row of a letter that stands in its queue, from what it says of itself."""
    said = _said(message)
    event = _named(message.body)
    return Buried(
        letter=letter_id(names.prefix, message.body, said(dead_letters.DEAD_AT) or ""),
        platform=names.platform,
        account=names.account,
        operation=message.routing_key.rpartition(".")[2],
        source=event.get("source"),
        event_id=event.get("id"),
        category=said(dead_letters.CATEGORY),
        code=said(dead_letters.CODE),
        reason=said(dead_letters.REASON) or "",
        cause=cause(said(dead_letters.REASON) or ""),
        attempts=message.attempts,
        lane=said(dead_letters.LANE),
        first_seen=said(dead_letters.FIRST_SEEN) or "",
        dead_at=said(dead_letters.DEAD_AT) or "",
        copies=copies,
    )


def _said(message: Delivery) -> Any:
    def header(name: str) -> str | None:
        value = message.headers.get(name)
        return None if value is None else str(value)

    return header


def _named(body: bytes) -> Mapping[str, str]:
    """The event's id and source, where they can be read."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(event, dict):
        return {}
    return {name: value for name in ("id", "source") if isinstance(value := event.get(name), str)}
