"""What every platform's schema is built from: the base model and the field types the documents use.

A refusal names the rule, never the value: these fields carry ID numbers, names and tickets, and refusals end
in logs, results and dead letters. Rules raise `PydanticCustomError` with a stable type; only the shape
of the data (`missing`, `extra_forbidden`, `string_type`) keeps pydantic's own types, whose texts carry no
value either. Read them with `error.errors(include_input=False)`; `str(error)` is safe as it is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from schemas.dictionaries import Dictionary


class Data(BaseModel):
    """The `data` of one event: exactly the document's fields, unchangeable once read.

    Text is never made from numbers, and NUL is refused wherever a text or a list of texts stands.
    `repr` masks what is `Sensitive`, so that a model in a log line or a traceback gives nothing away.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @field_validator("*", mode="after")
    @classmethod
    def _refuse_nul(cls, value: Any) -> Any:
        if isinstance(value, str):
            found = "\0" in value
        else:
            found = isinstance(value, list | tuple) and any(isinstance(text, str) and "\0" in text for text in value)
        if found:
            raise PydanticCustomError("text_nul", "must not contain the NUL character")
        return value

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        hidden = sensitive_fields(type(self))
        for name, value in super().__repr_args__():
            yield name, "***" if name in hidden else value


class Sensitive:
    """Marks, in `Annotated`, what must not be shown: `Annotated[str, Text(max_bytes=512), Sensitive]`."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"x-sensitive": True}


@cache
def sensitive_fields(model: type[BaseModel]) -> frozenset[str]:
    """The names of all fields marked `Sensitive`, in the model and in the models inside it."""
    return frozenset(_sensitive_names(model, set()))


def _sensitive_names(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[str]:
    seen.add(model)
    for name, field in model.model_fields.items():
        parts = [*field.metadata, *_parts(field.annotation)]
        if any(part is Sensitive or isinstance(part, Sensitive) for part in parts):
            yield name
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
                yield from _sensitive_names(part, seen)


def _parts(annotation: object) -> Iterator[object]:
    """An annotation and all that stands inside it: for `list[Annotated[X, m]] | None` also X and m."""
    yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of 1 to `max_bytes` bytes in UTF-8: a Chinese character counts 3. Column 长度（字节）."""

    max_bytes: int

    def _check(self, value: str) -> str:
        if not value:
            raise PydanticCustomError("text_empty", "must not be empty")
        try:
            size = len(value.encode())
        except UnicodeEncodeError:  # half a surrogate pair; its own message would quote it
            raise PydanticCustomError("text_unencodable", "must be encodable in UTF-8") from None
        if size > self.max_bytes:
            raise PydanticCustomError(
                "text_too_long", "must be at most {max_bytes} bytes in UTF-8", {"max_bytes": self.max_bytes}
            )
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        # maxLength counts characters: weaker than the rule, yet what a ready-made validator can check
        length = {"minLength": 1, "maxLength": self.max_bytes, "x-max-bytes": self.max_bytes}
        return _described(handler(schema) | length, f"Length in UTF-8 bytes: at most {self.max_bytes}.")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `minimum` to `maximum`; a string of digits is tolerated and becomes the number.

    `section` says where the document sets the bounds.
    """

    minimum: int
    maximum: int
    section: str

    def _check(self, value: object) -> int:
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if type(value) is int and self.minimum <= value <= self.maximum:  # a bool is not a number here
            return value
        raise PydanticCustomError(
            "whole_number",
            "must be a whole number from {minimum} to {maximum} ({section})",
            {"minimum": self.minimum, "maximum": self.maximum, "section": self.section},
        )

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minimum": self.minimum, "maximum": self.maximum}


_DIGITS = re.compile(r"0|[1-9][0-9]{0,17}")


class OneOf:
    """A code out of one of these dictionaries; the refusal says which section of the document lists them."""

    def __init__(self, *dictionaries: Dictionary) -> None:
        self._names = {code: name for dictionary in dictionaries for code, name in dictionary.names.items()}
        self._sections = " or ".join(dictionary.section for dictionary in dictionaries)

    def _check(self, value: str) -> str:
        if value not in self._names:
            raise PydanticCustomError("unknown_code", "must be a code of {sections}", {"sections": self._sections})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return _described(handler(schema) | named_codes(self._names), f"A code of {self._sections}.")


def named_codes(names: Mapping[Any, str]) -> JsonSchemaValue:
    """The keywords of a closed list: its codes, and by code the name that the document gives each."""
    return {"enum": list(names), "x-enum-names": {str(code): name for code, name in names.items()}}


def _described(schema: JsonSchemaValue, sentence: str) -> JsonSchemaValue:
    return schema | {"description": " ".join(filter(None, [schema.get("description"), sentence]))}


def _calendar_time(value: str) -> str:
    try:
        exact = datetime.fromisoformat(value).isoformat(" ") == value  # it reads other ISO forms as well
    except ValueError:
        exact = False
    if not exact:
        raise PydanticCustomError("timestamp", "must be a real time written yyyy-MM-dd HH:mm:ss")
    return value


Timestamp = Annotated[
    str,
    AfterValidator(_calendar_time),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$",
            "description": "yyyy-MM-dd HH:mm:ss, a real time on a clock of 24 hours.",
        }
    ),
]
"""A time as exactly `yyyy-MM-dd HH:mm:ss`; it stays the text it is, for the documents name no time zone."""


def _two_places(value: object) -> Decimal:
    # A float by its shortest text: 0.1 is 0.1, and 0.1 + 0.2 is not 0.3. A bool's text is no number.
    text = str(value) if isinstance(value, int | float | Decimal) else value
    if isinstance(text, str) and _PLAIN_DECIMAL.fullmatch(text):
        return Decimal(text)
    raise PydanticCustomError("two_places", "must be a number from 0 to 99999999.99 with at most 2 decimal places")


# Eight digits before the point: far beyond any credit, and it keeps 1e300 from becoming 300 digits.
_PLAIN_DECIMAL = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")

TwoPlaces = Annotated[
    Decimal,
    BeforeValidator(_two_places),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 99999999.99},
                {"type": "string", "pattern": f"^{_PLAIN_DECIMAL.pattern}$"},
            ],
            "description": "At most 2 decimal places (保留小数2位).",
        }
    ),
]
"""A number of at most 2 decimal places, held exactly; `two_places_text` writes it for the wire."""

_HUNDREDTH = Decimal("0.01")
_NEVER_ROUND = Context(traps=[Inexact, InvalidOperation])


def two_places_text(value: Decimal) -> str:
    """The number with exactly two decimals, "30.00". Raises `decimal.Inexact` rather than round."""
    return str(value.quantize(_HUNDREDTH, context=_NEVER_ROUND))
