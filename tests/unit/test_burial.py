"""A letter's cause: its reason without what differs from one event to the next."""

import pytest

from gateway.burial import cause, letter_id, of_message
from gateway.message import Delivery
from gateway.topology import Names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("证件号码有误 (got 4***6(18))", "证件号码有误 (got 3***X(18))"),
        ("timeout after 30.5 s", "timeout after 31 s"),
        (
            "behind the dead letter of event e-1 of the same lane",
            "behind the dead letter of event b7/x of the same lane",
        ),
        ("no such file 208cbc66aaef43", "no such file 9a8cbc66aaef44"),
        ("lost. Sent 发送于 2026-03-01T08: {}", 'lost. Sent 发送于 2026-03-02T09: {"a": 1}'),
    ],
)
def test_what_differs_from_event_to_event_is_left_out(one: str, other: str) -> None:
    assert cause(one) == cause(other)


def test_what_is_said_stays() -> None:
    assert cause("该课程验证的通过时间不在范围") == "该课程验证的通过时间不在范围"
    assert cause("HTTP 500") != cause("timeout")


def test_copies_have_one_name_and_accounts_and_deaths_have_their_own() -> None:
    names = {letter_id(p, b, at) for p in ("a.b", "a.c") for b in (b"1", b"2") for at in ("x", "y")}
    assert len(names) == 8
    assert letter_id("a.b", b"1", "x") == letter_id("a.b", b"1", "x")


@pytest.mark.parametrize("body", [b"\xff", b"[1]", b'{"id": 1, "source": null}', b""])
def test_a_letter_whose_event_cannot_be_read_has_a_row_too(body: bytes) -> None:
    row = of_message(Names("a", "b"), Delivery(body, "a.b.op", {}, {}))
    assert (row.source, row.event_id, row.operation, row.category) == (None, None, "op", None)
