"""kill -9 at named points, brought about from outside: nothing in the gateway knows of them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.oracle.amqp import Frame
from tests.faults.oracle.proxy import Trap
from tests.faults.oracle.scene import Scene, within

SOON = 20.0
"""Seconds in which the point to be killed at has to come up."""


async def after_call_before_record(scene: Scene) -> None:
    """The platform answers while the ledger takes no writes; then the process is killed."""
    platform = scene.platform
    platform.held.clear()
    platform.hold = release = asyncio.Event()
    try:
        await within(SOON, platform.held, "a call")
        await asyncio.sleep(scene.random.uniform(0, 0.03))
        async with locked(scene.around.ledger):
            victim = scene.active
            release.set()
            await asyncio.sleep(scene.random.uniform(0.02, 0.12))
            await scene.kill(victim)
    finally:
        release.set()
        platform.hold = None


async def after_record_before_publish(scene: Scene) -> None:
    """What the process says is held back from its first result on; then it is killed."""
    await _trapped(scene, lambda frame: frame.exchange == "gateway.results", "a result")


async def after_publish_before_ack(scene: Scene) -> None:
    """What the process says is held back from its first acknowledgement on; then it is killed."""
    await _trapped(scene, lambda frame: frame.acknowledges, "an acknowledgement")


async def _trapped(scene: Scene, wanted: Callable[[Frame], bool], what: str) -> None:
    victim = scene.active
    victim.broker.trap = trap = Trap(wanted, scene.random.randrange(6))
    await within(SOON, trap.sprung, what)
    await asyncio.sleep(scene.random.uniform(0, 0.05))
    await scene.kill(victim)


async def in_a_login(scene: Scene) -> None:
    """The token expires; the process is killed while the platform, at random, has or has not made a new one."""
    platform = scene.platform
    platform.login_held.clear()
    platform.login_trap = scene.random.choice(["before", "after"])
    try:
        platform.expire_token()
        await within(SOON, platform.login_held, "a login")
        await asyncio.sleep(scene.random.uniform(0, 0.05))
        await scene.kill(scene.active)
    finally:
        platform.login_trap = None


async def anywhere(scene: Scene) -> None:
    """At any moment."""
    await asyncio.sleep(scene.random.uniform(0, 0.2))
    await scene.kill(scene.active)


@asynccontextmanager
async def locked(ledger: Path) -> AsyncIterator[None]:
    """Nobody else writes to the ledger while the block runs."""
    connection = await asyncio.to_thread(_lock, ledger)
    try:
        yield
    finally:
        connection.close()


def _lock(ledger: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(ledger, timeout=SOON, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    return connection
