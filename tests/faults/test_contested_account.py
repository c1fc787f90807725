"""Another system logs in with our account, over and over, and each of its logins kills our token (DESIGN §4)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client import REGISTRY

from tests.support.events import check
from tests.support.outside import enrolment, eventually, until
from tests.support.running import Simulator
from tests.support.scene import Scene, scene
from workers.gd_accounting.simulator.app import DEMO_APP_ID, DEMO_SECRET

EVENTS = 60
BUDGET = 3
LIMITS = {"forced_logins": BUDGET, "forced_logins_seconds": 2, "contested_seconds": 1}
LADDER = (1, 1, 1, 1, 1)
EVERY_SECONDS = 0.02


@dataclass
class Rival:
    """The other system. `ours` are the logins that it did not make; nobody logs in while they are counted."""

    platform: Simulator
    logins: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        async with ClientSession() as http:
            while not self.gone.is_set():
                async with self.counting:
                    await self._log_in(http)
                await asyncio.sleep(EVERY_SECONDS)

    async def _log_in(self, http: ClientSession) -> None:
        credentials = {"appId": DEMO_APP_ID, "secret": DEMO_SECRET}
        async with http.post(f"{self.platform.base_url}/intf/login", json=credentials, raise_for_status=True):
            self.logins += 1

    async def ours(self) -> int:
        async with self.counting:
            succeeded: int = (await self.platform.state())["logins"]["succeeded"]
            return succeeded - self.logins


@asynccontextmanager
async def rivalry(platform: Simulator) -> AsyncIterator[Rival]:
    """Until the block ends, or the rival has `gone`."""
    rival = Rival(platform)
    async with asyncio.TaskGroup() as group:
        group.create_task(rival.run())
        try:
            yield rival
        finally:
            rival.gone.set()


def shown(metric: str, state: str) -> bool:
    labels = {"platform": "gd_accounting", "account": "default", "state": state}
    return REGISTRY.get_sample_value(metric, labels) == 1


def contested() -> bool:
    return shown("gateway_account_state", "contested") and shown("gateway_token_state", "contested")


def reached(rival: Rival, logins: int) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return await rival.ours() >= logins

    return ask


@pytest.fixture
async def stage(vhost_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(vhost_url, tmp_path) as made:
        yield made


async def test_against_a_rival_the_gateway_logs_in_within_its_budget_and_once_he_has_gone_everything_is_accepted(
    stage: Scene,
) -> None:
    await stage.fault("delay", seconds=0.01)
    async with stage.running(ladder=LADDER, max_in_flight=5, **LIMITS):
        async with rivalry(stage.platform) as rival:
            await asyncio.gather(*(stage.service.publish(enrolment(f"t-{number}")) for number in range(EVENTS)))
            await until(contested, what="the contest")
            await nothing_is_called_and_questions_are_told_why(stage)
            assert await rival.ours() <= 1 + BUDGET
            await eventually(reached(rival, 2 + BUDGET), what="the login after the pause")
            await until(contested, what="the contest, again")
            assert await rival.ours() == 2 + BUDGET
        await stage.service.ended(EVENTS + 1)
        assert shown("gateway_account_state", "working")
        assert shown("gateway_token_state", "held")
        assert await rival.ours() == 3 + BUDGET
    assert stage.service.outcomes() == {"accepted": EVENTS, "expired": 1}
    assert len((await stage.platform.state())["enrolments"]) == EVENTS


async def nothing_is_called_and_questions_are_told_why(stage: Scene) -> None:
    await asyncio.sleep(0.2)  # for what was under way
    calls = await stage.platform.calls("accountantReg")
    question = check("t-1")
    await stage.service.publish(question)
    answer = await stage.service.result(question["id"])
    assert (answer["outcome"], answer["code"]) == ("expired", "account-contested")
    assert "账号可能被其他系统使用" in answer["message"]
    assert await stage.platform.calls("accountantReg") == calls
    assert contested()
