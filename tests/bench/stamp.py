"""When and on what a measurement was made: no name of a machine, no place in it."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import aio_pika

from tests.bench.row import Options


async def stamp(broker_url: str, options: Options) -> str:
    """One line: commit, broker, Python, day, how much was measured, processor, cores, memory."""
    today = datetime.now(UTC).date().isoformat()
    broker, python = await _broker(broker_url), f"Python {platform.python_version()}"
    machine = f"{_processor()}, {os.cpu_count()} cores, {_gigabytes():.0f} GB"
    much = f"{options.events:,} events, {options.rounds} rounds"
    return f"Commit {_commit()}, {broker}, {python}, {today}; {much}; {machine}."


def _commit() -> str:
    """The commit that is checked out, and whether files differ from it."""
    git = ["git", "describe", "--always", "--dirty=, changed", "--exclude=*"]
    told = subprocess.run(git, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


async def _broker(url: str) -> str:
    async with await aio_pika.connect(url) as connection:
        properties = connection.transport.connection.server_properties if connection.transport else {}
        return " ".join(_text(properties.get(name)) for name in ("product", "version"))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _processor() -> str:
    """As Linux names it; else the architecture."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _gigabytes() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
