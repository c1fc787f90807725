"""Whatever is posted: never an answer of the server's own fault, and nothing personal in it (Hypothesis chooses)."""

import json
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.end_to_end.test_random_input import JSON, NAMES
from tests.support.events import credit
from tests.support.outside import enrolment
from tests.support.posting import BATCH, STRUCTURED, posting
from tests.support.scene import Scene

MANY = 300
PERSONAL = ("440681198512063416", "13800138000", "张三丰", "b9e1c2d3f4a5968778695a4b3c2d1e0f")
"""Put where personal data stands: ID number, phone, name, ticket."""

SECRET_FIELDS = ("ticket", "idNum", "phone", "realName")
PERSONAL_TEXT = st.sampled_from(PERSONAL)
MEDIA = st.sampled_from([STRUCTURED, BATCH, "application/json", "text/plain", "", f"{STRUCTURED}; charset=latin-1"])


def mutated(values: dict[str, Any], secrets: dict[str, str], data: dict[str, Any]) -> dict[str, Any]:
    """A good event, some of whose attributes and fields are not, with personal data in it."""
    event = enrolment("t-1", id="random")
    return {**event, **values, "data": {**event["data"], **secrets, **data}}


EVENTS = st.builds(
    mutated,
    st.dictionaries(st.sampled_from([name for name in NAMES if name != "data"]), JSON, max_size=2),
    st.dictionaries(st.sampled_from(SECRET_FIELDS), PERSONAL_TEXT, min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(["regTime", "year", "areaCode", "eduType"]), JSON | PERSONAL_TEXT, max_size=2),
)
BODIES = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode()),
    EVENTS.map(lambda value: json.dumps(value).encode()),
    st.lists(EVENTS | JSON, max_size=4).map(lambda value: json.dumps(value).encode()),
)
HEADERS = st.dictionaries(
    st.sampled_from(["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_subject", "ce_time", "ce_x", "ce_data"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    max_size=6,
)
REQUESTS = st.tuples(BODIES, MEDIA, HEADERS)


def requests() -> list[tuple[bytes, str, dict[str, str]]]:
    """So many requests, the same ones in every run that fails."""
    found: list[tuple[bytes, str, dict[str, str]]] = []

    @seed(20261125)
    @settings(max_examples=MANY, database=None, suppress_health_check=list(HealthCheck))
    @given(REQUESTS)
    def collect(request: tuple[bytes, str, dict[str, str]]) -> None:
        found.append(request)

    collect()
    return found


async def test_random_requests_never_fail_the_server_and_are_never_told_their_personal_data(stage: Scene) -> None:
    statuses = set()
    async with posting(stage.settings()) as web:
        for body, media, headers in requests():
            reply = await web.post(body, media, **headers)
            statuses.add(reply.status)
            assert reply.status < 500, (reply.text, body, media, headers)
            assert reply.status == 202 or reply.media_type == "application/problem+json", reply.text
            assert not [secret for secret in PERSONAL if secret in reply.text], reply.text
        assert (await web.post(credit("t-1"))).status == 202
    assert statuses >= {202, 400, 415, 422}
