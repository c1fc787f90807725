"""The one place where personal data and secrets are taken out of what people and machines read.

Three ways in: `mask` for a value known to be sensitive, `scrub` for text in which one may hide, and
`masked` for a whole structure by field names and by the look of its text.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from types import NoneType
from typing import Any

# fmt: off
SENSITIVE_NAMES = frozenset((
    "ticket", "idnum", "idcard", "identitynum", "holderidentitynum", "realname", "name", "stuname", "phone",
    "mobile", "telephone", "token", "accesstoken", "secret", "password", "key", "authorization",
    "authorizationcode", "authcode", "uuid", "sign", "arrival", "cookie", "setcookie", "paastoken",
    "appsecret", "credential", "photo", "authcodes", "identitynumber", "holdername", "licenseaccesstoken",
    "filedata", "uinfo", "uid",
))
# fmt: on
"""Field names, lower case and without separators, whose values are never shown."""

_PERSONAL = re.compile(
    r"""
      (?<![0-9])[1-9]\d{16}[0-9Xx](?![0-9])                 # 公民身份号码
    | (?<![0-9])[1-9]\d{14}(?![0-9])                        # its old form of 15 digits
    | (?<![0-9])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9])         # mobile phone
    """,
    re.VERBOSE,
)
_SECRET = re.compile(
    r"""
      (?<![0-9A-Za-z])(?:Bearer|Basic)\s+[\w.~+/=-]+        # authorization header
    | (?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])       # ticket, token, digest
    | (?<![\w.-])[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}(?![\w])      # JSON web token
    | (?<=://)[^\s/@:]+:[^\s/@]+(?=@)                       # credentials in an address
    """,
    re.VERBOSE,
)

_LONG_RUN = re.compile(r"[\dA-Fa-f]{11}")
_DIGITS = re.compile(r"\d{11}")
"""In every number of a person: an id of ours mostly has none, and is done with."""

_SHORTEST = len("Basic x")
"""Characters of the shortest that is found by its look; `://a:b@` has as many."""

_SHOWS_ENDS = 12
_LONG_NUMBER = 19
"""Digits of a whole number that JSON's readers may not hold."""

_SMALL = 10**10
"""Whole numbers below have too few digits to be anybody's."""

# Made once: a union that stands in a call is made anew at each.
_HARMLESS = (bool, float, NoneType)
_SCALAR = (str, int, float, NoneType)
_LISTED = (list, tuple)


def mask(value: object) -> str:
    """What may be shown of a sensitive value: its length, and of a long one the first and last character."""
    text = value if isinstance(value, str) else str(value)
    if len(text) < _SHOWS_ENDS:
        return f"***({len(text)})"
    return f"{text[0]}***{text[-1]}({len(text)})"


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """The text without anything that looks like personal data, and without the values known to be."""
    return _by_look(_without(text, [value for value in known if 1 < len(value) <= len(text)]))


def _by_look(text: str) -> str:
    return scrub_personal(_SECRET.sub(lambda found: mask(found.group()), text)) if _perhaps(text) else text


def _perhaps(text: str) -> bool:
    """Whether anything of the kinds above could be found in it: in most texts not, and they are done with."""
    if len(text) < _SHORTEST:
        return False
    run = _LONG_RUN.search(text) is not None
    return run or text.count(".") > 1 or "://" in text or "Bearer" in text or "Basic" in text


def _without(text: str, values: Collection[str]) -> str:
    """The text with every occurrence of these values masked; occurrences that overlap become one."""
    if not any(value in text for value in values):
        return text
    spans: list[tuple[int, int]] = []
    for start, stop in sorted((at, at + len(value)) for value in values for at in _occurrences(text, value)):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
        else:
            spans.append((start, stop))
    ends = [0, *(stop for _, stop in spans)]
    parts = (text[end:start] + mask(text[start:stop]) for end, (start, stop) in zip(ends, spans, strict=False))
    return "".join(parts) + text[ends[-1] :]


def _occurrences(text: str, value: str) -> Iterator[int]:
    at = text.find(value)
    while at >= 0:
        yield at
        at = text.find(value, at + 1)


def scrub_personal(text: str) -> str:
    """Like `scrub`, for identifiers of ours, which may look like a secret and are none."""
    return _PERSONAL.sub(lambda found: mask(found.group()), text) if _DIGITS.search(text) else text


@lru_cache(1024)
def is_sensitive(name: str) -> bool:
    """Whether a field of this name is never shown."""
    return re.sub(r"[^a-z]", "", name.lower()) in SENSITIVE_NAMES


def masked(value: Any, sensitive: Collection[str] = ()) -> Any:
    """A copy of a JSON-like structure with sensitive fields masked, by `sensitive` names and by our own."""
    if isinstance(value, str):
        return _by_look(value)
    if isinstance(value, _HARMLESS):
        return value
    if isinstance(value, int):
        return value if abs(value) < _SMALL else _masked_number(value)
    if isinstance(value, Mapping):
        return _masked_fields(value, sensitive)
    if isinstance(value, _LISTED):
        return [masked(item, sensitive) for item in value]
    return scrub(_shown(value))


def _masked_fields(fields: Mapping[Any, Any], sensitive: Collection[str]) -> dict[Any, Any]:
    shown = {}
    for name, item in fields.items():
        key, hidden = _field(name)
        shown[key] = _hidden(item) if hidden or name in sensitive else masked(item, sensitive)
    return shown


@lru_cache(1024, typed=True)
def _field(name: Any) -> tuple[Any, bool]:
    """How a field's name is shown, and whether its value is not."""
    return _key(name), is_sensitive(str(name))


def _masked_number(value: int) -> int | str:
    text = str(value)
    return value if scrub_personal(text) == text and len(text) < _LONG_NUMBER else mask(text)


def _key(key: Any) -> Any:
    return masked(key) if isinstance(key, _SCALAR) else scrub(_shown(key))


def _shown(value: object) -> str:
    """The text under which a renderer would show a value that is none of JSON's own."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _hidden(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, _LISTED):
        return [_hidden(item) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): _hidden(item) for key, item in value.items()}
    return mask(value)


def sensitive_values(data: Any, sensitive: Collection[str] = ()) -> set[str]:
    """Every text that stands in a sensitive field, to be scrubbed out of what others say about this event."""
    found: set[str] = set()
    if isinstance(data, Mapping):
        for key, item in data.items():
            if key in sensitive or is_sensitive(str(key)):
                found |= _texts(item)
            elif not isinstance(item, _SCALAR):
                found |= sensitive_values(item, sensitive)
    elif isinstance(data, _LISTED):
        found.update(*(sensitive_values(item, sensitive) for item in data if not isinstance(item, _SCALAR)))
    return found


def _texts(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return set().union(*(_texts(item) for item in value.values()))
    if isinstance(value, _LISTED):
        return set().union(*(_texts(item) for item in value))
    return set()
