"""Whatever is published: the worker goes on, and everything ends (Hypothesis chooses)."""

import json
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.end_to_end.test_bad_envelopes import DURABLE, INTERACTIVE, goes_on
from tests.support.outside import enrolment, until
from tests.support.scene import Scene

MANY = 200

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)

NAMES = ("specversion", "id", "source", "type", "subject", "time", "data", "account", "datacontenttype")


def mutated(values: dict[str, Any], data: dict[str, Any]) -> bytes:
    """A good event, some of whose attributes and fields are not."""
    event = enrolment("t-1", id="random")
    return json.dumps({**event, **values, **({"data": {**event["data"], **data}} if data else {})}).encode()


BODIES = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.builds(
        mutated,
        st.dictionaries(st.sampled_from(NAMES), JSON, max_size=2),
        st.dictionaries(st.sampled_from(("ticket", "regTime", "year", "areaCode", "eduType")), JSON, max_size=2),
    ),
)


def bodies() -> list[bytes]:
    """So many bodies, the same ones in every run that fails."""
    found: list[bytes] = []

    @seed(20261122)
    @settings(max_examples=MANY, database=None, suppress_health_check=list(HealthCheck))
    @given(BODIES)
    def collect(body: bytes) -> None:
        found.append(body)

    collect()
    return found


async def test_random_bytes_and_random_events_never_stop_the_worker_and_all_end(stage: Scene) -> None:
    random = bodies()
    chance = Random(17)
    async with stage.running() as run:
        for body in random:
            await stage.service.publish(body, chance.choice((DURABLE, INTERACTIVE)))
        await until(lambda: len(stage.service.results) == len(random), 30, "a result for each")
        await goes_on(stage)
        assert run.worker.ready
    assert len(random) >= MANY
