"""An operator inside the test's process, beside a gateway that runs there too."""

from typing import Any

from gateway.operating import Actor, Filter, Operator, Run
from gateway.settings import accounts, load
from tests.support.outside import enrolment
from tests.support.running import Running
from tests.support.scene import Scene

WHY = "the platform was mended"


def operator(stage: Scene, running: Running, name: str = "ana", *, may_reveal: bool = False) -> Operator:
    """One who acts on the scene's account."""
    settings = load(stage.folder / "gateway.toml")
    return Operator(settings, accounts(settings), running.ledger, Actor(name, may_reveal))


async def replayed(ana: Operator, wanted: Filter, **options: Any) -> Run:
    """A run of the letters meant, driven to its rest."""
    run = await ana.start(wanted, WHY, **options)
    await ana.drive(run.id)
    return await ana.run(run.id)


async def dead_enrolments(stage: Scene, number: int, first: int = 0, **attributes: Any) -> list[str]:
    """So many dead letters `unknown` of enrolments, which will be accepted once they are put back; their ids."""
    await stage.fault("code", code="X9999", path="accountantReg")
    ids = [f"e-{n:05}" for n in range(first, first + number)]
    before = stage.service.outcomes().total()
    for name in ids:
        await stage.service.publish(enrolment(f"t-{name}", id=name, **attributes))
    await stage.service.ended(before + number)
    await stage.platform.heal()
    return ids
