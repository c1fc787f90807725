"""The event as it is published: CloudEvents 1.0, JSON format, structured mode (DESIGN §3)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator

CONTENT_TYPE = "application/cloudevents+json"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=64)]
"""One word of a routing key: lower case letters, digits, `_` and `-`."""


def _short(value: str) -> str:
    if len(value.encode(errors="surrogatepass")) > LONGEST:
        raise ValueError(f"must be at most {LONGEST} bytes in UTF-8")
    return value


LONGEST = 255
"""Bytes of an identifier: it travels as one of AMQP's short strings."""

Identifier = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00-\x1f]*$"), AfterValidator(_short)]


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
    datacontenttype: str | None = None
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
