"""Field types beyond `schemas.fields`: the guide gives no lengths, so these bound the shape only."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


def _encodable(text: str) -> None:
    if "\0" in text:
        raise PydanticCustomError("text_nul", "must not contain the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair; its own message would quote it
        raise PydanticCustomError("text_unencodable", "must be encodable in UTF-8") from None


@dataclass(frozen=True, slots=True)
class Filled:
    """A text that is there: at least one character. No length is documented, so the platform decides."""

    def _check(self, value: str) -> str:
        if not value:
            raise PydanticCustomError("text_empty", "must not be empty")
        _encodable(value)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minLength": 1}


_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def _service_name(value: str) -> str:
    if not _SERVICE.fullmatch(value):
        raise PydanticCustomError(
            "service_name", "must be a service's name in the settings: 1 to 64 letters, digits, _ and -"
        )
    return value


ServiceName = Annotated[
    str,
    AfterValidator(_service_name),
    WithJsonSchema({"type": "string", "pattern": f"^{_SERVICE.pattern}$"}),
]
"""The name under which an account's settings describe a service."""


def _query(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if not name:
            raise PydanticCustomError("text_empty", "must not name a parameter with an empty text")
        _encodable(name)
        _encodable(text)
    return value


Query = Annotated[dict[str, str], AfterValidator(_query)]
"""Parameters of a query: texts by name."""


def _json_body(value: object) -> object:
    if value is None or isinstance(value, dict | list):
        return value
    raise PydanticCustomError("json_body", "must be a JSON object or a JSON list")


JsonBody = Annotated[
    Any,
    BeforeValidator(_json_body),
    WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "array"}, {"type": "null"}]}),
]
"""What a service takes, or nothing, in its own words: the gateway does not know them and looks no further."""


def _true_or_false(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise PydanticCustomError("true_or_false", "must be true or false")


TrueOrFalse = Annotated[bool, BeforeValidator(_true_or_false)]
"""A JSON boolean, and nothing that only looks like one."""
