"""The AsyncAPI document's components: schemas and messages, each once, found by reference. Pure."""

from collections.abc import Mapping
from typing import Any

from gateway.contract.documents import DEFS
from schemas.envelope import CONTENT_TYPE

_SCHEMAS = "#/components/schemas/"

Part = dict[str, Any]


class Components:
    """Collects what the document refers to."""

    def __init__(self) -> None:
        self.messages: Part = {}
        self._schemas: Part = {}

    def message(self, name: str, platform: str, schema: Part, told: str) -> str:
        """Adds a CloudEvent's message, with its schema's examples; gives its name. `told`: its type."""
        payload = {key: value for key, value in schema.items() if key != "examples"}
        self.messages[name] = {
            "name": told,
            "title": schema["title"],
            "summary": schema["description"],
            "contentType": CONTENT_TYPE,
            "payload": self.schema(name, platform, payload),
            "examples": [{"name": f"{name}.{n}", "payload": example} for n, example in enumerate(schema["examples"])],
        }
        return name

    def schema(self, name: str, platform: str, schema: Part) -> Part:
        """Adds a schema and what stands in its $defs, those under the platform's name; gives the reference to it."""
        for inner, definition in schema.get(DEFS, {}).items():
            self._add(f"{platform}.{inner}", _moved(definition, platform))
        own = {key: value for key, value in schema.items() if key not in {DEFS, "$schema", "$id"}}
        self._add(name, _moved(own, platform))
        return {"$ref": f"{_SCHEMAS}{name}"}

    def _add(self, name: str, schema: Part) -> None:
        if self._schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two different schemas want to be called {name}")

    def document(self) -> Part:
        """The components of the document."""
        return {
            "messages": self.messages,
            "schemas": self._schemas,
            "securitySchemes": {
                "brokerUser": {"type": "userPassword", "description": "a user of RabbitMQ"},
                "publisherKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "the publisher's key: `gateway publisher key`",
                },
            },
        }


def _moved(schema: Any, platform: str) -> Any:
    """With references into the components.

    AsyncAPI's schemas are those of draft 7, where nothing counts that stands beside a reference: it is wrapped.
    """
    if isinstance(schema, list):
        return [_moved(item, platform) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    beside = {key: _moved(value, platform) for key, value in schema.items() if key != "$ref"}
    if not isinstance(schema.get("$ref"), str):
        return beside | {key: _moved(value, platform) for key, value in schema.items() if key == "$ref"}
    reference = {"$ref": schema["$ref"].replace(f"#/{DEFS}/", f"{_SCHEMAS}{platform}.")}
    return {**beside, "allOf": [*beside.get("allOf", []), reference]} if beside else reference
