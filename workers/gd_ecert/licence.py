"""Reading the answers of license-app/v1 (facts B3), odd `data_fields` included. Pure."""

from collections.abc import Mapping
from re import Match
from re import compile as pattern
from typing import Any

import orjson

LARGEST_TEXT = 256 * 1024
"""Characters of a data_fields that are still read; a longer text is passed on as it is."""

_PARTS = pattern(
    r"""(?sx)
      (?P<double> "(?:[^"\\]|\\.)*" )     # a JSON text, kept as it is
    | (?P<single> '(?:[^'\\]|\\.)*' )     # the odd one
    | (?P<word>   \b(?:None|True|False)\b )
    | (?P<other>  [^"'\w]+ | \w+ )
    """
)
_WORDS = {"None": "null", "True": "true", "False": "false"}
_INNER = pattern(r"(?s)\\(.)|(\")|([\x00-\x1f])|([^\\\"\x00-\x1f]+)")


def with_data_fields(data: Any) -> Any:
    """A licence, or a list of them, with `data_fields` as the object it stands for, where it can be read as one."""
    if isinstance(data, list):
        return [with_data_fields(item) for item in data]
    if not isinstance(data, Mapping):
        return data
    return {name: data_fields(value) if name == "data_fields" else value for name, value in data.items()}


def data_fields(value: Any) -> Any:
    """The object, whether it came as one, as JSON in a text, or as a text with single quotes.

    What is none of these stays as it came: the licence is good without it.
    """
    if not isinstance(value, str) or len(value) > LARGEST_TEXT:
        return value
    for text in (value, _double_quoted(value)):
        read = _json(text)
        if isinstance(read, dict):
            return read
    return value


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _double_quoted(text: str) -> str:
    """The text with its single-quoted parts as JSON texts; nothing in it is ever run.

    Ends at a quote that is never closed: what follows cannot be read, and looking further would take long.
    """
    parts, position = [], 0
    while found := _PARTS.match(text, position):
        parts.append(_part(found))
        position = found.end()
    return "".join(parts) + text[position:]


def _part(found: Match[str]) -> str:
    kind, part = found.lastgroup, found.group()
    if kind == "single":
        return '"' + "".join(map(_inner, _INNER.finditer(part[1:-1]))) + '"'
    return _WORDS[part] if kind == "word" else part


def _inner(found: Match[str]) -> str:
    escaped, quote, control, plain = found.groups()
    if escaped is not None:
        return "'" if escaped == "'" else f"\\{escaped}"
    if quote or control:
        return f"\\u{ord(quote or control):04x}"
    return str(plain)
