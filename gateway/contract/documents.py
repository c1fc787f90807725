"""JSON Schemas (2020-12) of whole messages: the envelope with its type and data in it. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from gateway.contract.catalogue import FromPlatform, Published
from gateway.contract.examples import SOURCE, event_example, inbound_example, result_example
from schemas.dead_letters import DeadHeaders
from schemas.envelope import Event
from schemas.results import Result

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFS = "$defs"

Schema = dict[str, Any]


def event_schema(published: Published) -> Schema:
    """What a service publishes under this type."""
    envelope = Event.model_json_schema()
    return _whole(
        f"event:{published.type}",
        envelope,
        published.operation.model.model_json_schema(),
        {"type": {"const": published.type, "description": "`<platform>.<operation>`"}},
        {
            "title": published.title,
            "description": published.description,
            "examples": [event_example(published, data) for data in _examples(published.operation.model)],
        },
    )


def result_schema(published: Published) -> Schema:
    """What comes back for this type on `gateway.results`, and to `reply_to`."""
    outcomes = list(published.outcomes)
    data = Result.model_json_schema(mode="serialization")
    data["properties"]["outcome"]["enum"] = outcomes
    own: dict[str, Schema] = {
        "type": {"enum": [f"{published.type}.{outcome}" for outcome in outcomes]},
        "source": {"type": "string", "description": SOURCE},
    }
    about = {
        "title": f"{published.title}: result 结果",
        "description": f"How an event {published.type} ended. At least once: deduplicate on data.event_id.",
        "examples": [result_example(published)],
    }
    return _whole(f"result:{published.type}", _sent_envelope(), data, own, about)


def inbound_schema(inbound: FromPlatform) -> Schema:
    """What the gateway publishes when the platform calls."""
    data = inbound.model.model_json_schema(mode="serialization")
    own: dict[str, Schema] = {"type": {"const": inbound.type}, "source": {"type": "string", "description": SOURCE}}
    about = {
        "title": f"{inbound.name}: call from the platform 平台回调",
        "description": f"{inbound.platform.title}. At least once: deduplicate on the event's id.",
        "examples": [inbound_example(inbound, example) for example in _examples(inbound.model)],
    }
    return _whole(f"inbound:{inbound.type}", _sent_envelope(), data, own, about)


def dead_letter_headers_schema() -> Schema:
    """The AMQP headers of a dead letter; its body is the event as it was published, also where that is no JSON."""
    return {"$schema": DIALECT, "$id": _identity("dead-letter-headers"), **DeadHeaders.model_json_schema()}


def _sent_envelope() -> Schema:
    """The envelope of what the gateway itself publishes: nothing of it is left to defaults."""
    envelope = Event.model_json_schema()
    envelope["required"] = sorted({*envelope["required"], "time", "account", "datacontenttype"})
    return envelope


def _whole(name: str, envelope: Schema, data: Schema, own: Mapping[str, Schema], about: Mapping[str, Any]) -> Schema:
    """The envelope's schema with the type's own attributes and data in it."""
    inner = {key: value for key, value in data.items() if key not in {DEFS, "examples"}}
    properties = {**envelope["properties"], **own, "data": inner}
    defs = {DEFS: data[DEFS]} if DEFS in data else {}
    whole = {**envelope, **about, "properties": properties, **defs}
    return {"$schema": DIALECT, "$id": _identity(name), **whole}


def _examples(model: type[BaseModel]) -> list[Any]:
    found: list[Any] = model.model_json_schema().get("examples", [])
    return found


def _identity(name: str) -> str:
    return f"urn:provincial-gateway:schema:{name}"
