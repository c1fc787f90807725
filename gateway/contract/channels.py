"""The servers and channels of the AsyncAPI document: exchanges, dead letter queues, and the HTTP side. Pure."""

from collections.abc import Sequence
from typing import Any

from gateway import topology

BINDING = "0.3.0"
PARAMETERS = {
    "platform": {"description": "the type's part before the dot"},
    "account": {"description": "the institution's credentials to use 账号", "default": "default"},
    "operation": {"description": "the type's part after the dot"},
    "outcome": {"description": "how the event ended", "enum": ["accepted", "rejected", "dead", "expired"]},
    "event": {"description": "the type's part after the dot"},
}

Part = dict[str, Any]


def servers() -> Part:
    """The broker and the gateway's own HTTP side, under names that stand for an installation's own."""
    return {
        "broker": {
            "host": "rabbitmq.example.com:5671",
            "protocol": "amqps",
            "protocolVersion": "0.9.1",
            "description": "RabbitMQ, with a user that may write to gateway.events",
            "security": [{"$ref": "#/components/securitySchemes/brokerUser"}],
        },
        "http": {
            "host": "gateway.example.com",
            "protocol": "https",
            "description": "the gateway's HTTP side, behind something that speaks TLS",
            "security": [{"$ref": "#/components/securitySchemes/publisherKey"}],
        },
    }


def channels(
    events: Sequence[str], results: Sequence[str], inbound: Sequence[str], dead: str, platforms: Sequence[str]
) -> Part:
    """Every channel with the names of its messages."""
    return {
        "events": _exchange(topology.EVENTS, "{platform}.{account}.{operation}", events),
        "results": _exchange(topology.RESULTS, "{platform}.{account}.{operation}.{outcome}", results),
        "inbound": _exchange(topology.INBOUND, "{platform}.{event}", inbound),
        **{f"dead.{name}": _dead(name, dead) for name in platforms},
        "http": {
            "address": "/events",
            "title": "POST /events",
            "servers": [{"$ref": "#/servers/http"}],
            "messages": _messages(events),
        },
    }


def _exchange(name: str, address: str, messages: Sequence[str]) -> Part:
    exchange = {"name": name, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": address,
        "title": f"exchange {name}",
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": {key: told for key, told in PARAMETERS.items() if f"{{{key}}}" in address},
        "messages": _messages(messages),
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": BINDING}},
    }


def _dead(platform: str, message: str) -> Part:
    name = topology.Names(platform, "{account}").queue("dead")
    queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False}
    return {
        "address": name,
        "title": f"dead letters 死信 of {platform}",
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": {"account": PARAMETERS["account"]},
        "messages": _messages([message]),
        "bindings": {"amqp": {"is": "queue", "queue": queue, "bindingVersion": BINDING}},
    }


def _messages(names: Sequence[str]) -> Part:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}
