"""The situations of the contract, and the samples of the demo, against the simulator."""

from pathlib import Path

from gateway.platform import load
from schemas.fj_construction import EVENTS
from workers.fj_construction import PLATFORM

SAMPLES = sorted((Path(__file__).parents[3] / "deploy" / "samples" / "fj_construction").glob("*.json"))


def test_the_platform_is_found_and_serves_every_event_of_its_schema() -> None:
    assert load("fj_construction") is PLATFORM
    assert {name: operation.model for name, operation in PLATFORM.operations.items()} == dict(EVENTS)
