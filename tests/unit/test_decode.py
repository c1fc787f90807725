"""From a delivery to a piece of work, or to a refusal that says what was wrong and gives nothing away."""

import json
from typing import Annotated, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from pydantic import Field

from gateway.decode import LARGEST_EVENT, About, Refused, Work, decode, lane
from gateway.outcome import Accepted, Category, Ending
from gateway.platform import Operation, Repeat
from gateway.steps import Steps
from gateway.topology import Names
from schemas.envelope import Event
from schemas.fields import Data, Sensitive, Text

NAMES = Names("toy_land", "default")
ID_CARD = "44010619900101123X"
TICKET = "学员凭证-0001"


class Part(Data):
    code: str


class Credit(Data):
    ticket: Annotated[str, Text(max_bytes=40), Sensitive, Field(title="学员凭证码")]
    year: int = Field(title="年度")
    parts: tuple[Part, ...] = ()


async def call(_: Any, __: Any, ___: Steps) -> Ending:
    return Accepted()


def operation(name: str, *, interactive: bool = False, lane: tuple[str, ...] = ("ticket",)) -> Operation:
    return Operation(
        name=name,
        title=name,
        section="1",
        model=Credit,
        call=call,
        repeat=Repeat.NEVER,
        interactive=interactive,
        lane=lane,
    )


OPERATIONS = {o.name: o for o in (operation("credit-sync"), operation("check", interactive=True, lane=()))}
DATA = {"ticket": TICKET, "year": 2026}
EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/school",
    "type": "toy_land.credit-sync",
    "time": "2026-03-01T08:00:00+08:00",
    "data": DATA,
}


def read(event: Any, key: str = "toy_land.default.credit-sync") -> Work | Refused:
    return decode(event if isinstance(event, bytes) else orjson.dumps(event), key, NAMES, OPERATIONS)


def refusal(event: Any, key: str = "toy_land.default.credit-sync") -> str:
    read_ = read(event, key)
    assert isinstance(read_, Refused)
    assert (read_.ending.code, read_.ending.category, read_.lane) == ("invalid", Category.INVALID, None)
    return read_.ending.message


def work(**changed: Any) -> Work:
    event = EVENT | changed
    read_ = read(event, f"toy_land.default.{event['type'].partition('.')[2]}")
    assert isinstance(read_, Work)
    return read_


def test_a_valid_event_is_work_for_its_operation() -> None:
    done = work()
    assert done.operation is OPERATIONS["credit-sync"]
    assert done.data == Credit(ticket=TICKET, year=2026)
    assert (done.event.platform, done.event.operation, done.event.account) == ("toy_land", "credit-sync", "default")


def test_what_the_answer_needs_is_known_and_the_sensitive_texts_with_it() -> None:
    about = work(subject="learner-7").about()
    assert (about.operation, about.interactive, about.event_id, about.source) == (
        "credit-sync", False, "e-1", "/school",
    )  # fmt: skip
    assert (about.subject, about.happened_at) == ("learner-7", work().event.time)
    assert about.secrets == frozenset({TICKET})


def test_extensions_are_kept_and_not_interpreted() -> None:
    names = {"traceparent": "00-1", "platform": "other", "operation": "other", "model_config": {}, "x": 1}
    assert work(**names).about() == work().about()


@pytest.mark.parametrize(
    ("subject", "data", "expected"),
    [
        ("learner-7", DATA, "subject=learner-7"),
        (None, DATA, f"ticket={TICKET}"),
    ],
)
def test_an_event_stays_in_order_with_its_subject_or_else_its_key_fields(
    subject: str | None, data: dict[str, Any], expected: str
) -> None:
    assert work(subject=subject, data=data).lane == expected


@pytest.mark.parametrize(
    ("fields", "expected"), [((), None), (("year",), "year=2026"), (("ticket", "year"), f"ticket={TICKET}&year=2026")]
)
def test_a_lane_is_made_of_all_key_fields(fields: tuple[str, ...], expected: str | None) -> None:
    event = Event.model_validate(EVENT)
    assert lane(event, operation("credit-sync", lane=fields), Credit(ticket=TICKET, year=2026)) == expected


def test_a_question_has_no_lane_even_with_a_subject() -> None:
    assert work(type="toy_land.check", subject="learner-7").lane is None


NOT_AN_EVENT: dict[str, tuple[Any, str]] = {
    "no JSON": (b"{", "the body is no JSON"),
    "nothing": (b"", "the body is no JSON"),
    "no UTF-8": (b'{"id": "\xff"}', "the body is no JSON"),
    "not a number": (b'{"id": NaN}', "the body is no JSON"),
    "too deep": (b"[" * 5000, "the body is no JSON"),
    "a list": ([EVENT], "the body is a JSON list, expected an object"),
    "a text": ("event", "the body is a JSON str, expected an object"),
    "null": (None, "the body is a JSON NoneType, expected an object"),
    "empty": ({}, "no CloudEvent: specversion: Field required; id: Field required"),
    "an older version": (EVENT | {"specversion": "0.3"}, "specversion: Input should be '1.0'"),
    "no id": (EVENT | {"id": ""}, "id: String should have at least 1 character"),
    "an id of two lines": (EVENT | {"id": "a\nb"}, "id: String should match pattern"),
    "an id that is a number": (EVENT | {"id": 5}, "id: Input should be a valid string"),
    "a type of one word": (EVENT | {"type": "credit-sync"}, "type: String should match pattern"),
    "a type of three": (EVENT | {"type": "toy_land.default.credit-sync"}, "type: String should match"),
    "no time": (EVENT | {"time": "yesterday"}, "time: Input should be a valid datetime"),
    "an account with a dot": (EVENT | {"account": "a.b"}, "account: String should match pattern"),
    "another content type": (EVENT | {"datacontenttype": "text/xml"}, "must be application/json"),
    "data in a text": (EVENT | {"data": "{}"}, "data: Input should be a valid dictionary"),
    "another platform": (EVENT | {"type": "other.credit-sync"}, "'other.credit-sync' and account 'default' do not"),
    "another account": (EVENT | {"account": "second"}, "account 'second' do not belong to 'toy_land.default'"),
    "an unknown operation": (
        EVENT | {"type": "toy_land.fly"},
        "unknown type 'toy_land.fly'; toy_land has: credit-sync, check",
    ),
    "a missing field": (EVENT | {"data": {"ticket": "t"}}, "year 年度: Field required"),
    "a field too many": (EVENT | {"data": DATA | {"extra": 1}}, "Extra inputs are not permitted"),
    "a wrong field": (EVENT | {"data": DATA | {"year": "MMXX"}}, "year 年度: Input should be a valid integer"),
    "a wrong field inside": (EVENT | {"data": DATA | {"parts": [{}]}}, "parts.0.code: Field required"),
}


