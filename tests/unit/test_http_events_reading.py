"""Reading the three modes of the CloudEvents HTTP binding."""

import json
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http_events.problem import Kind, ProblemError
from gateway.http_events.reading import BATCH_TYPE, encoded, read
from schemas.envelope import CONTENT_TYPE

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ATTRIBUTES = st.dictionaries(st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True), TEXT, max_size=5).map(
    lambda found: {name: value for name, value in found.items() if name not in {"data", "datacontenttype"}}
)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
DATA = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def binary(attributes: dict[str, str], data: Any) -> Any:
    """What is read of the event in binary mode."""
    headers = [(f"CE-{name}", encoded(value)) for name, value in attributes.items()]
    (raw,) = read("application/json", headers, json.dumps(data).encode())
    assert orjson.loads(raw.body) == raw.event
    return raw.event


@given(ATTRIBUTES.filter(bool), DATA)
def test_an_event_is_the_same_in_binary_structured_and_batch_mode(attributes: dict[str, str], data: Any) -> None:
    event = {**attributes, "datacontenttype": "application/json", "data": data}
    body = json.dumps(event).encode()
    assert binary(attributes, data) == event
    assert [raw.event for raw in read(CONTENT_TYPE, [], body)] == [event]
    batch = read(BATCH_TYPE, [], b"[" + body + b"," + body + b"]")
    assert [orjson.loads(raw.body) for raw in batch] == [event, event]


@given(st.text(max_size=40), st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12))), st.binary(max_size=60))
def test_whatever_comes_is_read_or_refused(media: str, headers: list[tuple[str, str]], body: bytes) -> None:
    for each in (media, CONTENT_TYPE, BATCH_TYPE, "application/json"):
        with suppress(ProblemError):
            assert read(each, [("ce-id", "1"), *headers], body)


HEADERS = {
    "plain": "plain",
    "a%20b": "a b",
    "%E7%A5%A8": "票",
    '"quoted \\"text\\""': 'quoted "text"',
    "%2520": "%20",
    "100%": "100%",
    "票".encode().decode("utf-8", "surrogateescape"): "票",
}


@pytest.mark.parametrize(("header", "value"), HEADERS.items())
def test_a_header_is_unquoted_and_percent_decoded_once(header: str, value: str) -> None:
    (raw,) = read("application/json", [("ce-subject", header)], b"{}")
    assert raw.event["subject"] == value


@pytest.mark.parametrize("header", ["%FF", "\udcff", "%ED%A0%80"])
def test_a_header_that_is_no_utf8_is_refused(header: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        read("application/json", [("ce-subject", header)], b"{}")
    assert refusal.value.kind is Kind.NO_CLOUDEVENT


def test_an_attribute_that_stands_there_twice_is_refused() -> None:
    with pytest.raises(ProblemError, match="twice"):
        read("application/json", [("ce-id", "1"), ("CE-ID", "2")], b"{}")
