"""The event as it is published: CloudEvents 1.0, JSON format, structured mode (DESIGN §3)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

CONTENT_TYPE = "application/cloudevents+json"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
"""One word of a routing key: lower case letters, digits, `_` and `-`."""


LONGEST = 255
"""Bytes of an identifier: it travels as one of AMQP's short strings."""


class _Short:
    """A text that AMQP can carry."""

    @staticmethod
    def _check(value: str) -> str:
        if len(value.encode(errors="surrogatepass")) > LONGEST:
            raise ValueError(f"must be at most {LONGEST} bytes in UTF-8")
        return value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls._check, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # maxLength counts characters: weaker than the rule, yet what a ready-made validator can check
        return handler(schema) | {"maxLength": LONGEST, "x-max-bytes": LONGEST}


Identifier = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00-\x1f]*$"), _Short]


class Event(BaseModel):
    """A business event. `source` and `id` together identify it; extensions are kept, not interpreted."""

    model_config = ConfigDict(extra="allow", frozen=True)

    specversion: Literal["1.0"]
    id: Identifier
    source: Identifier
    type: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]*\.[a-z0-9][a-z0-9-]*$", max_length=128)] = (
        Field(description="`<platform>.<operation>`")
    )
    subject: Identifier | None = Field(default=None, description="what must stay in order: the lane")
    time: datetime | None = Field(default=None, description="when it happened, RFC 3339")
    account: Name = Field(default="default", description="the institution's credentials to use")
    datacontenttype: str | None = Field(default=None, description="application/json, where it is given")
    data: dict[str, Any] = Field(description="the platform's own field names")

    @field_validator("datacontenttype")
    @classmethod
    def _json(cls, value: str | None) -> str | None:
        if value is not None and value.split(";")[0].strip() != "application/json":
            raise ValueError("must be application/json")
        return value

    @property
    def platform(self) -> str:
        """The part of the type before the dot."""
        return self.type.partition(".")[0]

    @property
    def operation(self) -> str:
        """The part of the type after the dot."""
        return self.type.partition(".")[2]
