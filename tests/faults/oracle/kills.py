"""kill -9 at named points, brought about from outside: nothing in the gateway knows of them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.oracle.amqp import Frame
from tests.faults.oracle.gateways import Gateway
from tests.faults.oracle.proxy import Trap
from tests.faults.oracle.scene import SOON, Scene


async def after_call_before_record(scene: Scene) -> None:
    """The platform answers while the ledger takes no writes; then the process is killed."""
    scene.platform.hold = release = asyncio.Event()
    try:
        victim = await _held(scene, "a call")
        with scene.trouble("ledger locked"):
            async with locked(scene.around.ledger):
                release.set()
                await asyncio.sleep(scene.random.uniform(0.02, 0.12))
                await scene.kill(victim)
    finally:
        release.set()
        scene.platform.hold = None


async def in_a_login(scene: Scene) -> None:
    """The token expires; the process is killed while the platform, at random, has or has not made a new one."""
    scene.platform.login_trap = scene.random.choice(["before", "after"])
    try:
        scene.platform.expire_token()
        victim = await _held(scene, "a login")
        await scene.kill(victim)
    finally:
        scene.platform.login_trap = None


async def _held(scene: Scene, what: str) -> Gateway:
    """Who waits for the platform's answer, some time after it began to."""
    platform = scene.platform
    platform.held = None
    await scene.until(lambda: platform.held is not None, SOON, what)
    await asyncio.sleep(scene.random.uniform(0, 0.05))
    assert platform.held is not None
    return scene.at(platform.held)


async def after_record_before_publish(scene: Scene) -> None:
    """What the process says is held back from its first result on; then it is killed."""
    await _trapped(scene, lambda frame: frame.exchange == "gateway.results", "a result")


async def after_publish_before_ack(scene: Scene) -> None:
    """What the process says is held back from its first acknowledgement on; then it is killed."""
    await _trapped(scene, lambda frame: frame.acknowledges, "an acknowledgement")


async def _trapped(scene: Scene, wanted: Callable[[Frame], bool], what: str) -> None:
    """Whoever is the first to say it is killed; only one has anything to say."""
    trap = Trap(wanted, scene.random.randrange(6))
    for gateway in scene.gateways:
        gateway.broker.trap = trap
    await scene.until(trap.sprung.is_set, SOON, what)
    await asyncio.sleep(scene.random.uniform(0, 0.05))
    victims = [gateway for gateway in scene.gateways if gateway.broker.holding]
    for gateway in scene.gateways:
        gateway.broker.trap = None
    for victim in victims:
        await scene.kill(victim)


async def anywhere(scene: Scene) -> None:
    """At any moment."""
    victim = await scene.active()
    await asyncio.sleep(scene.random.uniform(0, 0.2))
    await scene.kill(victim)


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
