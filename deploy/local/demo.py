"""`make demo`: real events through a real broker to simulated platforms, and a dead letter that is mended."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.node import BrokerError, broker
from deploy.local.samples import Samples, as_expected, samples
from deploy.local.stack import Stack, StackError, stack
from gateway import settings
from gateway.ledger import open_ledger
from gateway.publish import publish_events

RUN = Path(".run") / f"demo-{os.getpid()}"
RESULT_SECONDS = 30

console = Console(width=120)


def main() -> int:
    """Run it all; the exit code is 0 when every outcome was the expected one."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with broker(RUN / "broker") as url, stack(RUN, url) as running:
            shown = [show(running, samples(name)) for name in running.platforms]
    except (BrokerError, StackError) as error:
        console.print(f"[red]{error}")
        return 1
    except KeyboardInterrupt:
        return 130
    if not all(shown):
        return 1
    shutil.rmtree(RUN)  # of a run that went wrong, everything stays to be looked at
    return 0


def show(running: Stack, of: Samples) -> bool:
    """Publish one platform's samples, show what came of them, mend and replay one."""
    for call in of.before:
        running.control(of.platform, call["path"], call["body"])
    broker_settings = settings.load(running.config).broker
    rows = asyncio.run(publish_events(broker_settings, of.events, RESULT_SECONDS))
    right = [as_expected(event, row) for event, row in zip(of.events, rows, strict=True)]
    print_table(of, rows, right)
    command(running, "dead", "list", "--account", of.platform)
    return all(right) and mended(running, of)


def print_table(of: Samples, rows: Sequence[Mapping[str, Any]], right: Sequence[bool]) -> None:
    """One line an event; a result that was not expected says what was."""
    table = Table(title=f"{of.platform}: published, called, answered", title_justify="left")
    for name in ("event", "outcome", "code", "attempts", "ms", "as expected"):
        table.add_column(name)
    for event, row, good in zip(of.events, rows, right, strict=True):
        expected = "yes" if good else f"[red]no: {event['expectoutcome']} {event.get('expectcode')}"
        cells = (row[name] for name in ("event", "outcome", "code", "attempts", "milliseconds"))
        table.add_row(*("" if cell is None else str(cell) for cell in cells), expected)
    console.print(table)


def mended(running: Stack, of: Samples) -> bool:
    """The cause of one dead letter is mended at the platform; replayed, it is accepted."""
    for call in of.mend:
        running.control(of.platform, call["path"], call["body"])
    console.print(f"the simulated platform is mended; replaying {of.replay}")
    why = "the cause is mended at the platform"
    command(running, "dead", "replay", of.replay, "--reason", why, "--yes")
    state = asyncio.run(settled(running, of.replay))
    command(running, "trace", of.replay)
    console.print(f"{of.replay} is now [bold]{state}[/bold]")
    return state == "accepted"


async def settled(running: Stack, event_id: str) -> str | None:
    """How the event ended, by the ledger, once it is accepted or the time is over."""
    deadline = time.monotonic() + RESULT_SECONDS
    async with open_ledger(settings.load(running.config).ledger.url) as ledger:
        while True:
            (record,) = await ledger.trace(event_id)
            if record.outcome == "accepted" or time.monotonic() > deadline:
                return record.outcome
            await asyncio.sleep(0.1)


def command(running: Stack, *arguments: str) -> None:
    """Run a `gateway` command as an operator would, and show it. Raises StackError when it fails."""
    console.print(f"[bold]$ gateway {' '.join(arguments)}")
    sys.stdout.flush()
    done = subprocess.run(gateway(running, *arguments), check=False, env={**os.environ, "COLUMNS": "120"})
    if done.returncode:
        raise StackError(f"gateway {arguments[0]} ended with {done.returncode}")


def gateway(running: Stack, *arguments: str) -> list[str]:
    """The command line, with this run's configuration."""
    return [sys.executable, "-m", "gateway", *arguments, "--config", str(running.config)]


if __name__ == "__main__":
    sys.exit(main())
