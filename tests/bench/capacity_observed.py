"""What a gateway with so many accounts was seen to cost at work."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.capacity_fitting import Observed
from tests.bench.paced import publish_paced, schedule
from tests.bench.platform import Platform
from tests.bench.rig import Program, Rig, Trial, usage

ANSWER_SECONDS = 0.1
SLOTS = 20
SETTLE_SECONDS = 10.0
"""After the start, until nothing is left of it, nor of the virtual host before."""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many accounts, so many events a second over all of them together, at mixed rates, for so long."""

    accounts: int
    rate: float
    seconds: float

    @property
    def names(self) -> list[str]:
        """Of the accounts."""
        return [f"school-{number}" for number in range(self.accounts)]


async def observe(bench: Rig, platform: Platform, plan: Plan) -> Observed:
    """Run one gateway through this."""
    async with bench.trial(f"capacity-{plan.accounts}") as trial:
        config = trial.configured(_settings(trial, platform, plan.names))
        trial.declare(config)
        async with trial.gateway(config) as program:
            await asyncio.sleep(SETTLE_SECONDS)
            return await _at_work(bench, trial, program, plan)


async def _at_work(bench: Rig, trial: Trial, program: Program, plan: Plan) -> Observed:
    session, planned = broker_session(bench), schedule(plan.names, plan.rate, plan.seconds)
    rows, size = ledger(trial.folder)
    before, began = _cpu(program, session), time.perf_counter()
    await publish_paced(trial.url, planned, "paced")
    await trial.done(program, len(planned))
    seconds = time.perf_counter() - began
    gateway, broker = (now - then for now, then in zip(_cpu(program, session), before, strict=True))
    rows_now, size_now = ledger(trial.folder)
    memory = resident(program.pid)
    return Observed(plan.accounts, len(planned), seconds, gateway, broker, memory, rows_now - rows, size_now - size)


def _cpu(program: Program, broker: int) -> tuple[float, float]:
    """Processor seconds of gateway and broker until now."""
    return program.usage().cpu_seconds, usage(broker).cpu_seconds


def resident(pid: int) -> float:
    """Bytes of memory that a process has now: its peak is that of its start."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024.0 for line in lines if line.startswith("VmRSS:"))


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
