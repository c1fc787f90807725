"""Dead letters: list, show, replay."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import FAILED, Config, Json, chosen, configured, run_async, show
from gateway.errors import RefusedError

if TYPE_CHECKING:
    from gateway.dead_letters import Filter, Letter, Letters

app = typer.Typer(help="Dead letters 死信: what the gateway could not get accepted.", no_args_is_help=True)

COLUMNS = ("id", "event_id", "category", "code", "attempts", "reason")

Account = Annotated[str | None, typer.Option("--account", help="PLATFORM or PLATFORM.ACCOUNT; else all")]
Category = Annotated[str | None, typer.Option(help="invalid, rejected, exhausted, uncertain, unknown or held")]
Code = Annotated[str | None, typer.Option(help="the platform's code 返回码")]
Operation = Annotated[str | None, typer.Option(help="for example credit-sync")]
Event = Annotated[str | None, typer.Option("--event", help="the event's id")]
Limit = Annotated[int, typer.Option(min=1, help="at most this many of an account")]


@app.command("list")
def list_(
    account: Account = None,
    category: Category = None,
    code: Code = None,
    operation: Operation = None,
    event: Event = None,
    limit: Limit = 1000,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """What died, oldest first: why, after how many attempts, when. Payloads are not shown."""
    wanted = _filter([], category, code, operation, event)
    found = _each(config, account, lambda letters: letters.read(wanted, limit))
    show("dead letters", [letter.summary() for letter in found], as_json, COLUMNS)


@app.command("show")
def show_(
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="of the letter, or of its event")],
    config: Config = None,
) -> None:
    """One dead letter with its event, everything personal masked."""
    import orjson

    wanted = _filter([letter_id], None, None, None, None)
    found = _each(config, None, lambda letters: letters.read(wanted))
    if not found:
        raise RefusedError(f"there is no dead letter {letter_id!r}; gateway dead list shows all")
    for letter in found:
        sys.stdout.write(orjson.dumps(letter.detail(), option=orjson.OPT_INDENT_2).decode() + "\n")


@app.command()
def replay(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="of letters or events")] = None,
    account: Account = None,
    category: Category = None,
    code: Code = None,
    operation: Operation = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Put dead letters back to their account, which treats them as new; exit 1 when none is meant."""
    if not ids and not any((category, code, operation, account)):
        raise RefusedError("say which: ids, or --account, --category, --code, --operation")
    wanted = _filter(ids or [], category, code, operation, None)
    done = _each(config, account, lambda letters: letters.replay(wanted))
    show("replayed", [letter.summary() for letter in done], as_json, COLUMNS)
    if not done:
        raise typer.Exit(FAILED)


def _filter(
    ids: list[str], category: str | None, code: str | None, operation: str | None, event: str | None
) -> "Filter":
    from gateway.dead_letters import Filter

    return Filter(frozenset(ids), category, code, operation, event)


def _each(
    config: Path | None, account: str | None, do: "Callable[[Letters], Awaitable[list[Letter]]]"
) -> "list[Letter]":
    settings, accounts = configured(config)
    meant = chosen(accounts, [account]) if account else accounts

    async def work() -> list[Any]:
        from gateway.broker import connect
        from gateway.dead_letters import letters
        from gateway.topology import Names

        found: list[Any] = []
        async with connect(settings.broker, "gateway dead") as connection:
            for one in meant:
                async with letters(connection, Names(one.platform, one.name)) as queue:
                    found += await do(queue)
        return found

    found: list[Letter] = run_async(work())
    return found
