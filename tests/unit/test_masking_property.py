"""Whatever is logged or shown: nothing of five characters of a sensitive value gets through, in any nesting."""

import io
from collections.abc import Iterator
from typing import Any

import orjson
import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st
from structlog.typing import FilteringBoundLogger

from gateway import masking
from gateway.log import hide
from gateway.masking import SENSITIVE_NAMES, masked, scrub

WINDOW = 5

# Values

digits = st.text("0123456789", min_size=16, max_size=16)
id_numbers = st.builds(
    lambda first, middle, last: first + middle + last,
    st.sampled_from("123456789"),
    digits,
    st.sampled_from("0123456789Xx"),
)
old_id_numbers = st.builds(lambda a, b: a + b[:14], st.sampled_from("123456789"), digits)
phones = st.builds(
    lambda prefix, second, rest: f"{prefix}1{second}{rest[:9]}",
    st.sampled_from(["", "86", "+86", "+86 ", "86-"]),
    st.sampled_from("3456789"),
    digits,
)
tickets = st.text("0123456789abcdef", min_size=32, max_size=64) | st.text(
    "0123456789ABCDEF", min_size=32, max_size=64
)
recognised = id_numbers | old_id_numbers | phones | tickets
"""What is known by its look, wherever it stands."""

names = st.text("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨欧阳上官·", min_size=2, max_size=12)
words = st.text("abcdefgh-_.~!$ABCDEFGH/+=", min_size=1, max_size=60)
secrets = recognised | names | words
"""What only the name of its field gives away."""

# What stands around them; no digits at the seams, for a longer number is another number

between = st.text("的身份证号是：，。；（）“”、 \n\t|/#'\"<>{}[]=&?学员电话号码😀", max_size=8)
field_names = st.sampled_from(["note", "msg", "data", "rows", "原因", "value", "input", "detail"])


def spelled(name: str, how: int) -> str:
    """The name of a sensitive field in one of the ways people write it."""
    middle = len(name) // 2
    return [name, name.upper(), name.title(), f"{name[:middle]}_{name[middle:]}", f"{name[:middle]}-{name[middle:]}"][
        how
    ]


sensitive_names = st.builds(spelled, st.sampled_from(sorted(SENSITIVE_NAMES)), st.integers(0, 4))


class Hidden(str):
    """A text that must not show; the rest of a structure may."""

    __slots__ = ()


class HiddenNumber(int):
    """A number that must not show."""


numbers = st.builds(lambda first, rest: HiddenNumber(f"1{first}{rest[:9]}"), st.sampled_from("3456789"), digits) | (
    st.builds(lambda first, rest: HiddenNumber(f"{first}{rest}0"), st.sampled_from("123456789"), digits)
)


texts_with_one = st.builds(
    lambda before, value, after: (f"{before}|{value}|{after}", value), between, recognised, between
)


def structures(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = st.none() | st.booleans() | st.integers(0, 999) | between
    return st.recursive(
        plain | leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(field_names, inner, max_size=4)
            | st.dictionaries(sensitive_names, inner_sensitive, max_size=3)
            | st.dictionaries(recognised.map(Hidden), inner, max_size=2)
        ),
        max_leaves=12,
    )


inner_sensitive = st.recursive(
    secrets.map(Hidden),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(field_names, inner, max_size=3),
    max_leaves=5,
)
anything = structures(recognised.map(Hidden) | numbers)


def parts_of(value: Any) -> Iterator[Any]:
    """Everything that stands in a structure, its keys as well."""
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from parts_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from parts_of(item)
    else:
        yield value


def hidden_in(value: Any) -> Iterator[str]:
    return (str(part) for part in parts_of(value) if isinstance(part, Hidden | HiddenNumber))


def texts_of(value: Any) -> Iterator[str]:
    return (str(part) for part in parts_of(value))


def leaks(values: Iterator[str], shown: str) -> list[str]:
    return [
        part
        for value in values
        for start in range(len(value) - WINDOW + 1)
        if (part := value[start : start + WINDOW]) in shown
    ]


@settings(max_examples=60)
@given(anything)
@example({"Access_Token": {"data": [Hidden("赵钱孙李周吴郑王")]}})
def test_nothing_sensitive_is_left_in_a_masked_structure(value: Any) -> None:
    shown = "\0".join(texts_of(masked(value)))
    assert not leaks(hidden_in(value), shown)


@given(texts_with_one, texts_with_one)
def test_nothing_that_is_known_by_its_look_is_left_in_a_text(first: tuple[str, str], second: tuple[str, str]) -> None:
    shown = scrub(f"{first[0]}{second[0]}")
    assert not leaks(iter((first[1], second[1])), shown)


@given(st.lists(secrets, min_size=1, max_size=4), between)
def test_nothing_that_is_known_to_be_sensitive_is_left_in_a_text(values: list[str], around: str) -> None:
    text = around.join(["", *values, *reversed(values), ""])
    assert not leaks(iter(values), scrub(text, values))


letters = st.text("019٣aAfFxX+-._:/@ BearerBasic", max_size=60)
"""Texts made of what the patterns are made of."""


@settings(max_examples=300)
@given(letters | st.builds("".join, st.lists(recognised | letters, max_size=3)))
@example("Bearer x")
@example("https://a:b@c")
@example("abcdefgh.abcdefgh.abcdefgh")
@example("٣" * 11)
def test_a_text_that_is_done_with_at_a_glance_has_nothing_of_the_kind(text: str) -> None:
    if not masking._perhaps(text):
        assert masking._PERSONAL.search(text) is None
        assert masking._SECRET.search(text) is None
    if not masking._DIGITS.search(text):
        assert masking._PERSONAL.search(text) is None


# The log


def logger_to(out: io.StringIO) -> FilteringBoundLogger:
    """As gateway.log configures it, for JSON lines."""
    render = structlog.processors.JSONRenderer(lambda value, **_: orjson.dumps(value, default=str).decode())
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(out),
        processors=[structlog.stdlib.add_log_level, structlog.processors.format_exc_info, hide, render],
        wrapper_class=structlog.make_filtering_bound_logger(0),
    )
    return logger


@settings(max_examples=60)
@given(anything, texts_with_one)
def test_nothing_sensitive_is_left_in_a_line_of_the_log(value: Any, text: tuple[str, str]) -> None:
    out = io.StringIO()
    logger_to(out).info("event.settled", data=value, reason=text[0], id=text[1] if len(text[1]) == 18 else "e-1")
    shown = "\0".join(texts_of(orjson.loads(out.getvalue())))
    assert not leaks(hidden_in(value), shown)
    assert not leaks(iter((text[1],)), shown)
    assert out.getvalue().count("\n") == 1


@given(texts_with_one, texts_with_one)
def test_nothing_that_is_known_by_its_look_is_left_in_a_traceback(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    out = io.StringIO()
    error = ValueError(second[0])
    error.__cause__ = KeyError(first[0])
    logger_to(out).error("call.broken", exc_info=error)
    shown = orjson.loads(out.getvalue())["exception"]
    assert "The above exception was the direct cause" in shown
    assert not leaks(iter((first[1], second[1])), shown)
