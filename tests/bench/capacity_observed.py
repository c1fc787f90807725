"""What a gateway with so many accounts was seen to cost, idle and at work."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.capacity_fitting import Observed, Spent
from tests.bench.paced import publish_paced, schedule
from tests.bench.platform import Platform
from tests.bench.rig import Program, Rig, Trial, until, usage

ANSWER_SECONDS = 0.1
SLOTS = 20
SETTLE_SECONDS = 10.0
"""After the start, until nothing is left of it, nor of the virtual host before."""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many events a second over all accounts together, at mixed rates, for so long; before that idle."""

    rate: float
    seconds: float
    idle_seconds: float


async def observe(bench: Rig, platform: Platform, accounts: int, plan: Plan) -> Observed:
    """Run one gateway with so many accounts through this."""
    names = [f"school-{number}" for number in range(accounts)]
    async with bench.trial(f"capacity-{accounts}") as trial:
        config = trial.configured(_settings(trial, platform, names))
        trial.declare(config)
        async with trial.gateway(config) as program:
            await asyncio.sleep(SETTLE_SECONDS)
            return await _observed(bench, trial, program, names, plan)


async def _observed(bench: Rig, trial: Trial, program: Program, names: Sequence[str], plan: Plan) -> Observed:
    watch = _Watch(bench, program)
    await asyncio.sleep(plan.idle_seconds)
    idle = watch.lap()
    rows, size = ledger(trial.folder)
    planned = schedule(names, plan.rate, plan.seconds)
    await publish_paced(trial.url, planned, "paced")
    await until(trial.waiting, len(planned), program)
    busy = watch.lap()
    rows_after, size_after = ledger(trial.folder)
    peak = program.usage().peak_bytes
    return Observed(len(names), len(planned), idle, busy, peak, rows_after - rows, size_after - size)


class _Watch:
    """What is spent from one lap to the next."""

    def __init__(self, bench: Rig, program: Program) -> None:
        self._session = broker_session(bench)
        self._program = program
        self._last = self._now()

    def lap(self) -> Spent:
        """Since the one before."""
        before, self._last = self._last, self._now()
        return Spent(*(now - then for now, then in zip(self._last, before, strict=True)))

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter(), self._program.usage().cpu_seconds, usage(self._session).cpu_seconds


def broker_session(bench: Rig) -> int:
    """Of the broker's processes, which Erlang's virtual machine is one of: it writes down its number."""
    pid = int((bench.node.folder / "pid").read_text())
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(stat[3])


def ledger(folder: Path) -> tuple[int, int]:
    """Rows of all its tables, and bytes, of the ledger in this folder."""
    connection = sqlite3.connect(f"file:{folder / 'gateway.db'}?mode=ro", uri=True)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = sum(_number(connection, f'SELECT count(*) FROM "{table}"') for table in tables)
        return rows, _number(connection, "PRAGMA page_count") * _number(connection, "PRAGMA page_size")
    finally:
        connection.close()


def _number(connection: sqlite3.Connection, query: str) -> int:
    value: int = connection.execute(query).fetchone()[0]
    return value


def _settings(trial: Trial, platform: Platform, names: Sequence[str]) -> dict[str, Any]:
    settings = trial.gateway_settings(base_url=platform.url, max_in_flight=SLOTS)
    account = settings["platforms"]["gd_accounting"]["default"]
    settings["platforms"]["gd_accounting"] = {name: {**account, "app_id": name} for name in names}
    return settings
