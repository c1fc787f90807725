"""kill -9 of the operator's command in the middle of putting dead letters back."""

import asyncio
from collections.abc import Sequence
from subprocess import Popen
from time import monotonic

from tests.faults.oracle.amqp import PUBLISH, Frame
from tests.faults.oracle.gateways import Gateway, launch
from tests.faults.oracle.numbered import ACCOUNT, PLATFORM, SHARES
from tests.faults.oracle.proxy import Trap
from tests.faults.oracle.scene import PATIENCE, Scene, StuckError

MANY_REFUSED = {**SHARES, "refuse": 0.3, "unlisted": 0.0, "invalid": 0.0}
"""So that everything that died is accepted when it is put back."""

COMMAND = ("dead", "replay", "--account", f"{PLATFORM}.{ACCOUNT}", "--reason", "the platform was mended", "--yes")
GO_ON = ("runs", "resume", "--all")
"""What a killed command has begun, anybody may take up."""


async def killed_again_and_again(scene: Scene, runs: int) -> None:
    """What the platform refused it takes now. The command is killed after some letters, then run to its end."""
    refused = {result.event for result in scene.service.results if result.ending.outcome in {"rejected", "dead"}}
    scene.platform.mended = True
    scene.replayed, scene.replayed_at = frozenset(refused), monotonic()
    operator = Gateway(len(scene.gateways), scene.around)
    await operator.open()
    try:
        for number in range(runs):
            command = GO_ON if number else COMMAND
            with scene.trouble("replay killed", lease=False):
                await _killed(scene, operator, command, scene.random.randrange(2 * len(refused) // (runs + 1)))
        await _to_its_end(scene, operator)
    finally:
        await operator.close()


async def _killed(scene: Scene, operator: Gateway, command: Sequence[str], letters: int) -> None:
    """Kill it when so many letters are published, and sometimes when that many have been taken off their queue."""
    wanted = scene.random.choice([_publishes, _acknowledges])
    operator.broker.trap = trap = Trap(wanted, letters)
    process = _run(scene, operator, command)
    await scene.until(lambda: trap.sprung.is_set() or process.poll() is not None, PATIENCE, "a letter")
    process.kill()
    await asyncio.to_thread(process.wait)
    operator.broker.cut()
    operator.broker.trap = None


def _publishes(frame: Frame) -> bool:
    return frame.method == PUBLISH


def _acknowledges(frame: Frame) -> bool:
    return frame.acknowledges


async def _to_its_end(scene: Scene, operator: Gateway) -> None:
    """Until everything that was put back is accepted, and once more. Raises StuckError."""
    deadline = monotonic() + PATIENCE
    while not _all_settled(scene):
        if monotonic() > deadline:
            raise StuckError(f"not all that was put back was accepted within {PATIENCE:.0f} s")
        await _both(scene, operator)
        await asyncio.sleep(0.5)
    await _both(scene, operator)


async def _both(scene: Scene, operator: Gateway) -> None:
    """End what was begun, then put back whatever is there still."""
    for command in (GO_ON, COMMAND):
        await asyncio.to_thread(_run(scene, operator, command).wait)


def _all_settled(scene: Scene) -> bool:
    again = (result for result in scene.service.results if result.at >= scene.replayed_at)
    return scene.replayed <= {result.event for result in again if result.ending.outcome == "accepted"}


def _run(scene: Scene, operator: Gateway, command: Sequence[str]) -> Popen[bytes]:
    log = scene.around.folder / "replay.log"
    return launch([*command, "--config", str(operator.config)], log, scene.around.variables)
