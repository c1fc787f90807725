"""The `gateway` command. Commands import what they need when they run, so that `--help` is quick."""

import logging

import typer

from gateway.cli import audit, check, console, dead, events, process, publisher, runs, schema, topology
from gateway.cli.common import fail_clearly

app = typer.Typer(
    name="gateway",
    help="Reports business events from RabbitMQ to provincial platforms 省级平台: in order, nothing lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 118},
    rich_markup_mode=None,  # its renderer takes longer to import than everything else together
)
app.command()(process.run)
app.command()(process.worker)
app.command()(process.serve)
app.command()(process.sandbox)
app.command()(process.resume)
app.command()(check.check)
app.command()(events.publish)
app.command()(events.trace)
app.command()(audit.audit)
app.add_typer(console.app, name="console")
app.add_typer(dead.app, name="dead")
app.add_typer(runs.app, name="runs")
app.add_typer(topology.app, name="topology")
app.add_typer(schema.app, name="schema")
app.add_typer(publisher.app, name="publisher")


def main() -> None:
    """The entry point: refusals are one clear line and exit code 2, failures of the broker or ledger 1."""
    logging.getLogger().addHandler(logging.NullHandler())  # a library's own words are for those who stay, see run
    with fail_clearly():
        app()
