"""What may be shown of personal data and secrets: by value, by look, by the name of the field."""

from collections import OrderedDict
from datetime import datetime
from decimal import Decimal
from time import process_time
from types import MappingProxyType
from typing import Any

import pytest

from gateway.masking import is_sensitive, mask, masked, scrub, scrub_personal, sensitive_values

ID_CARD = "44010619900101123X"
ID_DIGITS = "440106199001011234"
OLD_ID = "440106900101123"
PHONE = "13812345678"
TICKET = "208cbc66aaef4317843c6cedabe319e0"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "***(0)"),
        ("张三", "***(2)"),
        ("12345678901", "***(11)"),
        ("123456789012", "1***2(12)"),
        (ID_CARD, "4***X(18)"),
        (None, "***(4)"),
        (12345, "***(5)"),
        ({"name": "张三"}, "***(14)"),
        (b"secret", "***(9)"),
    ],
)
def test_of_a_sensitive_value_only_its_length_shows_and_the_ends_of_a_long_one(value: Any, shown: str) -> None:
    assert mask(value) in {shown, f"{str(value)[:1]}***{str(value)[-1:]}({len(str(value))})"}
    if isinstance(value, str):
        assert mask(value) == shown


HIDDEN: dict[str, str] = {
    ID_CARD: "number with X",
    ID_CARD.lower(): "number with x",
    ID_DIGITS: "number of digits",
    OLD_ID: "number of 15 digits",
    PHONE: "phone",
    f"86{PHONE}": "phone with 86",
    f"+86 {PHONE}": "phone with +86 and a blank",
    f"+86-{PHONE}": "phone with +86 and a dash",
    TICKET: "ticket",
    TICKET.upper(): "ticket in capitals",
    "a" * 64: "digest",
    "Bearer abc.def-ghi~jkl+mno/pqr==": "bearer token",
    "Basic Z3Vlc3Q6Z3Vlc3Q=": "basic credentials",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_": "JSON web token",
}

AROUND = [
    ("", ""), ("学员", "的身份证"), ("（", "）"), ("：", "，"), ("“", "”"), ("'", "'"), ("=", "&"), ("[", "]"),
    ("id_", "_id"), ("\n", "\n"), ("第1条:", ";第2条"), ("x ", " y"), ("/", "/"), ("😀", "😀"), ("\t", "\u3000"),
]  # fmt: skip


@pytest.mark.parametrize("value", HIDDEN, ids=HIDDEN.values())
@pytest.mark.parametrize(("before", "after"), AROUND)
def test_what_looks_like_personal_data_or_a_secret_is_taken_out_of_a_text(
    value: str, before: str, after: str
) -> None:
    assert not leaked(value, scrub(f"{before}{value}{after}"))


def leaked(value: str, shown: str) -> list[str]:
    return [part for start in range(len(value) - 4) if (part := value[start : start + 5]) in shown]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A0415 缺少必填的请求参数",
        "2026-03-01T08:00:00.123+08:00",
        "1772323200000",  # milliseconds
        "12345678901234567",  # 17 digits
        "1234567890123456789",  # 19 digits
        "23812345678",  # eleven digits of no phone
        "toy_land.default.credit-sync",
        "http-503 after 3 attempts",
        "550e8400-e29b-41d4-a716-446655440000",
        "amqp://rabbit.example:5672/vhost",
        "bearings and basics",
    ],
)
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://gateway:hunter22@rabbit:5672/", "amqp://g***2(16)@rabbit:5672/"),
        ("postgresql+asyncpg://u:p@db/x", "postgresql+asyncpg://***(3)@db/x"),
    ],
)
def test_the_password_of_an_address_is_taken_out(url: str, shown: str) -> None:
    assert scrub(f"cannot reach {url}!") == f"cannot reach {shown}!"


def test_known_values_are_taken_out_wherever_they_stand_the_longest_first() -> None:
    shown = scrub("学员张三丰（张三）的凭证 tick-et 无效", ["张三", "张三丰", "tick-et", "x", ""])
    assert shown == "学员***(3)（***(2)）的凭证 ***(7) 无效"


