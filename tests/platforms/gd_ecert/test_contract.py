"""The situations of contract.py, and the demo's samples, against the simulator."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.decode import Refused, decode
from gateway.job import attempt
from gateway.outcome import Accepted, category_of, outcome_name
from gateway.steps import no_steps
from gateway.topology import Names
from schemas.gd_ecert import EVENTS, INBOUND
from tests.platforms.gd_ecert.bench import Bench
from tests.platforms.gd_ecert.contract import SITUATIONS, Situation
from workers.gd_ecert import PLATFORM
from workers.gd_ecert.simulator import demo_settings

SAMPLES = sorted((Path(__file__).parents[3] / "deploy/samples/gd_ecert").glob("*.json"))


@pytest.mark.parametrize("name", SITUATIONS)
async def test_every_situation_ends_as_the_contract_says(bench: Bench, name: str) -> None:
    situation = SITUATIONS[name]
    assert isinstance(situation, Situation)
    for method, path, body in situation.prepare:
        await bench.control(method, path, body)
    ending = await bench.do(situation.event_operation, **situation.data)
    assert type(ending) is situation.expect
    assert (getattr(ending, "duplicate", False)) is (name == "duplicate")


async def test_the_samples_end_as_they_expect_in_their_order(bench: Bench) -> None:
    assert len(SAMPLES) >= 5
    for file in SAMPLES:
        sample: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        work = decode(json.dumps(sample["event"]).encode(), "k", Names("gd_ecert", "default"), PLATFORM.operations)
        if isinstance(work, Refused):
            ending: Any = work.ending
        else:
            ending = await attempt(work.operation, bench.client, work.data, no_steps())
        category = category_of(ending)
        assert sample["expect"] == {
            "outcome": outcome_name(ending),
            "category": category.value if category else None,
            "code": ending.code,
            "duplicate": isinstance(ending, Accepted) and ending.duplicate,
        }, file.name


def test_the_platform_has_an_operation_for_every_event_and_only_the_call_of_a_service_is_durable() -> None:
    assert {name: operation.model for name, operation in PLATFORM.operations.items()} == dict(EVENTS)
    assert PLATFORM.inbound_events == INBOUND
    assert [name for name, operation in PLATFORM.operations.items() if not operation.interactive] == ["service-call"]


def test_demo_settings_are_valid_and_keep_the_token_in_a_file(tmp_path: Path) -> None:
    table = demo_settings("http://127.0.0.1:1/gd_ecert", tmp_path)
    settings = PLATFORM.settings.model_validate(table)
    assert "demo-paas-token" not in repr(settings) + str(table)
    with pytest.raises(ValidationError):
        PLATFORM.settings.model_validate({**table, "typo": 1})
