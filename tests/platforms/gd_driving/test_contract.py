"""The situations of contract.py, and the sample events of deploy/samples."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.decode import Refused, decode
from gateway.job import attempt
from gateway.outcome import category_of, outcome_name
from gateway.platform import Context, load, names, simulator
from gateway.topology import Names
from tests.platforms.gd_driving.contract import SITUATIONS, Situation, Waiver
from tests.platforms.gd_driving.document import DOCUMENT, MODELS
from tests.platforms.gd_driving.support import NoTokens, account, memory, school
from workers.gd_driving import PLATFORM
from workers.gd_driving.client import connect
from workers.gd_driving.settings import Settings
from workers.gd_driving.simulator import demo_settings

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "samples" / "gd_driving"
SAMPLES = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))}


@pytest.mark.parametrize("name", [name for name, each in SITUATIONS.items() if isinstance(each, Situation)])
async def test_the_situation_ends_as_it_says(name: str) -> None:
    situation = SITUATIONS[name]
    assert isinstance(situation, Situation)
    async with school() as ours:
        for method, path, order in situation.prepare:
            await ours.control(path.removeprefix("/_sandbox/"), order, method=method)
        ending = await ours.do(situation.event_operation, situation.data)
        assert isinstance(ending, situation.expect)
        assert ending.code == situation.code


def test_what_is_waived_has_a_reason() -> None:
    assert [name for name, each in SITUATIONS.items() if isinstance(each, Waiver)] == ["duplicate", "token expired"]
    assert all(each.reason for each in SITUATIONS.values() if isinstance(each, Waiver))


def test_the_core_finds_the_platform_and_its_simulator() -> None:
    assert "gd_driving" in names()
    assert load("gd_driving") is PLATFORM
    assert isinstance(simulator("gd_driving"), web.Application)


@pytest.mark.parametrize("sample", list(SAMPLES.values()), ids=list(SAMPLES))
async def test_a_sample_of_the_demo_ends_as_it_says(sample: dict[str, Any], tmp_path: Path) -> None:
    event, expect = sample["event"], sample["expect"]
    assert sample["title"]
    async with TestServer(simulator("gd_driving")) as server:
        ours = account(Settings.model_validate(demo_settings(str(server.make_url("/")), tmp_path)))
        read = decode(json.dumps(event).encode(), event["type"], Names("gd_driving", "default"), PLATFORM.operations)
        if isinstance(read, Refused):
            ending: Any = read.ending
        else:
            async with connect(Context(ours, NoTokens())) as client:
                ending = await attempt(read.operation, client, read.data, memory({}))
    assert {
        "outcome": outcome_name(ending),
        "category": category_of(ending),
        "code": ending.code,
        "duplicate": getattr(ending, "duplicate", False),
    } == expect, ending


def test_there_are_samples_of_every_way_to_end() -> None:
    wanted = {"accepted", "rejected"}
    told = SAMPLES.values()
    assert {each["expect"]["outcome"] for each in told} >= wanted
    assert {each["expect"]["category"] for each in told} >= {None, "rejected", "invalid"}
    assert len({each["event"]["id"] for each in told}) == len(told)


def test_the_schemas_have_as_many_fields_as_the_document(record_property: Callable[[str, object], None]) -> None:
    for operation, lines in DOCUMENT.items():
        record_property(operation, f"{len(lines)} documented, {len(MODELS[operation].model_fields)} in the schema")
        assert len(lines) == len(MODELS[operation].model_fields)
    assert sum(map(len, DOCUMENT.values())) == 98
