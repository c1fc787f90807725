"""The web console's users: making the hash of a password."""

import sys

import typer

from gateway.errors import RefusedError

app = typer.Typer(help="The web console 控制台: its users.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Commands for the console."""


@app.command("hash")
def hash_() -> None:
    """Make the hash of a password for [console.users.<name>]: asks for it, or reads it from stdin."""
    from gateway.console.passwords import hashed

    typer.echo(hashed(_asked() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")))


def _asked() -> str:
    """Asked for twice, not shown. Raises RefusedError when both differ."""
    from getpass import getpass

    password = getpass("Password: ")
    if getpass("Again: ") != password:
        raise RefusedError("the two passwords differ: nothing was made")
    return password
