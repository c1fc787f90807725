"""The situations of contract.py, and the demo's samples, against the simulator."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.gd_ecert import EVENTS, INBOUND
from workers.gd_ecert import PLATFORM
from workers.gd_ecert.simulator import demo_settings

SAMPLES = sorted((Path(__file__).parents[3] / "deploy/samples/gd_ecert").glob("*.json"))


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
