"""What happens to the machine that the gateway runs on: processes that stand still, clocks, disks, locks."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.oracle.kills import locked
from tests.faults.oracle.outages import SLOW
from tests.faults.oracle.scene import Scene
from tests.faults.oracle.stream import Prepared, SkippedError

DISK_MEGABYTES = 24
JUMPS = (45 * 60, -45 * 60, 26 * 3600, -26 * 3600, 90, -90)
"""Seconds by which a clock is wrong: more and less than a token lives, both ways."""


async def stopped(scene: Scene) -> None:
    """The active process stands still, is taken for dead, and goes on as if nothing had been."""
    victim = await scene.active()
    with scene.slow(SLOW), scene.trouble("SIGSTOP", victim.address):
        await asyncio.sleep(scene.random.uniform(0, 0.5))
        victim.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(scene.seconds(9, 8, 30))
        finally:
            victim.signal(signal.SIGCONT)
    await asyncio.sleep(1)


async def ledger_locked(scene: Scene) -> None:
    """Somebody else holds the ledger's write lock for 10 s."""
    with scene.trouble("ledger locked"):
        async with locked(scene.around.ledger):
            await asyncio.sleep(10)


async def disk_full(scene: Scene) -> None:
    """There is no room left where the ledger is, for a while."""
    filler = scene.around.ledger.with_name("filler")
    with scene.trouble("disk full"):
        await asyncio.to_thread(_fill, filler)
        await asyncio.sleep(scene.seconds(3, 2, 6))
        filler.unlink()


def _fill(filler: Path) -> None:
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@contextmanager
def small_disk(folder: Path) -> Iterator[Prepared]:
    """A file system of a few megabytes for the ledger. Raises SkippedError where it cannot be mounted."""
    disk = folder.with_name(f"{folder.name}-disk")
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        raise SkippedError("a small file system can only be mounted by root")
    try:
        yield Prepared(ledger=disk / "gateway.db")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def clock_jumped(scene: Scene) -> None:
    """Every process finds that it is another time, for a while."""
    clock = Path(scene.around.variables["FAKETIME_TIMESTAMP_FILE"])
    with scene.trouble("clock jumped", lease=False, token=True):
        _set(clock, scene.random.choice(JUMPS))
        await asyncio.sleep(scene.seconds(3, 3, 5))
        _set(clock, 0)
        await asyncio.sleep(2)


def _set(clock: Path, seconds: int) -> None:
    """In one step: a process that looks meanwhile must not find it empty."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}\n")
    fresh.rename(clock)


@contextmanager
def own_clock(folder: Path) -> Iterator[Prepared]:
    """Processes whose clock follows a file. Raises SkippedError without libfaketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise SkippedError("there is no libfaketime: install the package faketime")
    folder.parent.mkdir(parents=True, exist_ok=True)
    clock = folder.with_name(f"{folder.name}-clock")
    _set(clock, 0)
    yield Prepared(
        variables={
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_CACHE_DURATION": "1",  # seconds; asking the file each time makes a process several times slower
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
    )
