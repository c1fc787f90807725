"""The lines of an event's life that its worker writes; an operator's acts are added when it is traced. Pure."""

from collections.abc import Mapping

from gateway.ledger import Entry, Record

REPLAY_DIGITS = 8
"""Of a replay's name that tell an event's lives apart."""


def ended(record: Record, took: float | None) -> Entry:
    """The event has ended; `took`: seconds of its last call, None where none was made."""
    what = record.outcome or ""
    return _entry(record, what, took=took, note=record.message or None)


def delayed(record: Record, took: float | None, seconds: int) -> Entry:
    """An attempt failed and the event waits so long for the next."""
    return _entry(record, "delayed", took=took, seconds=seconds, note=record.message or None)


def waits(record: Record, seconds: int, behind: str | None) -> Entry:
    """The event stepped aside for another one of its lane, or for another copy of itself."""
    return _entry(record, "waits", seconds=seconds, note=behind and f"behind event {behind}")


def _entry(
    record: Record, what: str, *, took: float | None = None, seconds: float | None = None, note: str | None = None
) -> Entry:
    """A wait again for the same event, or an attempt that was made twice, has the mark of the first."""
    life = (record.replay or "")[-REPLAY_DIGITS:]
    mark = f"{what} {life}#{record.attempts}" + (f" {note}" if what == "waits" else "")
    milliseconds = None if took is None else round(took * 1000, 1)
    return Entry(record.key, mark, record.updated_at, what, record.attempts, record.code, milliseconds, seconds, note)


WORDS: Mapping[str, str] = {
    "first-seen": "first seen 首次收到",
    "waits": "waits 等待同序事件",
    "delayed": "attempt failed, waits 失败，等待重试",
    "accepted": "accepted 已受理",
    "rejected": "rejected 被拒绝",
    "dead": "dead letter 死信",
    "expired": "expired 已过期",
    "replayed": "replayed 已重放",
    "discarded": "discarded 已丢弃",
}
"""What a person reads of each."""