@pytest.mark.parametrize(("event", "said"), NOT_AN_EVENT.values(), ids=NOT_AN_EVENT.keys())
def test_a_refusal_says_what_is_wrong(event: Any, said: str) -> None:
    assert said in refusal(event)


def test_a_refusal_names_a_few_fields_and_counts_the_rest() -> None:
    message = refusal(EVENT | {"data": {f"extra{n}": n for n in range(9)}})
    assert message.count("Extra inputs") + message.count("Field required") == 5
    assert message.endswith("; and 6 more")


def test_the_largest_event_is_read_and_one_byte_more_is_not() -> None:
    body = orjson.dumps(EVENT)
    assert isinstance(read(body + b" " * (LARGEST_EVENT - len(body))), Work)
    assert refusal(body + b" " * (LARGEST_EVENT + 1 - len(body))) == (
        f"the event has {LARGEST_EVENT + 1} bytes, at most {LARGEST_EVENT} are taken"
    )


@pytest.mark.parametrize(
    ("event", "key", "expected"),
    [
        (b"{", "toy_land.default.check", About("check", True)),
        (b"{", "toy_land.default.unheard-of", About("unheard-of", False)),
        (b"{", "", About("", False)),
        ({"id": "e-9"}, "toy_land.default.check", About("check", True, "e-9")),
        ({"id": 9, "source": ["s"]}, "toy_land.default.check", About("check", True)),
        (
            EVENT | {"data": {}, "type": "toy_land.check", "subject": "s"},
            "toy_land.default.credit-sync",
            About("check", True, "e-1", "/school", "s"),
        ),
    ],
)
def test_of_a_refused_event_is_known_what_could_be_read(event: Any, key: str, expected: About) -> None:
    assert read(event, key).about() == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"data": {"ticket": ID_CARD, "year": ID_CARD}},
        {"data": {"ticket": f"{ID_CARD}" * 9, "year": 1}},
        {"data": {ID_CARD: 1, "year": 1, "ticket": 1}},
        {"data": {"year": {"name": ID_CARD}, "ticket": [ID_CARD]}},
        {"data": DATA | {"parts": [{ID_CARD: 1}]}},
        {"data": DATA | {"parts": [{"code": 1, f"学员{ID_CARD}号": 1}]}},
        {"account": ID_CARD.lower()},
        {"type": f"toy_land.{ID_CARD.lower()}"},
        {"time": ID_CARD},
        {"specversion": ID_CARD},
    ],
)
def test_a_refusal_never_shows_a_persons_number(changed: dict[str, Any]) -> None:
    message = refusal(EVENT | changed)
    assert not [part for start in range(14) if (part := ID_CARD.lower()[start : start + 5]) in message.lower()]


def test_a_refusal_shows_of_a_wrong_value_only_its_length() -> None:
    message = refusal(EVENT | {"data": DATA | {"year": "MMXXVI"}})
    assert message.endswith("(got ***(6))")


def test_a_refusal_does_not_show_a_sensitive_value_that_stands_elsewhere_as_well() -> None:
    wrong = {"ticket": TICKET, "year": f"of {TICKET}", "parts": [{"code": "a", TICKET: 1}]}
    assert TICKET not in refusal(EVENT | {"data": wrong})


@pytest.mark.parametrize("name", ["id", "source", "subject"])
@pytest.mark.parametrize("text", ["x" * 255, "号" * 85])
def test_an_identifier_may_be_as_long_as_one_of_amqps_short_strings(name: str, text: str) -> None:
    ContentHeader(0, 2, Basic.Properties(correlation_id=work(**{name: text}).about().event_id)).marshal()


@pytest.mark.parametrize("name", ["id", "source", "subject"])
@pytest.mark.parametrize("text", ["x" * 256, "号" * 86])
def test_a_longer_identifier_is_refused(name: str, text: str) -> None:
    assert f"{name}: Value error, must be at most 255 bytes in UTF-8" in refusal(EVENT | {name: text})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=60)
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_body_breaks_the_decoder(body: bytes) -> None:
    assert isinstance(read(body), Refused)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from([*EVENT, "account", "subject", "datacontenttype", "ext"]), JSON))
def test_no_envelope_breaks_the_decoder(changed: dict[str, Any]) -> None:
    assert read(json.dumps(EVENT | changed).encode()).about().operation
