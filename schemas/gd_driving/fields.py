"""Field types of this document beyond the common ones: lengths in characters, dates, numbers, files or their ids.

长度 is F (exactly) or V (at most), and nowhere does the document say 字节: read as characters.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from schemas.dictionaries import Dictionary
from schemas.fields import Data, Sensitive, Whole, named_codes
from schemas.gd_driving.codes import VEHICLE_TYPES


@dataclass(frozen=True, slots=True)
class Chars:
    """A text of 1 to `most` characters (V), or of exactly `most` where `exactly` (F)."""

    most: int
    exactly: bool = False

    def _check(self, value: str) -> str:
        if not value:
            raise PydanticCustomError("text_empty", "must not be empty")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise PydanticCustomError("text_unencodable", "must be encodable in UTF-8")
        if self.exactly and len(value) != self.most:
            raise PydanticCustomError("text_length", "must have exactly {most} characters", {"most": self.most})
        if len(value) > self.most:
            raise PydanticCustomError("text_too_long", "must have at most {most} characters", {"most": self.most})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minLength": self.most if self.exactly else 1, "maxLength": self.most}


class NumberOf:
    """A code that the document types 数值型: a whole number of the dictionary; its digits as text are tolerated."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._section = dictionary.section
        self._names = {int(code): name for code, name in dictionary.names.items()}

    def _check(self, value: object) -> int:
        number = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,4}", value) else value
        if type(number) is int and number in self._names:
            return number
        raise PydanticCustomError("unknown_code", "must be a code of {section}", {"section": self._section})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        codes = named_codes(dict(sorted(self._names.items())))
        return handler(schema) | codes | {"description": f"A code of {self._section}."}


def _calendar(pattern: str, format_: str, written: str) -> Any:
    """Text of this form that names a real moment; it stays the text it is, for no time zone is named."""

    def check(value: str) -> str:
        try:
            real = re.fullmatch(pattern, value) is not None and bool(datetime.strptime(value, format_))
        except ValueError:
            real = False
        if not real:
            raise PydanticCustomError("calendar", "must be a real date written {written}", {"written": written})
        return value

    return Annotated[
        str,
        AfterValidator(check),
        WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "description": f"{written}, a real date."}),
    ]


Day = _calendar(r"[0-9]{8}", "%Y%m%d", "YYYYMMDD")
"""字符型 V64, YYYYMMDD."""

Moment = _calendar(r"[0-9]{14}", "%Y%m%d%H%M%S", "YYYYMMDDHHmmss")
"""字符型 V64, YYYYMMDDHHmmss."""

_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")


def _minutes(value: str) -> str:
    if not _PLAIN.fullmatch(value):
        raise PydanticCustomError("minutes", "must be a number of minutes in digits")
    return value


Minutes = Annotated[str, Chars(64), AfterValidator(_minutes)]
"""字符型 V64 单位: min: a number, as text."""

_MEASURE_CHARACTERS = 16


def _measure(value: object) -> Decimal:
    # A float by its shortest text, so that 12.3 stays 12.3. A bool's text is no number.
    text = str(value) if isinstance(value, int | float | Decimal) else value
    if isinstance(text, str) and _PLAIN.fullmatch(text) and len(text) <= _MEASURE_CHARACTERS:
        return Decimal(text)
    raise PydanticCustomError("measure", "must be a number from 0 on, written with at most 16 characters")


Measure = Annotated[
    Decimal,
    BeforeValidator(_measure),
    WithJsonSchema(
        {
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}],
            "description": "A number from 0 on, written with at most 16 characters.",
        }
    ),
]
"""数值型 V16 of km or km/h: held exactly, decimals allowed."""

_LOCATION = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]+)?), ?(-?[0-9]{1,2}(?:\.[0-9]+)?)")
_EAST, _NORTH = 180, 90


def _location(value: str) -> str:
    found = _LOCATION.fullmatch(value)
    if found is None or abs(float(found[1])) > _EAST or abs(float(found[2])) > _NORTH:
        raise PydanticCustomError("location", "must be longitude, comma, latitude in degrees (经度, 纬度)")
    return value


Location = Annotated[str, Chars(64), AfterValidator(_location)]
"""所在位置定位坐标: 经度, 纬度."""


def _vehicles(value: str) -> str:
    given = value.split(",")
    if not set(given) <= set(VEHICLE_TYPES.names) or len(set(given)) != len(given):
        raise PydanticCustomError(
            "vehicle_types",
            "must be different codes of {section}, joined by commas",
            {"section": VEHICLE_TYPES.section},
        )
    return value


VehicleTypes = Annotated[str, Chars(50), AfterValidator(_vehicles)]
"""培训车型, 下列编码多选: 按英文逗号分隔."""


def _base64(value: str) -> str:
    try:
        content = b64decode("".join(value.split()), validate=True)
    except (Base64Error, ValueError):
        raise PydanticCustomError("base64", "must be base64") from None
    if not content:
        raise PydanticCustomError("file_empty", "must not be an empty file")
    return value


_ADDRESS = re.compile(r"(file|https?):[^\s]+")
_ADDRESS_SCHEMA = {"type": "string", "pattern": r"^(file|https):[^\s]+$", "maxLength": 2048}


def _address(value: str) -> str:
    # http passes here and is refused by the worker, but for the loopback that tests may allow
    if not _ADDRESS.fullmatch(value):
        raise PydanticCustomError("file_url", "must be a file: or https: address")
    return value


class File(Data):
    """A file: its content as base64, or where to fetch it from. Exactly one of the two."""

    content: Annotated[str | None, Sensitive, Field(title="文件内容 (base64)")] = None
    url: Annotated[
        Annotated[str, Chars(2048), AfterValidator(_address), WithJsonSchema(_ADDRESS_SCHEMA)] | None,
        Sensitive,
        Field(
            title="文件地址",
            description="file: under the account's files_folder, or https: on a host of its files_hosts",
        ),
    ] = None

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["content"]}, {"required": ["url"]}]})

    @model_validator(mode="after")
    def _one(self) -> "File":
        if (self.content is None) == (self.url is None):
            raise PydanticCustomError("file_source", "must have either content or url")
        if self.content is not None:
            _base64(self.content)
        return self


def _id_or_file(value: object) -> str:
    return "file" if isinstance(value, dict | File) else "id"


FileNumber = Annotated[int, Whole(minimum=0, maximum=10**16 - 1, section="数值型 V16")]

FileId = Annotated[Annotated[FileNumber, Tag("id")] | Annotated[File, Tag("file")], Discriminator(_id_or_file)]
"""数值型 V16: the id of an uploaded file, or the file itself, which is then uploaded first."""

PhotoId = Annotated[Annotated[str, Chars(32), Tag("id")] | Annotated[File, Tag("file")], Discriminator(_id_or_file)]
"""字符型 V32 of 电子教学日志: likewise."""
