"""The AsyncAPI 3 document: channels, operations and messages of the gateway, as the gateway acts. Pure."""

from importlib.metadata import version
from typing import Any

from gateway.contract import documents
from gateway.contract.catalogue import Catalogue, FromPlatform, Published
from gateway.contract.channels import channels, servers
from gateway.contract.components import Components
from schemas.envelope import CONTENT_TYPE

DESCRIPTION = """\
Internal services publish business events; the gateway calls the provincial platforms 省级平台 and publishes results.
Operations are told from the gateway's side: what it receives is what a service publishes. Every event ends exactly
once as accepted, or as a dead letter that says who must act, or (interactive questions) as an answer. Delivery is at
least once: deduplicate results on data.event_id, calls from platforms on the event's id."""

Document = dict[str, Any]


def document(catalogue: Catalogue) -> Document:
    """The whole document."""
    parts = Components()
    events = [_event(parts, published) for published in catalogue.published]
    results = [_result(parts, published) for published in catalogue.published]
    inbound = [_inbound(parts, each) for each in catalogue.inbound]
    dead = _dead_letter(parts)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Provincial gateway 省级平台对接网关",
            "version": version("provincial-gateway"),
            "description": DESCRIPTION,
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": servers(),
        "channels": channels(events, results, inbound, dead, [each.name for each in catalogue.platforms]),
        "operations": {
            **{f"receive.{each.type}": _receive(each) for each in catalogue.published},
            "receive.http": _receive_http(catalogue),
            **{f"send.result.{each.type}": _send("results", f"result.{each.type}") for each in catalogue.published},
            **{f"send.inbound.{each.type}": _send("inbound", f"inbound.{each.type}") for each in catalogue.inbound},
            **{f"send.dead.{each.name}": _send(f"dead.{each.name}", dead) for each in catalogue.platforms},
        },
        "components": parts.document(),
    }


def _event(parts: Components, published: Published) -> str:
    schema = documents.event_schema(published)
    return parts.message(f"event.{published.type}", published.platform.name, schema, published.type)


def _result(parts: Components, published: Published) -> str:
    schema = documents.result_schema(published)
    return parts.message(f"result.{published.type}", published.platform.name, schema, f"{published.type}.<outcome>")


def _inbound(parts: Components, inbound: FromPlatform) -> str:
    schema = documents.inbound_schema(inbound)
    return parts.message(f"inbound.{inbound.type}", inbound.platform.name, schema, inbound.type)


def _dead_letter(parts: Components) -> str:
    """Its body may be anything: also what was never an event is kept."""
    name = "dead-letter"
    parts.messages[name] = {
        "name": name,
        "title": "Dead letter 死信",
        "summary": "The event as it was published, body, properties and routing key, and who must act",
        "headers": parts.schema(name, "gateway", documents.dead_letter_headers_schema()),
    }
    return name


def _receive(published: Published) -> Document:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/events"},
        "title": published.title,
        "description": published.description,
        "messages": [_message("events", f"event.{published.type}")],
        "reply": {
            "channel": {"$ref": "#/channels/results"},
            "messages": [_message("results", f"result.{published.type}")],
        },
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "ack": True, "bindingVersion": "0.3.0"}},
    }


def _receive_http(catalogue: Catalogue) -> Document:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/http"},
        "title": "POST /events",
        "description": (
            "The same events for services without AMQP: structured, binary or batch mode of the CloudEvents HTTP "
            "binding. Answered 202 once the broker has confirmed; every refusal is application/problem+json."
        ),
        "messages": [_message("http", f"event.{each.type}") for each in catalogue.published],
        "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
    }


def _send(channel: str, message: str) -> Document:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [_message(channel, message)],
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "bindingVersion": "0.3.0"}},
    }


def _message(channel: str, name: str) -> Document:
    return {"$ref": f"#/channels/{channel}/messages/{name}"}
