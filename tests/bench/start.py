"""Row: how long a person waits for a command, and an operator for a process that takes work."""

import statistics
import subprocess
import time

from tests.bench.programs import inherited
from tests.bench.rig import GATEWAY, Rig, Trial
from tests.bench.row import Options, Row

NAME = "start"
HELP_SECONDS, READY_SECONDS = 0.4, 2.0
TIMES = 5
"""Starts of each in a round; the first of all is not counted, since it may read from the disk."""


async def measure(bench: Rig, options: Options) -> Row:
    """Wall time of `gateway --help`, and of `gateway run` until /readyz answers 200."""
    async with bench.trial(NAME) as trial:
        config = trial.configured(trial.gateway_settings())
        trial.declare(config)
        times = TIMES * options.rounds
        helps = [_help() for _ in range(times + 1)][1:]
        runs = [await _run(trial) for _ in range(times + 1)][1:]
    told, ready = statistics.median(helps), statistics.median(runs)
    return Row(
        NAME,
        f"`gateway --help` < {HELP_SECONDS} s, `gateway run` ready < {READY_SECONDS:.0f} s",
        f"{told:.2f} s ({_spread(helps)}), {ready:.2f} s ({_spread(runs)})",
        told < HELP_SECONDS and ready < READY_SECONDS,
        {"help_seconds": helps, "ready_seconds": runs},
    )


def _help() -> float:
    began = time.perf_counter()
    subprocess.run([*GATEWAY, "--help"], check=True, capture_output=True, env=inherited())
    return time.perf_counter() - began


async def _run(trial: Trial) -> float:
    config = trial.configured(trial.gateway_settings())  # a port of its own: the last one's may linger
    began = time.perf_counter()
    async with trial.gateway(config):
        return time.perf_counter() - began


def _spread(values: list[float]) -> str:
    return f"{min(values):.2f}–{max(values):.2f}"
