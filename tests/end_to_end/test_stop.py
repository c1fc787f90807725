"""A wrong password (A0210) stops the account until somebody acts: a second try would lock it (DESIGN §4)."""

import asyncio
from typing import Any

import pytest

from tests.end_to_end.test_pause import state, states
from tests.support.commands import gateway
from tests.support.events import check
from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.running import Running
from tests.support.scene import Scene
from workers.gd_accounting.simulator.app import DEMO_SECRET

WRONG = "not-the-secret"
FAILED_ONCE = {"succeeded": 0, "failed": 1}


async def test_a_wrong_password_is_tried_exactly_once_however_many_events_wait(stage: Scene) -> None:
    async with stage.running(secret=WRONG, max_in_flight=20):
        await asyncio.gather(*(stage.service.publish(enrolment(f"t-{number}")) for number in range(50)))
        await stopped(stage)
        await stage.service.publish(enrolment("t-later"))
        await asyncio.sleep(0.5)
        assert states() == {"working": 0, "paused": 0, "stopped": 1}
    assert (await stage.platform.state())["logins"] == FAILED_ONCE
    assert await stage.platform.calls("accountantReg") == []
    assert stage.service.results == []
    assert await stage.depth("bulk") == 51


async def stopped(stage: Scene) -> None:
    await until(lambda: state("stopped") == 1, what="the stop")
    await eventually(lambda: tried(stage), what="the login")


async def tried(stage: Scene) -> bool:
    failed: int = (await stage.platform.state())["logins"]["failed"]
    return failed > 0


async def test_an_account_that_stopped_stays_so_over_restarts(stage: Scene) -> None:
    async with stage.running(secret=WRONG):
        await stage.service.publish(enrolment("t-1"))
        await stopped(stage)
    question = check("t-2")
    async with stage.running(secret=WRONG) as run:
        await stage.service.publish(question)
        answer = await stage.service.result(question["id"])
        assert run.worker.ready
    assert (answer["outcome"], answer["code"]) == ("expired", "A0210")
    assert (await stage.platform.state())["logins"] == FAILED_ONCE
    assert await stage.depth("bulk") == 1


async def test_gateway_resume_lets_a_stopped_account_go_on(stage: Scene) -> None:
    event = enrolment("t-1")
    async with stage.running():
        await stage.fault("code", code="A0211", path="/intf/login", times=1)
        await stage.service.publish(event)
        await stopped_by_fault(stage)
        resumed = await gateway(stage.folder, "resume", "gd_accounting.default")
        result = await stage.service.result(event["id"])
        again = await gateway(stage.folder, "resume", "gd_accounting")
        assert states() == {"working": 1, "paused": 0, "stopped": 0}
    assert (resumed.code, resumed.out) == (0, "gd_accounting.default: resumed\n")
    assert (again.code, again.out) == (0, "gd_accounting.default: was not stopped\n")
    assert (result["outcome"], result["attempts"]) == ("accepted", 1)
    assert (await stage.platform.state())["logins"] == {"succeeded": 1, "failed": 0}


async def stopped_by_fault(stage: Scene) -> None:
    await until(lambda: state("stopped") == 1, what="the stop")
    await eventually(lambda: stands(stage), what="the return of the event")


async def stands(stage: Scene) -> bool:
    return await stage.depth("bulk") == 1


async def test_a_changed_secret_lets_a_stopped_account_go_on(stage: Scene) -> None:
    event = enrolment("t-1")
    async with stage.running(secret=WRONG):
        await stage.service.publish(event)
        await stopped(stage)
    async with stage.running(secret=DEMO_SECRET):
        result = await stage.service.result(event["id"])
    assert (result["outcome"], result["attempts"]) == ("accepted", 1)
    assert (await stage.platform.state())["logins"] == {"succeeded": 1, "failed": 1}


async def test_resumed_with_the_same_wrong_password_it_stops_again_after_one_try(stage: Scene) -> None:
    async with stage.running(secret=WRONG):
        await stage.service.publish(enrolment("t-1"))
        await stopped(stage)
        await eventually(lambda: stands(stage), what="the return of the event")
        assert (await gateway(stage.folder, "resume", "gd_accounting")).code == 0
        await eventually(lambda: tried_twice(stage), what="the second login")
        await stopped_by_fault(stage)
    assert (await stage.platform.state())["logins"] == {"succeeded": 0, "failed": 2}


async def tried_twice(stage: Scene) -> bool:
    failed: int = (await stage.platform.state())["logins"]["failed"]
    return failed == 2


@pytest.mark.parametrize("code", ["A0201", "A0210", "A0211"])
async def test_a_refusal_of_the_account_in_a_business_answer_stops_it_too(stage: Scene, code: str) -> None:
    event = mobile_login("t-1")
    async with stage.running() as run:
        await stage.fault("code", code=code)
        await stage.service.publish(event)
        await stopped_by_fault(stage)
        await the_ledger_remembers(run, code)
    assert len(await stage.platform.calls()) == 1
    assert stage.service.results == []


async def the_ledger_remembers(run: Running, code: str) -> None:
    halted: Any = await run.ledger.halted(run.worker.account)
    assert halted is not None
    assert halted[0] == code
