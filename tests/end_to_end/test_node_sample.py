"""The sample of a publisher in JavaScript, with amqplib and the CloudEvents SDK, against a gateway that runs."""

import asyncio
import json
import os
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from deploy.local import nodejs
from deploy.local.nodejs import NodeError
from deploy.local.samples import FOLDER
from deploy.local.stack import free_port
from tests.support.commands import Done, server
from tests.support.scene import Scene

RUN = Path(__file__).parents[2] / ".run" / "node"


@pytest.fixture(scope="module")
def sample() -> Path:
    """The sample with its packages."""
    try:
        return nodejs.installed(nodejs.SAMPLE, RUN)
    except NodeError as missing:
        pytest.skip(str(missing))


async def publish(sample: Path, url: str, event: str, **variables: str) -> Done:
    command = ["node", "publish.js", str(FOLDER / event)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=sample, env={**os.environ, "AMQP_URL": url, **variables}, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(90):
        out, err = await process.communicate()
    return Done(process.returncode or 0, out.decode(), err.decode())


async def test_it_publishes_an_event_and_prints_its_result(stage: Scene, sample: Path) -> None:
    stage.settings()
    async with server(stage.folder, "run"):
        accepted = await publish(sample, stage.url, "gd_accounting/02-register.json")
        assert (accepted.code, accepted.err) == (0, "")
        assert json.loads(accepted.out)["outcome"] == "accepted"
        refused = await publish(sample, stage.url, "gd_accounting/12-credit-invalid.json")
        assert refused.code == 1
        assert json.loads(refused.out)["category"] == "invalid"
    assert len(await stage.platform.calls("accountantReg")) == 1


async def test_it_says_so_when_there_is_no_broker_or_no_result(stage: Scene, sample: Path) -> None:
    away = f"amqp://guest:geheim@127.0.0.1:{free_port()}/"
    nobody = await publish(sample, away, "gd_accounting/02-register.json")
    assert nobody.code == 2
    assert "geheim" not in nobody.err
    await stage.declare()
    event = "gd_accounting/02-register.json"
    silent = await publish(sample, stage.url, event, RESULT_SECONDS="1")
    assert silent.code == 2
    assert "no result within 1 s" in silent.err


async def test_it_says_so_when_no_queue_takes_the_event(stage: Scene, sample: Path) -> None:
    await stage.service.channel.declare_exchange("gateway.events", "topic", durable=True)
    lost = await publish(sample, stage.url, "gd_accounting/02-register.json", RESULT_SECONDS="20")
    assert lost.code == 2
    assert "no queue takes gd_accounting.default.enrolment-register" in lost.err
