"""From an HTTP request to CloudEvents: structured, binary and batch mode of the HTTP binding 1.0.2. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from gateway.http_events.problem import Kind, ProblemError
from schemas.envelope import CONTENT_TYPE

BATCH_TYPE = "application/cloudevents-batch+json"
PREFIX = "ce-"
MOST_EVENTS = 1000
"""Events of one batch."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"[a-z0-9]+")
_BODYS_OWN = frozenset({"data", "datacontenttype"})

Headers = Iterable[tuple[str, str]]
"""Names and values as they came, a name perhaps more than once."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One event as it came: what could be read of it, and the bytes to publish."""

    event: Any
    body: bytes


def read(content_type: str, headers: Headers, body: bytes) -> list[Raw]:
    """The events of a request. Raises ProblemError: no-cloudevent or media-type."""
    media, _, parameters = content_type.partition(";")
    media = media.strip().lower()
    _refuse_charset(parameters)
    if media == CONTENT_TYPE:
        return [Raw(_json(body), body)]
    if media == BATCH_TYPE:
        return _batch(body)
    attributes = _attributes(headers)
    if not attributes:
        raise ProblemError(Kind.MEDIA_TYPE, f"send {CONTENT_TYPE}, {BATCH_TYPE}, or attributes in ce-… headers")
    if media != "application/json":
        raise ProblemError(Kind.MEDIA_TYPE, "with attributes in ce-… headers the body is the data: application/json")
    return [_binary(attributes, body)]


def _refuse_charset(parameters: str) -> None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() != "utf-8":
            raise ProblemError(Kind.MEDIA_TYPE, "charset must be utf-8")


def _batch(body: bytes) -> list[Raw]:
    events = _json(body)
    if not isinstance(events, list) or not events:
        raise ProblemError(Kind.NO_CLOUDEVENT, "a batch is a JSON array of at least one event")
    if len(events) > MOST_EVENTS:
        raise ProblemError(Kind.TOO_LARGE, f"a batch has at most {MOST_EVENTS} events, this one {len(events)}")
    try:
        return [Raw(event, orjson.dumps(event)) for event in events]
    except orjson.JSONEncodeError:
        raise ProblemError(Kind.NO_CLOUDEVENT, "an event of the batch is nested too deep") from None


def _binary(attributes: Mapping[str, str], body: bytes) -> Raw:
    """The data's own bytes stay as they came, so that its numbers stay exact."""
    data = _json(body)
    envelope = {**attributes, "datacontenttype": "application/json"}
    whole = orjson.dumps({**envelope, "data": orjson.Fragment(body)})
    return Raw({**envelope, "data": data}, whole)


def _attributes(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = {}
    for header, value in headers:
        name = header.lower()
        if not name.startswith(PREFIX):
            continue
        attribute = name.removeprefix(PREFIX)
        if not _NAME.fullmatch(attribute) or attribute in _BODYS_OWN:
            raise ProblemError(Kind.NO_CLOUDEVENT, "an attribute's header is ce- and letters a-z or digits; not data")
        if attribute in found:
            raise ProblemError(Kind.NO_CLOUDEVENT, f"the header ce-{attribute[:20]} stands there twice")
        found[attribute] = _decoded(value)
    return found


def _decoded(value: str) -> str:
    """Section 3.1.3.2: take quotes off, then percent-decode once. Raises ProblemError for what is no UTF-8."""
    if quoted := _QUOTED.fullmatch(value):
        value = re.sub(r"\\(.)", r"\1", quoted[1])
    try:
        return unquote_to_bytes(value.encode("utf-8", "surrogateescape")).decode()
    except UnicodeError:
        raise ProblemError(Kind.NO_CLOUDEVENT, "a ce-… header is no percent-encoded UTF-8") from None


def encoded(value: str) -> str:
    """The value of an attribute as a header: what `read` takes back (section 3.1.3.2)."""
    return "".join(c if "!" <= c <= "~" and c not in '"%' else _percent(c) for c in value)


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProblemError(Kind.NO_CLOUDEVENT, f"the body is no JSON: {error.msg} at byte {error.pos}") from None
