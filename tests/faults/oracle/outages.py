"""What happens on the wires and at the ends of them: the broker, the platform, the connections to both."""

import asyncio
from time import monotonic

from tests.faults.oracle.platform import Mood
from tests.faults.oracle.scene import SOON, Scene, StuckError, queue
from tests.faults.oracle.stream import Happening

SLOW = (0.5, 0.9)
"""Seconds that answers take while something else goes wrong, so that it happens under way."""


async def broker_killed(scene: Scene) -> None:
    """The broker ends like a power cut, and is started again."""
    with scene.trouble("broker killed"):
        await asyncio.to_thread(scene.node.kill)
        await asyncio.sleep(scene.random.uniform(0, 1))
        await asyncio.to_thread(scene.node.start)


async def broker_cut(scene: Scene) -> None:
    """RST on every connection of the active process to the broker."""
    victim = await scene.active()
    with scene.trouble("broker connections cut", victim.address):
        victim.broker.cut()


async def broker_silent(scene: Scene) -> None:
    """The active process and the broker hear nothing of each other for a while; the others do."""
    victim = await scene.active()
    with scene.slow(SLOW), scene.trouble("broker connections half-open", victim.address):
        victim.broker.go_silent()
        await asyncio.sleep(scene.seconds(8, 8, 60))
        victim.broker.speak()


async def platform_cut(scene: Scene) -> None:
    """RST on every connection of the active process to the platform."""
    victim = await scene.active()
    with scene.trouble("platform connections cut", victim.address, lease=False):
        victim.platform.cut()


async def platform_silent(scene: Scene) -> None:
    """The active process and the platform hear nothing of each other for a while."""
    victim = await scene.active()
    with scene.trouble("platform connections half-open", victim.address, lease=False):
        victim.platform.go_silent()
        await asyncio.sleep(scene.seconds(4, 2, 15))
        victim.platform.speak()


async def platform_refusing(scene: Scene) -> None:
    """The platform's address resets whoever connects, for longer than the whole ladder in the long version."""
    with scene.trouble("platform refusing", lease=False):
        for gateway in scene.gateways:
            gateway.platform.refuse()
        await asyncio.sleep(scene.seconds(3, 2, 15))
        for gateway in scene.gateways:
            gateway.platform.refuse(refusing=False)


def platform_in(mood: Mood, brief: float, low: float, high: float) -> Happening:
    """The platform is in a mood for a while."""

    async def happen(scene: Scene) -> None:
        scene.platform.mood = mood
        await asyncio.sleep(scene.seconds(brief, low, high))
        scene.platform.mood = "well"

    return happen


async def platform_closing(scene: Scene) -> None:
    """The platform closes connections that are idle for a moment, just when they are used again."""
    scene.platform.idle_seconds = scene.random.uniform(0.002, 0.02)
    await asyncio.sleep(scene.seconds(2, 2, 4))
    scene.platform.idle_seconds = None


async def token_expired(scene: Scene) -> None:
    """The token is not valid any more, in the middle of everything."""
    await scene.active()
    scene.platform.expire_token()


async def consumer_cancelled(scene: Scene) -> None:
    """A queue is deleted while all is quiet and it is empty, so that nothing is lost with it, and made again."""
    async with scene.service.quiet:
        await scene.progress(len(scene.service.published))
        with scene.trouble("queue deleted"):
            name = queue(scene.random.choice(["bulk", "due", "interactive"]))
            await scene.service.delete(name)
            await _made_again(scene, name)
            await (
                scene.ready()
            )  # its bindings come after it; until then events go to gateway.unrouted, which is no loss


async def _made_again(scene: Scene, name: str) -> None:
    deadline = monotonic() + SOON
    while not await scene.service.exists(name):
        if monotonic() > deadline:
            raise StuckError(f"{name} was deleted and not made again within {SOON:.0f} s")
        await asyncio.sleep(0.1)
