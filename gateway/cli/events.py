"""Publish events and read what became of them."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.common import FAILED, Config, Json, configured, run_async, show, show_one
from gateway.errors import RefusedError

COLUMNS = ("event", "outcome", "category", "code", "attempts", "milliseconds", "message")
MOMENT_COLUMNS = ("at", "what", "attempt", "code", "milliseconds", "seconds", "note")


def publish(
    file: Annotated[Path, typer.Argument(help="one event, or a JSON array of them; - reads standard input")],
    wait: Annotated[float, typer.Option(help="seconds to wait for the results; 0 does not wait")] = 0,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Publish events, confirmed by the broker; with --wait show their results, exit 1 unless all are accepted."""
    import orjson

    from gateway.publish import publish_events

    text = sys.stdin.buffer.read() if str(file) == "-" else _read(file)
    try:
        events = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RefusedError(f"{file}: no JSON: {error.msg} at byte {error.pos}") from None
    events = events if isinstance(events, list) else [events]
    if not all(isinstance(event, dict) for event in events):
        raise RefusedError(f"{file}: an event is a JSON object, and several are an array of them")
    settings, _ = configured(config)
    rows = run_async(publish_events(settings.broker, events, wait))
    show("published", rows, as_json, COLUMNS)
    if wait and any(row["outcome"] != "accepted" for row in rows):
        raise typer.Exit(FAILED)


def trace(
    event_id: Annotated[str, typer.Argument(help="the event's id")],
    config: Config = None,
    as_json: Json = False,
) -> None:
    """An event's whole life: attempts, waits and for whom, outcome, replays; exit 1 when nothing is known."""
    rows = run_async(_trace(event_id, config))
    if as_json:
        show("", rows, as_json, ())
    for row in [] if as_json else rows:
        moments = row.pop("moments")
        show_one(row)
        show("life 经过", [_moment(moment) for moment in moments], as_json, MOMENT_COLUMNS)
    if not rows:
        typer.echo(f"the ledger knows no event {event_id!r}", err=True)
        raise typer.Exit(FAILED)


def _moment(row: dict[str, Any]) -> dict[str, Any]:
    from gateway.history import WORDS

    times = f" ×{row['times']}" if row["times"] > 1 else ""
    return {**row, "what": f"{WORDS.get(row['what'], row['what'])}{times}"}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RefusedError(f"{file}: {error.strerror}") from None


async def _trace(event_id: str, config: Path | None) -> list[dict[str, Any]]:
    from gateway.ledger import open_ledger
    from gateway.operating.tracing import Tracing

    settings, _ = configured(config)
    async with open_ledger(settings.ledger.url) as ledger:
        return [asdict(life) for life in await Tracing(ledger.store).lives(event_id)]
