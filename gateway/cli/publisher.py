"""Keys for the services that publish over HTTP."""

from typing import Annotated

import typer

app = typer.Typer(help="Services that POST /events 发布方.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Services that POST /events 发布方."""


@app.command()
def key(name: Annotated[str, typer.Argument(help="what the service is called in the settings")]) -> None:
    """Make a key: standard output gets it, once; the settings get only its hash, told on standard error."""
    from gateway.errors import RefusedError
    from gateway.http_events.keys import hashed, new_key
    from gateway.settings import is_name

    if not is_name(name):
        raise RefusedError(f"{name!r}: a name has 1 to 64 of a-z, 0-9, _ and -, no - or _ first")
    made = new_key()
    typer.echo(made)
    typer.echo(
        f"# the key is above, and nowhere else: give it to the service. For the settings:\n"
        f"[http.publishers.{name}]\n"
        f'key_hash = "{hashed(made)}"\n'
        f'types = ["<platform>.*"]      # what it may publish\n'
        f'accounts = ["default"]       # for which accounts; all when left out',
        err=True,
    )
