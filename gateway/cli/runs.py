"""Runs: list, show, resume, pause, cancel."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import FAILED, Config, Json, show
from gateway.cli.operators import (
    RUN_COLUMNS,
    ActorName,
    Reason,
    acting,
    followed,
    print_json,
    run_row,
    tell_run,
    went_well,
)
from gateway.errors import RefusedError

if TYPE_CHECKING:
    from gateway.operating import Operator, Run

app = typer.Typer(help="Replay and discard runs 重放任务: how far they are, going on, ending.", no_args_is_help=True)

LETTER_COLUMNS = ("number", "event_id", "account", "operation", "batch", "state", "code", "message")

RunId = Annotated[str, typer.Argument(metavar="RUN", help="the run's id")]


@app.command("list")
def list_(
    unfinished: Annotated[bool, typer.Option("--unfinished", help="only those that can go on")] = False,
    limit: Annotated[int, typer.Option(min=1, help="at most so many")] = 200,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Runs, latest first, with how many letters were accepted, failed again, are pending."""

    async def work(operator: "Operator") -> list[dict[str, Any]]:
        return [run_row(run) for run in await operator.runs(unfinished=unfinished, limit=limit)]

    show("runs", acting(config, None, work), as_json, RUN_COLUMNS)


@app.command("show")
def show_(
    run_id: RunId,
    state: Annotated[str | None, typer.Option(help="only letters that are accepted, failed, sent, pending …")] = None,
    limit: Annotated[int, typer.Option(min=1, help="at most so many letters")] = 200,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """One run, and its letters: those that failed again first, unless a state is asked for."""
    from dataclasses import asdict

    async def work(operator: "Operator") -> tuple[dict[str, Any], list[dict[str, Any]]]:
        letters = await operator.run_letters(run_id, state, limit)
        if state is None:
            failed = await operator.run_letters(run_id, "failed", limit)
            letters = [*failed, *(one for one in letters if one.state != "failed")][:limit]
        return run_row(await operator.run(run_id)), [asdict(one) for one in letters]

    run, letters = acting(config, None, work)
    if as_json:
        return print_json({**run, "letters": letters})
    for name, value in run.items():
        if value not in (None, "", 0, [], {}):
            typer.echo(f"{name:<14}{value}")
    return show("letters", letters, False, LETTER_COLUMNS)


@app.command()
def resume(
    run_ids: Annotated[list[str] | None, typer.Argument(metavar="[RUN]…")] = None,
    every: Annotated[bool, typer.Option("--all", help="every run that is not over")] = False,
    reason: Reason = "",
    detach: Annotated[bool, typer.Option("--detach", help="leave it to the processes that run")] = False,
    actor: ActorName = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Let runs go on that are paused, stopped or were killed, one after the other, with small batches at first."""
    if not run_ids and not every:
        raise RefusedError("say which: ids of runs, or --all; gateway runs list --unfinished shows them")

    async def work(operator: "Operator") -> "list[Run]":
        names = run_ids or [run.id for run in await operator.runs(unfinished=True)]
        return [await _resumed(operator, name, reason, detach=detach) for name in names]

    rested = acting(config, actor, work)
    if as_json:
        print_json([run_row(run) for run in rested])
    for run in [] if as_json else rested:
        tell_run(run)
    if not detach and not all(went_well(run) for run in rested):
        raise typer.Exit(FAILED)


@app.command()
def pause(
    run_id: RunId, reason: Reason = "", actor: ActorName = None, config: Config = None, as_json: Json = False
) -> None:
    """Put no further letter back; what is with its account goes on."""
    _changed(acting(config, actor, lambda operator: operator.pause(run_id, reason)), as_json)


@app.command()
def cancel(
    run_id: RunId, reason: Reason = "", actor: ActorName = None, config: Config = None, as_json: Json = False
) -> None:
    """End a run: letters not put back yet stay dead letters, free for other runs."""
    _changed(acting(config, actor, lambda operator: operator.cancel(run_id, reason)), as_json)


def _changed(run: "Run", as_json: bool) -> None:
    print_json(run_row(run)) if as_json else tell_run(run)


async def _resumed(operator: "Operator", name: str, reason: str, *, detach: bool) -> "Run":
    run = await operator.run(name)
    if run.state != "running":
        run = await operator.resume(name, reason)
    return run if detach else await followed(operator, name)
