"""`python -m tests.faults.oracle`: all faults, again and again; exits 1 when anything that must be true was not."""

import argparse
import asyncio
import logging
import math
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from deploy.local.node import Node
from tests.faults.oracle import report
from tests.faults.oracle.broker import Broker
from tests.faults.oracle.faults import FAULTS, KILLS, WIRES, mixed
from tests.faults.oracle.service import version
from tests.faults.oracle.stream import Fault, Row, SkippedError, run

RUN = Path(".run").absolute() / "faults"


def main() -> int:
    """Run what is asked for."""
    options = _options()
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # brokers that are away are what this is about
    say(f"seed {options.seed}: {options.runs} runs, {options.events} events in all")
    folder = RUN / options.seed
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    broken = asyncio.run(_all(options, folder))
    if not broken:
        shutil.rmtree(folder)
    return int(broken)


async def _all(options: argparse.Namespace, folder: Path) -> bool:
    """Whether anything was broken: then logs, ledgers and configurations stay in the folder."""
    every = (*FAULTS, mixed("all of it, mixed", 3, (*KILLS, *WIRES)))
    faults = [fault for fault in every if options.only in fault.name]
    left, rows = iter(enumerate(faults)), dict[int, Row]()
    events = math.ceil(options.events / max(1, len(faults)))
    async with asyncio.TaskGroup() as group:
        hands = [
            group.create_task(_some(options, left, rows, events, folder / f"at-{place}"))
            for place in range(min(options.at_once, len(faults)))
        ]
    made = [rows[number] for number in sorted(rows)]
    stamp = _stamp(options, hands[0].result())
    say(report.markdown(made, stamp))
    if options.readme is not None:
        report.into_readme(options.readme, made, stamp, only_these=bool(options.only))
    return any(row.verdict.findings for row in made)


async def _some(
    options: argparse.Namespace, left: Iterator[tuple[int, Fault]], rows: dict[int, Row], events: int, folder: Path
) -> str:
    """One fault after the other of those that are left, on a broker of our own; the broker's version."""
    node = Node(folder / "node", management=True)
    await asyncio.to_thread(node.start)
    try:
        for number, fault in left:
            (own := folder / str(number)).mkdir()
            try:
                rows[number] = await _row(options, fault, Broker(node), own, events)
            except SkippedError as reason:
                say(f"skipped {fault.name}: {reason}")
        return await version(node.url)
    finally:
        await asyncio.to_thread(node.remove)


async def _row(options: argparse.Namespace, fault: Fault, broker: Broker, folder: Path, events: int) -> Row:
    began = time.monotonic()
    row = await run(fault, broker, folder, options.seed, _runs(fault, options.runs), events)
    say(f"{report.line(row)} ({time.monotonic() - began:.0f} s)")
    for told in report.breaches(row):
        say(told)
    return row


def _runs(fault: Fault, runs: int) -> int:
    return max(1, round(runs * fault.share)) if fault.happen or fault.last else 0


def _stamp(options: argparse.Namespace, broker: str) -> str:
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    today = datetime.now(UTC).date().isoformat()
    commit, at_once = git.stdout.strip() or "unknown", options.at_once
    return f"Commit {commit}, {broker}, {today}, seed {options.seed}, {at_once} at a time on {os.cpu_count()} cores."


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.oracle", description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="what all chance follows from")
    parser.add_argument("--runs", type=int, default=20, help="how often the cheap faults happen; the dear ones less")
    parser.add_argument("--events", type=int, default=50_000, help="in all")
    parser.add_argument("--at-once", type=int, default=3, help="faults at a time, each on a broker of its own")
    parser.add_argument("--only", default="", help="only faults whose name has this in it")
    parser.add_argument("--readme", type=Path, help="a file whose table of faults is to be written anew")
    return parser.parse_args()


def say(text: str) -> None:
    """Tell, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
