"""`python -m tests.bench`: measure all rows, or some of them; the table is printed and may go into the README."""

import argparse
import asyncio
import logging
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.bench import (
    backlog,
    capacity,
    interactive,
    outage,
    replay,
    report,
    shared_token,
    slow_platform,
    start,
    throughput,
)
from tests.bench.contenders import BENCH_PYTHON
from tests.bench.rig import BenchError, Rig, rig
from tests.bench.row import Measure, Options, Row, say
from tests.bench.stamp import stamp

RUN = Path(".run").absolute() / "bench"
RESULTS = RUN / "results.json"
MODULES = (throughput, slow_platform, interactive, backlog, shared_token, outage, replay, start, capacity)
"""In the order of the report."""

ROWS: dict[str, Measure] = {module.NAME: module.measure for module in MODULES}


def main() -> int:
    """Run what is asked for; 1 when there is no such row, or one could not be measured."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what runs for us is ended by us, as with Ctrl-C
    logging.getLogger("aio_pika").setLevel(logging.CRITICAL)
    wanted = {name: measure for name, measure in ROWS.items() if options.only in name}
    if not wanted:
        say(f"no row has {options.only!r} in its name: {', '.join(ROWS)}")
        return 1
    made, when = asyncio.run(_all(wanted, Options(options.events, options.rounds)))
    report.into_results(RESULTS, made, when)
    if options.readme is not None:
        _publish(options, made, when)
    say(report.report(made, when).written())
    return int(len(made) < len(wanted))


def _publish(options: argparse.Namespace, made: list[Row], when: str) -> None:
    """Into the README, and with the throughput its picture."""
    report.into_readme(options.readme, made, when, names=list(ROWS), only_these=bool(options.only))
    if any(row.name == throughput.NAME and row.data for row in made):
        draw = (str(BENCH_PYTHON / "python"), "-m", "tests.bench.plot", str(RESULTS), str(throughput.PICTURE))
        subprocess.run(draw, check=True)


async def _all(wanted: dict[str, Measure], options: Options) -> tuple[list[Row], str]:
    """Each row after the other: they must not disturb each other. The rows, and when and where they were made."""
    folder = RUN / "now"
    shutil.rmtree(folder, ignore_errors=True)
    async with rig(folder) as bench:
        rows = [await _row(name, measure, bench, options) for name, measure in wanted.items()]
        return [row for row in rows if row is not None], await stamp(bench.node.url, options)


async def _row(name: str, measure: Measure, bench: Rig, options: Options) -> Row | None:
    """None for one that cannot be measured: the others are worth their time all the same."""
    began = time.monotonic()
    try:
        row = await measure(bench, options)
    except BenchError as reason:
        say(f"{name} could not be measured: {reason}")
        return None
    say(f"{name}: {row.measured} ({time.monotonic() - began:.0f} s)")
    return row


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--events", type=int, default=Options.events, help="of each trial")
    parser.add_argument("--rounds", type=int, default=Options.rounds, help="how often each trial is repeated")
    parser.add_argument("--only", default="", help="only rows whose name has this in it")
    parser.add_argument("--readme", type=Path, help="a file whose table of rows is to be written anew")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
