"""What is said of an event that has ended: one id for one ending, whatever it is made of."""

from uuid import NAMESPACE_URL, uuid5

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway import results
from gateway.decode import About
from gateway.ledger import Key
from gateway.topology import Names
from tests.unit.ledgers import record

NAMES = Names("toy", "north")
ENDED = "2026-03-04T05:06:07.890+00:00"


def told(event_id: str = "e-1", subject: str | None = None) -> bytes:
    response = {"sums": {"PRO": 1.5}, "none": float("nan")}
    ended = record(Key("toy", "north", "/lms", event_id), message="操作成功", response=response, updated_at=ENDED)
    about = About("thing-add", interactive=False, event_id=event_id, source="/lms", subject=subject)
    return results.event(NAMES, about, ended, {"traceparent": "00-1"})


def test_a_result_is_a_cloudevent_with_everything_the_contract_names() -> None:
    identity = f"/lms e-1 None {ENDED}"
    assert told(subject="s-1").decode() == (
        f'{{"specversion":"1.0","id":"{uuid5(NAMESPACE_URL, identity)}","source":"/gateway/toy/north",'
        f'"type":"toy.thing-add.accepted","subject":"s-1","time":"{ENDED}","datacontenttype":"application/json",'
        '"account":"north","traceparent":"00-1","data":{"event_id":"e-1","outcome":"accepted","category":null,'
        '"code":"200","message":"操作成功","duplicate":false,"attempts":1,"response":{"sums":{"PRO":1.5},"none":null},'
        '"finished_at":"2026-03-04T05:06:07.890000Z"}}'
    )


def test_a_result_without_a_subject_says_nothing_of_one() -> None:
    assert "subject" not in orjson.loads(told())


@given(st.text())
def test_one_ending_has_one_id(event_id: str) -> None:
    """The one that earlier releases gave it: they may have told it before."""
    identity = f"/lms {event_id} None {ENDED}"
    assert orjson.loads(told(event_id))["id"] == str(uuid5(NAMESPACE_URL, identity))
