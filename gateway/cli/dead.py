"""Dead letters: list, show, replay, discard, export."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from gateway.cli.common import FAILED, Config, Json, show
from gateway.cli.filters import filtered
from gateway.cli.operators import (
    ActorName,
    Reason,
    Reveal,
    Yes,
    acting,
    agreed,
    confirmed,
    followed,
    print_json,
    run_row,
    tell_plan,
    tell_run,
    went_well,
)
from gateway.errors import RefusedError

if TYPE_CHECKING:
    from gateway.operating import Filter, Operator, Run
    from gateway.operating.model import Kind

app = typer.Typer(help="Dead letters 死信: what the gateway could not get accepted.", no_args_is_help=True)

COLUMNS = ("id", "event_id", "category", "code", "attempts", "dead_at", "reason")
GROUP_COLUMNS = ("count", "account", "operation", "category", "code", "first", "last", "cause")

PRIVATE = 0o600

Detach = Annotated[bool, typer.Option("--detach", help="begin, and leave it to the processes that run")]
Rate = Annotated[float | None, typer.Option("--rate", help="at most so many letters a second")]
Edit = Annotated[Path | None, typer.Option("--edit", help="a JSON Patch (RFC 6902) of each event, in a file")]
Tolerate = Annotated[int, typer.Option("--tolerate", min=0, help="failures of one batch that do not stop the run")]
DryRunOnly = Annotated[bool, typer.Option("--dry-run", help="only say what would be done, and what not and why")]


@app.command("list")
@filtered()
def list_(
    wanted: "Filter",
    group: Annotated[bool, typer.Option("--group", help="by cause: how many, first and last")] = False,
    limit: Annotated[int, typer.Option(min=1, help="at most so many letters")] = 1000,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What died, oldest first, or grouped by cause: why, after how many attempts, when. Payloads are not shown."""

    async def work(operator: "Operator") -> list[dict[str, Any]]:
        await agreed(operator)
        found = await operator.groups(wanted) if group else await operator.letters(wanted, limit)
        return [_shown(one) for one in found]

    rows = acting(config, None, work, wanted.account)
    show("causes" if group else "dead letters", rows, as_json, GROUP_COLUMNS if group else COLUMNS)


def _shown(one: Any) -> dict[str, Any]:
    row = asdict(one)
    return {**row, "account": one.prefix} if "platform" in row else row


@app.command("show")
def show_(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="of the letter, or of its event")],
    reveal: Reveal = False,
    actor: ActorName = None,
    config: Config = None,
) -> None:
    """One dead letter with its event, everything personal masked."""
    import orjson

    async def work(operator: "Operator") -> list[dict[str, Any]]:
        await agreed(operator)
        return [_detail(one) for one in await operator.letter(letter_id, reveal=reveal)]

    found = acting(config, actor, work)
    if not found:
        raise RefusedError(f"there is no dead letter {letter_id!r}; gateway dead list shows all")
    for letter in found:
        sys.stdout.write(orjson.dumps(letter, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")


def _detail(one: Any) -> dict[str, Any]:
    return {**_shown(one.row), "event": one.event, "headers": dict(one.headers)}


@app.command()
@filtered()
def replay(
    wanted: "Filter",
    reason: Reason = "",
    dry_run: DryRunOnly = False,
    rate: Rate = None,
    edit: Edit = None,
    tolerate: Tolerate = 0,
    yes: Yes = False,
    detach: Detach = False,
    actor: ActorName = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Put dead letters back to their account, which treats them as new: in growing batches that stop at a failure.

    Ctrl-C pauses. Exit 1 unless everything was accepted.
    """
    options = {"rate": rate, "edit": _read(edit), "tolerate": tolerate}
    asked = Asked("replay", reason, dry_run, yes, detach, as_json, options)
    _run(wanted, asked, actor, config)


@app.command()
@filtered()
def discard(
    wanted: "Filter",
    reason: Reason = "",
    dry_run: DryRunOnly = False,
    yes: Yes = False,
    detach: Detach = False,
    actor: ActorName = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Take dead letters away for good, with a reason. What is held behind them can then be replayed by itself."""
    _run(wanted, Asked("discard", reason, dry_run, yes, detach, as_json, {}), actor, config)


@app.command()
@filtered(ids=False)
def export(
    wanted: "Filter",
    file: Annotated[Path, typer.Argument(help="to be written, for this user alone; - is standard output")],
    reveal: Reveal = False,
    actor: ActorName = None,
    config: Config = None,
) -> None:
    """Write the letters meant with their events, a JSON object a line, everything personal masked."""
    import orjson

    async def work(operator: "Operator") -> int:
        await agreed(operator)
        with _opened(file) as opened:
            number = 0
            async for row in operator.export(wanted, reveal=reveal):
                opened.write(orjson.dumps(row, default=str) + b"\n")
                number += 1
        return number

    number = acting(config, actor, work, wanted.account)
    typer.echo(f"exported {number} dead letters", err=True)


@app.command()
def index(config: Config = None) -> None:
    """Make the ledger's index of dead letters again from the queues, which are the truth."""

    async def work(operator: "Operator") -> list[str]:
        return await operator.check_index(force=True)

    for line in acting(config, None, work):
        typer.echo(line)


@dataclass(frozen=True)
class Asked:
    """What a run was asked for on the command line; `options` are the replay's own."""

    kind: "Kind"
    reason: str
    dry_run: bool
    yes: bool
    detach: bool
    as_json: bool
    options: dict[str, Any]


def _run(wanted: "Filter", asked: Asked, actor: str | None, config: Path | None) -> None:
    """Plan, ask, begin, carry out, tell."""
    if not wanted.given:
        raise RefusedError("say which: ids, or --account, --category, --code, --text …; see --help")
    if not asked.dry_run and not asked.reason.strip():
        raise RefusedError("say why: --reason TEXT; it stands in the audit")

    async def work(operator: "Operator") -> "Run | None":
        await agreed(operator)
        plan = await operator.dry_run(wanted, kind=asked.kind, edit=asked.options.get("edit"))
        if asked.dry_run or not plan.eligible or not asked.as_json:
            tell_plan(plan, as_json=asked.as_json)
        if asked.dry_run or not plan.eligible:
            return None
        confirmed(asked.yes, f"{asked.kind} {len(plan.eligible)} letters?")
        run = await operator.start(wanted, asked.reason, kind=asked.kind, **asked.options)
        return run if asked.detach else await followed(operator, run.id)

    run = acting(config, actor, work, wanted.account)
    if run is not None:
        print_json(run_row(run)) if asked.as_json else tell_run(run)
    if not asked.dry_run and not (run and (asked.detach or went_well(run))):
        raise typer.Exit(FAILED)


def _read(file: Path | None) -> bytes | None:
    try:
        return None if file is None else file.read_bytes()
    except OSError as error:
        raise RefusedError(f"{file}: {error.strerror}") from None


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """For writing, by this user alone: it holds what may be personal."""
    if str(file) == "-":
        yield sys.stdout.buffer
        return
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    except OSError as error:
        raise RefusedError(f"{file}: {error.strerror}") from None
    with open(handle, "wb") as opened:  # noqa: PTH123 - a handle has no path
        yield opened
