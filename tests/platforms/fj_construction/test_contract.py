"""The situations of the contract, and the samples of the demo, against the simulator."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from gateway.job import attempt
from gateway.outcome import Accepted, Rejected
from gateway.platform import load
from schemas.envelope import Event
from schemas.fj_construction import EVENTS
from tests.platforms.fj_construction.contract import SITUATIONS, Situation, Waiver
from tests.platforms.fj_construction.house import Disk, client_at, house
from workers.fj_construction import PLATFORM
from workers.fj_construction.operations import OPERATIONS
from workers.fj_construction.simulator import create_app, demo_settings

SAMPLES = sorted((Path(__file__).parents[3] / "deploy" / "samples" / "fj_construction").glob("*.json"))


def test_the_platform_is_found_and_serves_every_event_of_its_schema() -> None:
    assert load("fj_construction") is PLATFORM
    assert {name: operation.model for name, operation in PLATFORM.operations.items()} == dict(EVENTS)


@pytest.mark.parametrize("name", SITUATIONS)
async def test_the_situation_ends_as_the_contract_says(name: str) -> None:
    situation = SITUATIONS[name]
    if isinstance(situation, Waiver):
        assert situation.reason
        return
    assert isinstance(situation, Situation)
    async with house() as here, ClientSession() as http:
        for method, path, order in situation.prepare:
            async with http.request(method, here.base_url + path, json=order) as response:
                assert response.status < 300
        assert isinstance(await here.call(situation.event_operation, situation.data), situation.expect)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
async def test_a_sample_of_the_demo_ends_as_it_says(path: Path, tmp_path: Path) -> None:
    sample = json.loads(path.read_text())  # noqa: ASYNC240 - one small file
    event, expect = Event.model_validate(sample["event"]), sample["expect"]
    assert event.platform == "fj_construction"
    operation = OPERATIONS[event.operation]
    if expect["category"] == "invalid":
        with pytest.raises(ValidationError):
            operation.model.model_validate(event.data)
        return
    async with TestServer(create_app()) as server:
        table: dict[str, Any] = {**demo_settings(str(server.make_url("")).rstrip("/"), tmp_path)}
        async with client_at(**table) as (client, _):
            ending = await attempt(operation, client, operation.model.model_validate(event.data), Disk().steps())
    assert isinstance(ending, Accepted | Rejected)
    assert type(ending).__name__.lower() == expect["outcome"]
    assert ending.code == expect["code"]
    if isinstance(ending, Accepted):
        assert ending.duplicate is expect["duplicate"]


def test_there_is_a_handful_of_samples() -> None:
    assert len(SAMPLES) >= 5
