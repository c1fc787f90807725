"""Commands that stay: run, worker, serve, sandbox; and resume, which lets a stopped account go on."""

from typing import Annotated

import typer

from gateway.cli.common import Config, chosen, configured, run_async
from gateway.errors import RefusedError

Names = Annotated[list[str], typer.Argument(metavar="PLATFORM[.ACCOUNT]…")]


def run(config: Config = None) -> None:
    """Everything in one process: all configured workers, calls from platforms, health and metrics."""
    from gateway import process

    settings, accounts = configured(config)
    if not accounts:
        raise RefusedError("no account is configured: add a table [platforms.<platform>.<account>]")
    run_async(process.run(settings, accounts, accounts))


def worker(names: Names, config: Config = None) -> None:
    """Only the workers of these platforms or accounts, with health and metrics."""
    from gateway import process

    settings, accounts = configured(config)
    run_async(process.run(settings, chosen(accounts, names), []))


def serve(config: Config = None) -> None:
    """Only the HTTP side: calls from platforms, health and metrics."""
    from gateway import process

    settings, accounts = configured(config)
    run_async(process.run(settings, [], accounts))


def sandbox(
    host: Annotated[str, typer.Option(help="where to listen")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8090,
) -> None:
    """Simulators of every platform 模拟平台, each under /<platform>; faults on demand under /<platform>/_sandbox."""
    from gateway import sandbox

    run_async(sandbox.run(host, port))


def resume(names: Names, config: Config = None) -> None:
    """Let accounts go on that stopped because the platform refused them, once the reason is mended."""
    from gateway.ledger import open_ledger

    settings, accounts = configured(config)

    async def work() -> None:
        async with open_ledger(settings.ledger.url) as ledger:
            for account in chosen(accounts, names):
                done = "resumed" if await ledger.resume(account) else "was not stopped"
                typer.echo(f"{account}: {done}")

    run_async(work())
