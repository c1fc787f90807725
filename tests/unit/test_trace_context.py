"""W3C trace context as events carry it."""

import pytest

from gateway.decode import decode
from gateway.topology import Names
from gateway.trace_context import TraceContext, read

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_context_is_read_with_its_state_and_given_on_as_it_came() -> None:
    values = {"traceparent": PARENT, "tracestate": "a=b,c=d", "else": 1}
    assert read(values) == TraceContext(PARENT, "a=b,c=d")
    assert TraceContext(PARENT, "a=b").headers == {"traceparent": PARENT, "tracestate": "a=b"}
    assert TraceContext(PARENT).headers == {"traceparent": PARENT}
    assert TraceContext(PARENT).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "parent",
    [
        None,
        17,
        "",
        PARENT.upper(),
        PARENT[:-1],
        f"{PARENT}\n",
        PARENT.replace("00-", "ff-", 1),
        PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
        PARENT.replace("00f067aa0ba902b7", "0" * 16),
    ],
)
def test_what_w3c_would_not_take_is_no_context(parent: object) -> None:
    assert read({"traceparent": parent, "tracestate": "a=b"}) is None


@pytest.mark.parametrize("state", [None, 17, "", "a\nb", "ä", "a" * 513])
def test_a_state_that_cannot_travel_is_left_behind(state: object) -> None:
    assert read({"traceparent": PARENT, "tracestate": state}) == TraceContext(PARENT)


def test_an_event_that_is_refused_still_belongs_to_its_trace() -> None:
    body = b'{"id": "e-1", "traceparent": "%s"}' % PARENT.encode()
    assert decode(body, "toy_land.default.greet", Names("toy_land", "default"), {}).about().trace == TraceContext(
        PARENT
    )
