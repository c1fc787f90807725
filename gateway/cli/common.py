"""What the commands share: configuration, running a coroutine, tables for people and JSON for machines."""

import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from gateway.account import Account
    from gateway.settings import Settings

Config = Annotated[Path | None, typer.Option("--config", help="TOML file; else GATEWAY_CONFIG, else gateway.toml")]
Json = Annotated[bool, typer.Option("--json", help="JSON for machines instead of a table")]

WIDEST = 40
"""Cells of a table's column before it is cut; the last column takes what is left."""

REFUSED = 2
"""Exit code: what was asked for cannot be done as asked."""

FAILED = 1
"""Exit code: it could not be done now, or did not end as hoped."""


@contextmanager
def fail_clearly() -> Iterator[None]:
    """Turn the errors that have a remedy into one line and an exit code; defects keep their traceback."""
    try:
        yield
    except (RefusedError, UnavailableError) as error:
        sys.stderr.write(f"gateway: {error}\n")
        sys.exit(REFUSED if isinstance(error, RefusedError) else FAILED)


def configured(path: Path | None) -> "tuple[Settings, list[Account]]":
    """Settings and accounts. Raises ConfigError."""
    from gateway import settings

    loaded = settings.load(path)
    return loaded, settings.accounts(loaded)


def chosen(accounts: "Sequence[Account]", names: Sequence[str]) -> "list[Account]":
    """The accounts named as PLATFORM or PLATFORM.ACCOUNT. Raises RefusedError for a name that fits none."""
    found: dict[str, Account] = {}
    for name in names:
        fitting = [account for account in accounts if name in {str(account), account.platform}]
        if not fitting:
            known = ", ".join(map(str, accounts)) or "none"
            raise RefusedError(f"no account {name!r} is configured; configured: {known}")
        found |= {str(account): account for account in fitting}
    return list(found.values())


def run_async(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a command's coroutine, on uvloop where there is one."""
    import asyncio

    factory = None
    if sys.platform == "linux":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def show(title: str, rows: Sequence[Mapping[str, Any]], as_json: bool, columns: Sequence[str]) -> None:
    """Print rows: these columns as a table, one line each, or everything as one JSON array."""
    if as_json:
        import orjson

        sys.stdout.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")
        return
    from rich import box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"{title}: {len(rows)}", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, expand=True
    )
    for name in columns[:-1]:
        widest = max((cell_len(str(row[name])) for row in rows if row[name] is not None), default=0)
        table.add_column(name, no_wrap=True, width=min(max(widest, len(name)), WIDEST))
    table.add_column(columns[-1], no_wrap=True, overflow="ellipsis", ratio=1)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]) for name in columns))
    Console().print(table)


def show_one(row: Mapping[str, Any]) -> None:
    """Print one thing, a line for each of its parts."""
    width = max(map(len, row))
    for name, value in row.items():
        typer.echo(f"{name:<{width}}  {'' if value is None else value}")
