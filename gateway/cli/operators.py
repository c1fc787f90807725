"""What the operators' commands share: who acts, which letters are meant, how a run is followed on the screen."""

import getpass
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import chosen, configured, run_async, show_one
from gateway.errors import RefusedError

if TYPE_CHECKING:
    from rich.progress import Progress

    from gateway.account import Account
    from gateway.operating import DryRun, Operator, Run
    from gateway.settings import Settings

ActorName = Annotated[
    str | None,
    typer.Option("--actor", envvar="GATEWAY_ACTOR", help="who acts, for the audit; else the system's user"),
]
Reason = Annotated[str, typer.Option("--reason", help="why; it stands in the audit")]
Reveal = Annotated[bool, typer.Option("--reveal", help="payloads as they are: needs the right, and is recorded")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]

LOOK_SECONDS = 0.25

ELSEWHERE_SECONDS = 1.0
"""Between two looks whether a run that another process drives needs us."""

RUN_COLUMNS = ("id", "kind", "state", "actor", "accepted", "failed", "pending", "total", "created_at", "reason")


def acting(
    config: Path | None, actor: str | None, work: "Callable[[Operator], Awaitable[Any]]", account: str | None = None
) -> Any:
    """Run the work as this operator, on the configured accounts; `account` must name some of them."""
    settings, accounts = configured(config)
    if account is not None:
        chosen(accounts, [account])
    return run_async(_acting(settings, accounts, actor, work))


async def _acting(
    settings: "Settings",
    accounts: "list[Account]",
    actor: str | None,
    work: "Callable[[Operator], Awaitable[Any]]",
) -> Any:
    import logging

    import structlog

    from gateway.ledger import open_ledger
    from gateway.operating import Actor, Operator

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # we say it ourselves
    name = actor or getpass.getuser()
    async with open_ledger(settings.ledger.url) as ledger:
        return await work(Operator(settings, accounts, ledger, Actor(name, name in settings.operators.reveal)))


async def agreed(operator: "Operator") -> None:
    """The index, made to say what the queues do; what was done is told. Without the broker it is taken as it is."""
    from gateway.broker import BrokerAwayError

    try:
        for line in await operator.check_index():
            typer.echo(f"index: {line}", err=True)
    except BrokerAwayError as error:
        typer.echo(f"index: {error}; shown as the ledger has it", err=True)


def tell_plan(plan: "DryRun", *, as_json: bool) -> None:
    """What would be done, what not and why."""
    if as_json:
        return print_json(asdict(plan))
    typer.echo(f"{plan.kind}: {len(plan.eligible)} eligible 可处理")
    for account, operation, number in _kinds(plan):
        typer.echo(f"  {number:>7}  {account}.{operation}")
    for one in plan.ineligible:
        typer.echo(f"not eligible 不可处理: {one.count}: {one.why} ({', '.join(one.letters)})")
    for warning in plan.warnings:
        typer.echo(f"note 注意: {warning}")
    for change in plan.diff:
        typer.echo(f"edit 修改 {change['letter']}: {change['changes']}")
    return None


def print_json(value: Any) -> None:
    """One JSON value."""
    import orjson

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")


def _kinds(plan: "DryRun") -> list[tuple[str, str, int]]:
    counts: dict[tuple[str, str], int] = {}
    for letter in plan.eligible:
        key = letter.prefix, letter.operation
        counts[key] = counts.get(key, 0) + 1
    return [(*key, number) for key, number in sorted(counts.items())]


def confirmed(yes: bool, question: str) -> None:
    """Ask a person; a script must have said --yes. Raises RefusedError."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError("nobody is there to be asked: add --yes")
    typer.confirm(question, abort=True)


async def followed(operator: "Operator", run_id: str) -> "Run":
    """Drive the run, or watch who does, until it rests; Ctrl-C pauses it. A progress bar for people."""
    import asyncio

    pausing = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, pausing.set)
    driving = asyncio.create_task(_driven(operator, run_id))
    with _bar() as bar:
        task = bar.add_task(run_id, total=None, failed=0, note="")
        while not driving.done():
            _move(bar, task, await operator.run(run_id))
            if pausing.is_set():
                pausing.clear()
                await operator.pause(run_id, "Ctrl-C")
            await asyncio.wait([driving], timeout=LOOK_SECONDS)
        _move(bar, task, await operator.run(run_id))
    await driving
    return await operator.run(run_id)


async def _driven(operator: "Operator", run_id: str) -> None:
    """Until it rests, driven here or elsewhere: whoever drives it may be killed."""
    import asyncio

    while not await operator.drive(run_id):
        if (await operator.run(run_id)).state != "running":
            return
        await asyncio.sleep(ELSEWHERE_SECONDS)


def _bar() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("run {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("failed again {task.fields[failed]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _move(bar: "Progress", task: Any, run: "Run") -> None:
    counts = run.counts
    bar.update(task, total=counts.total, completed=counts.finished, failed=counts.failed, note=run.note)


def run_row(run: "Run") -> dict[str, Any]:
    """A run as a table and JSON show it. `pending`: all that has not ended."""
    counts = run.counts
    return {**asdict(run), **asdict(counts), "pending": counts.total - counts.finished, "total": counts.total}


def tell_run(run: "Run") -> None:
    """How it stands, a line for each count."""
    shown = run_row(run)
    parts = ("id", "kind", "state", "accepted", "failed", "discarded", "skipped", "missing", "pending", "note")
    show_one({name: shown[name] for name in parts if shown[name]})


def went_well(run: "Run") -> bool:
    """Whether everything was accepted, or discarded."""
    counts = run.counts
    return run.state == "done" and not (counts.failed or counts.skipped or counts.missing)
