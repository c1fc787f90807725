"""One example of every message, made of the models' own. Pure, and the same at every export."""

from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.contract.catalogue import FromPlatform, Published
from gateway.decode import Refused, decode
from gateway.topology import Names
from schemas.results import Result

ID = "8a3f0c52-6d1e-4b7a-9c24-5e1f7d3b9a60"
SOURCE = "/gateway/<platform>/<account>"
_AT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
_UNKNOWN = "no-such-field"


def event_example(published: Published, data: Any) -> dict[str, Any]:
    """An event as a service would publish it."""
    return {
        "specversion": "1.0",
        "id": ID,
        "source": "/school/enrolment",
        "type": published.type,
        "time": "2026-11-20T09:30:00+08:00",
        "datacontenttype": "application/json",
        "data": data,
    }


def result_example(published: Published) -> dict[str, Any]:
    """What is answered to an event with a field that its type does not have: true of every platform."""
    event = event_example(published, {_UNKNOWN: 1})
    names = Names(published.platform.name, "default")
    refused = decode(orjson.dumps(event), names.key(published.operation.name), names, published.platform.operations)
    if not isinstance(refused, Refused):
        raise TypeError(f"{published.type} takes a field that it does not have")
    ending = refused.ending
    result = Result(
        event_id=ID,
        outcome="rejected",
        category=ending.category.value,
        code=ending.code,
        message=ending.message,
        attempts=0,
        response=None,
        finished_at=_AT,
    )
    return _sent(published.platform.name, f"{published.type}.rejected", result.model_dump(mode="json"))


def inbound_example(inbound: FromPlatform, data: Any) -> dict[str, Any]:
    """A call from the platform, with what the gateway adds to it."""
    told = inbound.model.model_validate(data).model_dump(mode="json")
    return _sent(inbound.platform.name, inbound.type, told)


def _sent(platform: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """As the gateway publishes it."""
    return {
        "specversion": "1.0",
        "id": "b3f1f0a4-9f5c-5f0e-8f0a-2f0d6a1c7e55",
        "source": f"/gateway/{platform}/default",
        "type": kind,
        "account": "default",
        "time": _AT.isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        "data": data,
    }
