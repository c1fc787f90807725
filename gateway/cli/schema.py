"""The public contract as files."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The public contract for services in any language 接口契约.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The public contract for services in any language 接口契约."""


@app.command()
def export(folder: Annotated[Path, typer.Argument(metavar="DIR", help="made where it is missing")]) -> None:
    """Write a JSON Schema for every event, result and call from a platform, and an AsyncAPI 3 document."""
    from gateway.contract.export import ASYNCAPI
    from gateway.contract.export import export as write

    written = write(folder)
    typer.echo(f"{len(written)} files in {folder}, {folder / ASYNCAPI} among them")
