"""What a program and all that it started have used: processor time and memory, as Linux counts them."""

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SESSION, USER, CHILDREN_SYSTEM = 3, 11, 14
"""Places in /proc/<pid>/stat behind the name of the command, which may hold blanks."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one session of processes. Memory is the sum of each one's peak, so pages that they share count twice."""

    cpu_seconds: float
    peak_bytes: int


def usage(session: int) -> Usage:
    """What the session led by this process (`start_new_session=True`) has used until now.

    Children that have ended count as soon as their parent has waited for them.
    """
    members = [pid for pid in _pids() if _stat(pid)[SESSION : SESSION + 1] == [str(session)]]
    ticks = sum(int(value) for pid in members for value in _stat(pid)[USER : CHILDREN_SYSTEM + 1])
    return Usage(ticks / TICKS_PER_SECOND, sum(_peak_bytes(pid) for pid in members))


def _pids() -> list[str]:
    return [entry.name for entry in PROC.iterdir() if entry.name.isdigit()]


def _stat(pid: str) -> list[str]:
    """The fields behind the name of the command; none for a process that is gone."""
    try:
        return (PROC / pid / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _peak_bytes(pid: str) -> int:
    try:
        lines = (PROC / pid / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
