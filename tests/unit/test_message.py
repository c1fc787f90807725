"""What of a delivery travels on when it is delayed, dies or is replayed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from aio_pika.abc import HeadersType
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from gateway.message import REPLAY, Delivery, delivery
from schemas import dead_letters


def made(headers: dict[str, Any], **properties: Any) -> Delivery:
    return Delivery(b"{}", "a.b.c", headers, properties)


def delivered(**properties: Any) -> DeliveredMessage:
    """A message as the client library makes it of what came over the wire."""
    frame = ContentHeader(0, 2, Basic.Properties(**properties))
    deliver = Basic.Deliver("tag", 1, redelivered=True, exchange="gateway.events", routing_key="toy.default.op")
    return DeliveredMessage(delivery=deliver, header=frame, body=b"{}", channel=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "attempts"),
    [(None, 0), (0, 0), (3, 3), (-1, 0), ("3", 0), (2.5, 0), ([], 0), (b"2", 0)],
)
def test_attempts_are_read_from_our_own_header_and_nonsense_counts_none(value: Any, attempts: int) -> None:
    assert made({dead_letters.ATTEMPTS: value, "x-death": [{"count": 9}]}).attempts == attempts


@pytest.mark.parametrize(("value", "name"), [(None, None), ("r1", "r1"), (5, None), ([], None)])
def test_a_replay_is_named_by_a_text(value: Any, name: str | None) -> None:
    assert made({REPLAY: value}).replay == name


@pytest.mark.parametrize(
    ("deaths", "given_up"),
    [
        (None, False),
        ([], False),
        ("expired", False),
        (["expired"], False),
        ([{"reason": "rejected"}], False),
        ([{"reason": "expired", "queue": "gateway.toy.default.interactive"}], True),
        ([{"reason": "rejected"}, {"reason": "expired"}], False),
    ],
)
def test_a_message_whose_time_was_over_is_known_by_the_brokers_last_word(deaths: Any, given_up: bool) -> None:
    assert made({"x-death": deaths}).given_up is given_up


def test_a_message_back_from_the_ladder_was_not_given_up() -> None:
    assert not made({"x-death": [{"reason": "expired"}], dead_letters.ATTEMPTS: 1}).given_up


BROKERS: HeadersType = {
    "x-death": [{"reason": "expired"}],
    "x-first-death-exchange": "e",
    "x-first-death-queue": "q",
    "x-first-death-reason": "expired",
    "x-last-death-exchange": "e",
    "x-last-death-queue": "q",
    "x-last-death-reason": "expired",
    "x-delivery-count": 3,
    "x-acquired-count": 3,
    "x-opt-rabbitmq-delivery-count": 3,
    "CC": ["other"],
    "BCC": ["other"],
}


@pytest.mark.parametrize("name", BROKERS)
def test_a_header_of_the_brokers_never_travels(name: str) -> None:
    """Published again, x-death makes the broker see a cycle and drop the message (celery#9867)."""
    assert made({**BROKERS, "kept": 1}).travelling({})["headers"] == {"kept": 1}
    assert name not in made({name: BROKERS[name]}).travelling({})["headers"]


@pytest.mark.parametrize("name", ["traceparent", "tracestate", "x-tenant", "cc", REPLAY, dead_letters.FIRST_SEEN])
def test_every_other_header_travels(name: str) -> None:
    assert made({name: "value"}).travelling({})["headers"] == {name: "value"}


def test_changed_headers_win_and_those_of_none_are_taken_off() -> None:
    headers = {"kept": "a", "changed": "b", "gone": "c"}
    assert made(headers).travelling({"changed": 2, "gone": None, "new": True, "never": None}) == {
        "headers": {"kept": "a", "changed": 2, "new": True}
    }
    assert headers == {"kept": "a", "changed": "b", "gone": "c"}


def test_a_message_with_its_own_headers_and_properties_travels_unchanged() -> None:
    properties = {"content_type": "application/cloudevents+json", "reply_to": "q", "priority": 3}
    assert made({"a": 1}, **properties).travelling({}) == {**properties, "headers": {"a": 1}}


def test_a_delivery_is_read_with_the_properties_that_may_travel() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    message = delivered(
        content_type="application/cloudevents+json",
        content_encoding="utf-8",
        headers={"traceparent": "00-1"},
        delivery_mode=2,
        priority=4,
        correlation_id="c",
        reply_to="q",
        expiration="1500",
        message_id="m",
        timestamp=at,
        message_type="t",
        user_id="guest",
        app_id="a",
    )
    got = delivery(message)
    assert (got.body, got.routing_key, got.redelivered, got.expires_in) == (b"{}", "toy.default.op", True, 1.5)
    assert got.headers == {"traceparent": "00-1"}
    assert got.properties == {
        "content_type": "application/cloudevents+json",
        "content_encoding": "utf-8",
        "priority": 4,
        "correlation_id": "c",
        "reply_to": "q",
        "message_id": "m",
        "timestamp": at,
        "message_type": "t",
        "app_id": "a",
    }


@pytest.mark.parametrize("property_", ["expiration", "user_id"])
def test_what_would_let_a_message_vanish_or_be_refused_stays_behind(property_: str) -> None:
    assert property_ not in delivery(delivered(**{property_: "1"})).travelling({})


def test_a_bare_message_has_no_properties_and_no_end() -> None:
    got = delivery(delivered())
    assert (got.headers, got.expires_in, got.replay, got.attempts, got.given_up) == ({}, None, None, 0, False)
    assert got.travelling({}) == {**got.properties, "headers": {}}
