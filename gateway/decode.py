"""From a delivery to a piece of work, or to a refusal that says what was wrong. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel, ValidationError

from gateway import trace_context
from gateway.masking import mask, scrub, sensitive_values
from gateway.outcome import Category, Rejected
from gateway.platform import AfterDeath, Operation
from gateway.topology import Names
from gateway.trace_context import TraceContext
from schemas.envelope import Event
from schemas.fields import sensitive_fields

LARGEST_EVENT = 16 * 1024 * 1024
"""Bytes: what RabbitMQ 4 takes at the most."""

MANY = 5
"""How many wrong fields a refusal names."""


class Work(NamedTuple):
    """A valid event and the operation that it asks for. A tuple, as `About`: they are made of every event."""

    event: Event
    operation: Operation
    data: BaseModel
    lane: str | None

    @property
    def holds(self) -> bool:
        """Whether its death would hold those behind it in its lane."""
        return self.operation.after_death is AfterDeath.HOLD

    def about(self) -> "About":
        """What the answer needs to know."""
        event, operation = self.event, self.operation
        secrets = sensitive_values(event.data, sensitive_fields(operation.model))
        return About(
            operation.name,
            operation.interactive,
            event.id,
            event.source,
            event.subject,
            event.time,
            frozenset(secrets),
            trace_context.read(event.model_extra or {}),
        )


class About(NamedTuple):
    """What could be read of an event. `secrets` are its sensitive texts, to be scrubbed out of messages."""

    operation: str
    interactive: bool
    event_id: str | None = None
    source: str | None = None
    subject: str | None = None
    happened_at: datetime | None = None
    secrets: frozenset[str] = frozenset()
    trace: TraceContext | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that is not valid."""

    ending: Rejected
    known: About

    lane = None

    def about(self) -> About:
        """What the answer needs to know, as far as it could be read."""
        return self.known


def decode(body: bytes, routing_key: str, names: Names, operations: Mapping[str, Operation]) -> Work | Refused:
    """Read an event that came for the account `names`. `routing_key` tells the operation of an unreadable one."""
    by_key = routing_key.rpartition(".")[2]
    if len(body) > LARGEST_EVENT:
        return _refuse(f"the event has {len(body)} bytes, at most {LARGEST_EVENT} are taken", by_key, operations)
    try:
        raw = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return _refuse(f"the body is no JSON: {error.msg} at byte {error.pos}", by_key, operations)
    if not isinstance(raw, dict):
        return _refuse(f"the body is a JSON {type(raw).__name__}, expected an object", by_key, operations)
    try:
        return _event(raw, names, operations, by_key)
    except RecursionError:
        return _refuse("the event is nested too deep", by_key, operations)


def _event(raw: dict[str, Any], names: Names, operations: Mapping[str, Operation], by_key: str) -> Work | Refused:
    try:
        event = Event.model_validate(raw)
    except ValidationError as error:
        return _refuse(f"no CloudEvent: {explain(error, Event, raw)}", by_key, operations, raw)
    return _for_operation(event, names, operations, raw, by_key)


def _for_operation(
    event: Event, names: Names, operations: Mapping[str, Operation], raw: dict[str, Any], by_key: str
) -> Work | Refused:
    if (event.platform, event.account) != (names.platform, names.account):
        said = f"type {event.type!r} and account {event.account!r}"
        return _refuse(f"{said} do not belong to {names.prefix!r}, where it was published", by_key, operations, raw)
    operation = operations.get(event.operation)
    if operation is None:
        known = ", ".join(operations)
        return _refuse(f"unknown type {event.type!r}; {names.platform} has: {known}", by_key, operations, raw)
    if by_key in operations and by_key != operation.name:
        said = f"type {event.type!r} was published under the key of {by_key!r}"
        return _refuse(said, operation.name, operations, raw)
    try:
        data = operation.model.model_validate(event.data)
    except ValidationError as error:
        reason = explain(error, operation.model, event.data)
        return _refuse(reason, operation.name, operations, raw)
    return Work(event, operation, data, lane(event, operation, data))


def lane(event: Event, operation: Operation, data: BaseModel) -> str | None:
    """What the event must stay in order with: its subject, else the operation's key fields; None for questions."""
    if operation.interactive:
        return None
    if event.subject is not None:
        return f"subject={event.subject}"
    return "&".join(f"{name}={getattr(data, name)}" for name in operation.lane) or None


def explain(error: ValidationError, model: type[BaseModel], data: Any) -> str:
    """What is wrong, field by field: name, Chinese name, rule, masked value."""
    items = error.errors(include_url=False, include_context=False)
    hidden = sensitive_values(data, sensitive_fields(model))
    told = [_explain_one(item, model) for item in items[:MANY]]
    more = f"; and {len(items) - MANY} more" if len(items) > MANY else ""
    return scrub("; ".join(told), hidden) + more


def _explain_one(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    path = ".".join(str(part) for part in item["loc"])
    known = model.model_fields.get(str(item["loc"][0])) if item["loc"] else None
    title = f" {known.title}" if known and known.title else ""
    where = path if known or item["type"] != "extra_forbidden" else mask(path)
    got = "" if item["type"] == "missing" or item["input"] is None or not path else f" (got {mask(item['input'])})"
    return f"{where}{title}: {item['msg']}{got}"


def _refuse(
    reason: str, operation: str, operations: Mapping[str, Operation], raw: Mapping[str, Any] | None = None
) -> Refused:
    known = operations.get(operation)
    said = {name: value for name in ("id", "source", "subject") if isinstance(value := (raw or {}).get(name), str)}
    return Refused(
        Rejected("invalid", scrub(reason), Category.INVALID),
        About(
            operation,
            known is not None and known.interactive,
            said.get("id"),
            said.get("source"),
            said.get("subject"),
            trace=trace_context.read(raw or {}),
        ),
    )
