"""Letters with their events, read off their queues: masked, or as they are."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from aio_pika.abc import AbstractConnection

from gateway.dead_letters import Letter, locked, standing
from gateway.masking import masked
from gateway.message import REPLAY
from gateway.operating.model import LetterDetail, LetterRow
from gateway.platform import Operation
from gateway.topology import Names
from schemas import dead_letters
from schemas.fields import sensitive_fields

OURS = {*dead_letters.DEAD_HEADERS, *dead_letters.ON_THE_LADDER, dead_letters.DEADLINE, REPLAY}


async def details(
    connection: AbstractConnection,
    rows: Sequence[LetterRow],
    operations: Mapping[str, Mapping[str, Operation]],
    *,
    reveal: bool,
) -> AsyncGenerator[LetterDetail, None]:
    """Each of the rows that still stands in its queue, account by account. Raises BusyError."""
    for prefix in sorted({row.prefix for row in rows}):
        mine = [row for row in rows if row.prefix == prefix]
        platform, _, name = prefix.partition(".")
        names, wanted = Names(platform, name), {row.id: row.copies for row in mine}
        async with locked(connection, names), standing(connection, names, wanted) as found:
            for row in mine:
                if row.id in found:
                    operation = operations.get(platform, {}).get(row.operation)
                    yield _detail(row, found[row.id].letter, operation, reveal=reveal)


def exported(detail: LetterDetail) -> dict[str, Any]:
    """One line of an export."""
    return {**asdict(detail.row), "event": detail.event, "headers": dict(detail.headers), "revealed": detail.revealed}


def _detail(row: LetterRow, letter: Letter, operation: Operation | None, *, reveal: bool) -> LetterDetail:
    headers = {name: value for name, value in letter.delivery.headers.items() if name not in OURS}
    shown = {name: str(value) for name, value in headers.items()} if reveal else masked(headers)
    return LetterDetail(row, _event(letter.delivery.body, operation, reveal=reveal), shown, reveal)


def _event(body: bytes, operation: Operation | None, *, reveal: bool) -> Any:
    sensitive = sensitive_fields(operation.model) if operation else frozenset()
    try:
        event = orjson.loads(body)
        event = event if reveal else masked(event, sensitive)
        orjson.dumps(event)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        said = f"no JSON, or nested too deep to be shown: {len(body)} bytes"
        return f"{said}: {body.decode(errors='replace')}" if reveal else said
    return event
