"""Field types of this document beyond `schemas.fields`: lengths in characters, days, photos, JSON texts.

The document gives 字段长度 without a unit. It holds 建筑施工 under length 4, so it counts characters.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import date
from json import JSONDecodeError, dumps, loads
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from schemas.fields import Data


@dataclass(frozen=True, slots=True)
class Characters:
    """A text of 1 to `most` characters. Column 字段长度."""

    most: int

    def _check(self, value: str) -> str:
        if not value:
            raise PydanticCustomError("text_empty", "must not be empty")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise PydanticCustomError("text_unencodable", "must be encodable in UTF-8")
        if len(value) > self.most:
            raise PydanticCustomError("text_too_long", "must be at most {most} characters", {"most": self.most})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minLength": 1, "maxLength": self.most}


def _day(value: str) -> str:
    try:
        exact = date.fromisoformat(value).isoformat() == value  # it reads other ISO forms as well
    except ValueError:
        exact = False
    if not exact:
        raise PydanticCustomError("day", "must be a real day written yyyy-MM-dd")
    return value


Day = Annotated[
    str,
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "description": "yyyy-MM-dd, a real day."}),
]
"""日期型. The table says length 8, every sample prints yyyy-MM-dd: so do we."""


def _division(value: str) -> str:
    if not _SIX_DIGITS.fullmatch(value):
        raise PydanticCustomError("division", "must be the 6 digits of an administrative division (行政区划代码)")
    return value


_SIX_DIGITS = re.compile(r"[0-9]{6}")
Division = Annotated[
    str, AfterValidator(_division), WithJsonSchema({"type": "string", "pattern": f"^{_SIX_DIGITS.pattern}$"})
]


def _absent(value: object) -> object:
    """An empty text where nothing need stand is nothing."""
    return None if value == "" else value


BlankIsAbsent = BeforeValidator(_absent)

PHOTO_BYTES = 50 * 1024
"""照片大小不超过50KB: of the picture, not of its Base64."""

_DATA_URL = re.compile(r"\s*data:image/(?:png|jpe?g)\s*;\s*base64\s*,", re.IGNORECASE)
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def _photo(value: str) -> str:
    picture = _unpacked(_DATA_URL.sub("", value, count=1))
    if not picture.startswith(_PICTURES):
        raise PydanticCustomError("photo_format", "must be a picture in jpg or png format (照片为jpg、png格式)")
    if len(picture) > PHOTO_BYTES:
        raise PydanticCustomError("photo_too_large", "must be at most 50 KB (大小不超过50KB)")
    return value


def _unpacked(text: str) -> bytes:
    packed = "".join(text.split()).rstrip("=")
    try:
        return b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (Base64Error, ValueError):
        raise PydanticCustomError("photo_base64", "must be Base64") from None


Photo = Annotated[
    str,
    AfterValidator(_photo),
    WithJsonSchema(
        {
            "type": "string",
            "description": "Base64 of a jpg or png of at most 50 KB, also as data:image/png;base64, ….",
            "x-max-bytes": PHOTO_BYTES,
        }
    ),
]
"""文本型(text). What is sent is what was published, with its data-URL prefix if it had one."""

BUSINESS_INFORMATION = 5000
"""Characters of 业务信息."""


class BusinessItem(Data):
    """One piece of 业务信息: its type and its text, in the sample's words."""

    itemvalue: Annotated[str, Characters(BUSINESS_INFORMATION), Field(title="类型")]
    itemtext: Annotated[str, Characters(BUSINESS_INFORMATION), Field(title="业务信息")]


def _business_information(value: str | tuple[BusinessItem, ...]) -> str | tuple[BusinessItem, ...]:
    text = value if isinstance(value, str) else dumps([item.model_dump() for item in value], ensure_ascii=False)
    if len(text) > BUSINESS_INFORMATION:
        raise PydanticCustomError(
            "text_too_long", "must be at most {most} characters as JSON", {"most": BUSINESS_INFORMATION}
        )
    if isinstance(value, str):
        _refuse_no_json(value)
    return value


def _refuse_no_json(text: str) -> None:
    try:
        loads(text)
    except (JSONDecodeError, RecursionError):
        raise PydanticCustomError("not_json", "must be JSON, or a list of itemvalue and itemtext") from None


BusinessInformation = Annotated[str | tuple[BusinessItem, ...], AfterValidator(_business_information)]
"""业务信息: the table says 字符型 按JSON串方式, the sample prints a list. Either is taken and sent as it came."""