@pytest.mark.parametrize(
    "text",
    ["张三" * 50_000, "三张" * 50_000, "张" * 100_000, "-" * 15_000, "a-" * 10_000, "A1_-" * 8_000, "0" * 100_000],
    ids=["names", "names that overlap", "near names", "dashes", "dashed", "base64url", "digits"],
)
def test_a_long_text_is_scrubbed_in_no_time(text: str) -> None:
    """A platform's answer may quote a whole page or a picture, and everybody waits meanwhile."""
    started = process_time()
    scrub(text, ["张三", "三张"])
    assert process_time() - started < 0.5


def test_an_identifier_of_ours_stays_but_a_persons_number_in_it_does_not() -> None:
    assert scrub_personal(f"event-{TICKET}") == f"event-{TICKET}"
    assert scrub_personal(f"event-{ID_CARD}") == "event-4***X(18)"


@pytest.mark.parametrize(
    "name",
    ["idNum", "IDNUM", "id_num", "id-num", "ID Num", "realName", "stu_name", "Access-Token", "Set-Cookie", "KEY"],
)
def test_a_sensitive_field_is_known_in_every_spelling(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize("name", ["", "id", "code", "names", "ticketed", "routing_key", "年度", "tokens_used"])
def test_other_fields_are_not_sensitive(name: str) -> None:
    assert not is_sensitive(name)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"ticket": "abc"}, {"ticket": "***(3)"}),
        ({"phone": 13812345678}, {"phone": "***(11)"}),
        ({"name": None, "token": False}, {"name": None, "token": False}),
        ({"name": ["张三", ["李四"]]}, {"name": ["***(2)", ["***(2)"]]}),
        ({"name": {"first": "三", "n": 1}}, {"name": {"first": "***(1)", "n": "***(1)"}}),
        ({"data": [{"idNum": ID_CARD}]}, {"data": [{"idNum": "4***X(18)"}]}),
        ({"note": f"电话{PHONE}"}, {"note": "电话***(11)"}),
        (({"name": "张三"}, 1), [{"name": "***(2)"}, 1]),
        (OrderedDict(secret="s"), {"secret": "***(1)"}),
        (MappingProxyType({"secret": "s"}), {"secret": "***(1)"}),
        ({1: "a", None: "b", 2.5: "c"}, {1: "a", None: "b", 2.5: "c"}),
        (Decimal("30.00"), "30.00"),
        (datetime(2026, 3, 1, 8), "2026-03-01 08:00:00"),
        (3.5, 3.5),
        (None, None),
        (True, True),
    ],
)
def test_a_structure_is_masked_by_names_and_by_the_look_of_its_text(value: Any, shown: Any) -> None:
    assert masked(value) == shown


def test_a_platforms_own_sensitive_fields_are_hidden_too() -> None:
    shown = masked({"学号": "2026-0001", "rows": [{"学号": "2026-0002"}]}, {"学号"})
    assert shown == {"学号": "***(9)", "rows": [{"学号": "***(9)"}]}


def test_a_key_that_is_no_text_does_not_break_the_masking() -> None:
    assert ID_DIGITS not in str(masked({("toy", ID_DIGITS): 1, frozenset({PHONE}): 2}))


def test_the_original_is_left_as_it_was() -> None:
    original = {"name": "张三", "rows": [{"phone": PHONE}]}
    masked(original)
    assert original == {"name": "张三", "rows": [{"phone": PHONE}]}


@pytest.mark.parametrize(
    "value",
    [
        {ID_DIGITS: "a key"},
        {"rows": {f"学员{PHONE}": 1}},
        {"contact": int(PHONE)},
        {"number": int(ID_DIGITS)},
        {"phone": {PHONE: "at home"}},
    ],
    ids=["key", "key with text", "phone as a number", "id as a number", "key in a hidden field"],
)
def test_personal_data_is_hidden_as_a_key_and_as_a_number_too(value: Any) -> None:
    shown = str(masked(value))
    assert ID_DIGITS not in shown
    assert PHONE not in shown


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({}, set()),
        ("text", set()),
        (None, set()),
        ({"ticket": "t1", "year": "2026"}, {"t1"}),
        ({"rows": [{"name": "张三"}, {"name": ["李四", {"x": "王五"}]}]}, {"张三", "李四", "王五"}),
        ({"学号": "s1", "code": "c"}, {"s1"}),
        ([{"token": "a"}, ({"token": "b"},)], {"a", "b"}),
        ({"phone": None, "name": True}, set()),
    ],
)
def test_every_text_in_a_sensitive_field_is_known(data: Any, found: set[str]) -> None:
    assert sensitive_values(data, {"学号"}) == found
