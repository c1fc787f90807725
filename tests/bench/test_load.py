import json

from tests.bench.load import credit_syncs
from tests.bench.wire import Confirms


def test_events_differ_and_each_has_its_lane() -> None:
    events = [json.loads(body) for body in credit_syncs(10)]
    assert len({event["id"] for event in events}) == 10
    assert len({event["data"]["ticket"] for event in events}) == 10
    assert not any("subject" in event for event in events)


def test_events_share_the_lanes_that_are_asked_for() -> None:
    tickets = [json.loads(body)["data"]["ticket"] for body in credit_syncs(10, lanes=3)]
    assert len(set(tickets)) == 3
    assert {len(ticket) for ticket in tickets} == {32}


def test_events_of_a_second_call_may_follow_the_first() -> None:
    first, second = list(credit_syncs(2)), list(credit_syncs(2, first=2))
    assert not set(first) & set(second)


def test_confirms_are_counted_in_whatever_order_they_come() -> None:
    confirms = Confirms()
    confirms.sent(10)
    confirms.note(9, multiple=False)
    confirms.note(7, multiple=True)
    assert confirms.missing == 2
    confirms.note(10, multiple=False)
    confirms.note(8, multiple=False)
    assert confirms.missing == 0
