"""What an operator changes in events before they are replayed: an RFC 6902 JSON Patch of the whole event. Pure."""

from collections.abc import Mapping
from typing import Any

import jsonpatch
import orjson
from jsonpointer import JsonPointer, JsonPointerException

from gateway.decode import Refused, decode
from gateway.errors import RefusedError
from gateway.masking import masked
from gateway.platform import Operation
from gateway.topology import Names
from schemas.fields import sensitive_fields

KEPT = ("id", "source", "type", "account", "subject", "specversion")
"""What an edit cannot change: who the event is, and whom it keeps in order with."""

NOT_THERE = "not there 无"


class EditError(RefusedError):
    """This edit does not fit this event; the message says where, and shows no value."""


def read(text: bytes) -> list[dict[str, Any]]:
    """The operations of a patch. Raises EditError."""
    try:
        patch = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise EditError(f"the edit is no JSON: {error.msg} at byte {error.pos}") from None
    if not isinstance(patch, list) or not patch or not all(isinstance(one, dict) for one in patch):
        raise EditError('the edit must be a JSON Patch: [{"op": "replace", "path": "/data/…", "value": …}]')
    try:
        jsonpatch.JsonPatch(patch)
    except (jsonpatch.JsonPatchException, JsonPointerException) as error:
        raise EditError(f"the edit is no JSON Patch: {type(error).__name__}; see RFC 6902") from None
    return patch


def edited(
    body: bytes, patch: list[dict[str, Any]], key: str, names: Names, operations: Mapping[str, Operation]
) -> bytes:
    """The event after the patch, valid for its operation. Raises EditError."""
    event = _event(body)
    try:
        changed = jsonpatch.JsonPatch(patch).apply(event)
    except jsonpatch.JsonPatchTestFailed:
        raise EditError("a test of the edit fails: the event is not as it expects") from None
    except (jsonpatch.JsonPatchException, JsonPointerException) as error:
        raise EditError(f"the edit does not fit: {type(error).__name__}; see its paths") from None
    _same(event, changed)
    after = orjson.dumps(changed)
    read_again = decode(after, key, names, operations)
    if isinstance(read_again, Refused):
        raise EditError(f"the edited event is not valid: {read_again.ending.message}")
    before = decode(body, key, names, operations)
    if not isinstance(before, Refused) and before.lane != read_again.lane:
        raise EditError("the edit moves the event to another lane: publish it anew instead")
    return after


def difference(body: bytes, patch: list[dict[str, Any]], operation: Operation | None) -> list[dict[str, Any]]:
    """What the patch changes, one line for each of its operations, every value masked that may be personal."""
    before = _event(body)
    after = jsonpatch.JsonPatch(patch).apply(before)
    sensitive = sensitive_fields(operation.model) if operation else frozenset()
    return [_line(one, before, after, sensitive) for one in patch if one["op"] != "test"]


def _line(one: Mapping[str, Any], before: Any, after: Any, sensitive: frozenset[str]) -> dict[str, Any]:
    path = str(one["path"])
    values = (_shown(path, _at(document, path), sensitive) for document in (before, after))
    return {"op": one["op"], "path": path, **dict(zip(("before", "after"), values, strict=True))}


def _at(document: Any, path: str) -> Any:
    return JsonPointer(path).resolve(document, NOT_THERE)


def _shown(path: str, value: Any, sensitive: frozenset[str]) -> Any:
    """Masked by the names on its way too: what stands below a sensitive one is hidden."""
    parts = JsonPointer(path).parts
    nested = value
    for name in reversed(parts):
        nested = {name: nested}
    hidden = masked(nested, sensitive)
    for _ in parts:
        (hidden,) = hidden.values()
    return hidden


def _event(body: bytes) -> Any:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise EditError("the event is no JSON: it cannot be edited") from None
    if not isinstance(event, dict):
        raise EditError("the event is no JSON object: it cannot be edited")
    return event


def _same(before: Any, after: Any) -> None:
    if not isinstance(after, dict):
        raise EditError("the edit must leave an event")
    changed = [name for name in KEPT if before.get(name) != after.get(name)]
    if changed:
        raise EditError(f"{', '.join(changed)}: an edit keeps the event's identity; publish a new event instead")
