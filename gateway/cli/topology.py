"""Exchanges and queues: declare them, or report what differs."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import FAILED, Config, Json, configured, run_async, show
from gateway.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.definitions import User

app = typer.Typer(help="Exchanges and queues at the broker 拓扑.", no_args_is_help=True)


@app.command()
def declare(config: Config = None) -> None:
    """Declare everything for the configured accounts; what is there already and alike stays as it is."""
    run_async(_declare(config))


@app.command()
def check(config: Config = None, as_json: Json = False) -> None:
    """Report drift queue by queue; exit 1 when there is any."""
    from gateway.declare import NOT_COMPARED

    found = run_async(_check(config))
    rows = [{"what": name, "drift": "; ".join(drift) or "none"} for name, drift in found.items()]
    show("exchanges and queues", rows, as_json, ("what", "drift"))
    if any(set(drift) - {NOT_COMPARED} for drift in found.values()):
        raise typer.Exit(FAILED)


@app.command()
def definitions(
    passwords: Annotated[
        Path | None, typer.Option(help="folder of files named like the users to make, each with its password")
    ] = None,
    config: Config = None,
) -> None:
    """Print what the broker needs as a definitions file, for `rabbitmqctl import_definitions` or load_definitions.

    With [broker] declare = false the user gateway gets no right to make any of it.
    """
    import orjson

    from gateway import definitions as made
    from gateway.declare import expected

    settings, accounts = configured(config)
    users = _with_passwords(made.users(declare=settings.broker.declare), passwords)
    content = made.definitions(made.vhost_of(settings.broker.url), *expected(settings, accounts), users)
    sys.stdout.write(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() + "\n")


def _with_passwords(users: "Mapping[str, User]", folder: Path | None) -> "dict[str, tuple[User, str]]":
    """The users that have a file with a password in the folder. Raises RefusedError for one that cannot be used."""
    if folder is None:
        typer.echo("no users and no rights are in it: give --passwords DIR to have them made", err=True)
        return {}
    found = {name: (user, _password(folder / name)) for name, user in users.items() if (folder / name).is_file()}
    if not found:
        raise RefusedError(f"--passwords {folder}: has none of the files {', '.join(users)}")
    return found


def _password(file: Path) -> str:
    try:
        password = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"--passwords: {file.name} cannot be read: {type(error).__name__}") from None
    if not password:
        raise RefusedError(f"--passwords: {file.name} is empty: put the user's password there")
    return password


async def _declare(config: Any) -> None:
    from aiormq.exceptions import ChannelPreconditionFailed

    from gateway import platform
    from gateway.broker import connect
    from gateway.declare import declare_account, declare_shared
    from gateway.topology import Names

    settings, accounts = configured(config)
    async with connect(settings.broker, "gateway topology") as connection:
        try:
            await declare_shared(connection, settings.retry.ladder_seconds)
            for account in accounts:
                operations = platform.load(account.platform).operations
                await declare_account(connection, Names(account.platform, account.name), operations)
        except ChannelPreconditionFailed as error:
            raise RefusedError(f"something else stands there: {error}") from None
    typer.echo(f"declared: shared exchanges and queues, {len(accounts)} account(s)")


async def _check(config: Any) -> dict[str, list[str]]:
    from gateway import declare
    from gateway.broker import connect
    from gateway.declare import expected

    settings, accounts = configured(config)
    async with connect(settings.broker, "gateway topology") as connection:
        found = await declare.check(connection, settings.broker, *expected(settings, accounts))
    if settings.broker.management_url is None:
        found["bindings"] = []
        typer.echo("bindings were not checked: set broker.management_url", err=True)
    return found
