"""Exchanges and queues: declare them, or report what differs."""

from typing import TYPE_CHECKING, Any

import typer

from gateway.cli.common import FAILED, Config, Json, configured, run_async, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.account import Account
    from gateway.settings import Settings
    from gateway.topology import Exchange, Queue

app = typer.Typer(help="Exchanges and queues at the broker 拓扑.", no_args_is_help=True)


@app.command()
def declare(config: Config = None) -> None:
    """Declare everything for the configured accounts; what is there already and alike stays as it is."""
    run_async(_declare(config))


@app.command()
def check(config: Config = None, as_json: Json = False) -> None:
    """Report drift queue by queue; exit 1 when there is any."""
    found = run_async(_check(config))
    rows = [{"what": name, "drift": "; ".join(drift) or "none"} for name, drift in found.items()]
    show("exchanges and queues", rows, as_json, ("what", "drift"))
    if any(found.values()):
        raise typer.Exit(FAILED)


def expected(settings: "Settings", accounts: "Sequence[Account]") -> "tuple[list[Exchange], list[Queue]]":
    """The exchanges and queues that there must be for these accounts."""
    from gateway import platform, topology

    ladder = settings.retry.ladder_seconds
    queues = topology.shared_queues(ladder)
    for account in accounts:
        names = topology.Names(account.platform, account.name)
        queues += topology.account_queues(names, platform.load(account.platform).operations)
    return topology.exchanges(ladder), queues


async def _declare(config: Any) -> None:
    from aiormq.exceptions import ChannelPreconditionFailed

    from gateway import platform
    from gateway.broker import connect
    from gateway.declare import declare_account, declare_shared
    from gateway.errors import RefusedError
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

    settings, accounts = configured(config)
    async with connect(settings.broker, "gateway topology") as connection:
        found = await declare.check(connection, settings.broker, *expected(settings, accounts))
    if settings.broker.management_url is None:
        found["bindings"] = []
        typer.echo("bindings were not checked: set broker.management_url", err=True)
    return found
