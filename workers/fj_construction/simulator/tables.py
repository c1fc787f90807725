"""请求体参数定义说明: every field table as the simulated ministry enforces it. Lengths in characters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["字符型", "日期型", "文本型"]


@dataclass(frozen=True, slots=True)
class Field:
    """One row: 字段名称, 字段类型, 字段长度, 是否必填 (满足条件必填 is False here and checked apart)."""

    name: str
    kind: Kind
    length: int | None
    required: bool = True


def _text(name: str, length: int, *, required: bool = True) -> Field:
    return Field(name, "字符型", length, required)


def _date(name: str) -> Field:
    return Field(name, "日期型", 8)


HEAD = (_text("eCertID", 50), _text("provinceNum", 6))
AUTHORITY = (_text("issuAuth", 50), _text("issuAuthCode", 18))
VALIDITY = (_date("effectiveDate"), _date("expiringDate"))
IDENTITY = (_text("identityCard", 18), _text("identityCardType", 3))
TAIL = (
    _text("certState", 2),
    _text("certStatusDescription", 200, required=False),
    _text("associatedZzeCertID", 72, required=False),
    _text("businessInformation", 5000, required=False),
    _text("operateType", 2),
)
PHOTO = Field("photo", "文本型", None)

SAFE = (
    *HEAD,
    _text("certNum", 25),
    *AUTHORITY,
    _date("issuDate"),
    _text("companyName", 200),
    _text("creditCode", 18),
    _text("companyAddress", 200),
    _text("responsiblePerson", 20),
    _text("responsiblePersonID", 18),
    _text("responsiblePersonIDType", 10),
    _text("economicType", 20),
    _text("licenseScope", 4),
    *VALIDITY,
    _date("firstIssuDate"),
    *TAIL,
)
SPECIAL = (
    *HEAD,
    _text("certNum", 25),
    *AUTHORITY,
    _date("issuedDate"),
    _date("issuDate"),
    *VALIDITY,
    _text("name", 50),
    _text("gender", 1),
    *IDENTITY,
    PHOTO,
    _text("operationCategory", 2),
    _text("categoryDescription", 200, required=False),
    *TAIL,
)
MANAGER = (
    *HEAD,
    _text("certNum", 23),
    *AUTHORITY,
    _date("issuedDate"),
    _date("issuDate"),
    *VALIDITY,
    _text("categoryCode", 2),
    _text("name", 50),
    _text("gender", 1),
    _date("birthDate"),
    *IDENTITY,
    _text("companyName", 200),
    _text("creditCode", 18),
    _text("appointment", 2),
    _text("technicalTitle", 2, required=False),
    _text("educationDegree", 2, required=False),
    _text("major", 20, required=False),
    PHOTO,
    *TAIL,
)
FILE = (_text("ID", 50), _text("zzeCertID", 72), _text("url", 200))


@dataclass(frozen=True, slots=True)
class Parameter:
    """Where the certificates of one certType stand, under the list name that its sample prints."""

    name: str
    envelope: str
    fields: tuple[Field, ...]


CERTIFICATES: Mapping[str, Parameter] = {
    "1": Parameter("safeCertParameter", "acceptData", SAFE),
    "2": Parameter("specialCertParameter", "acceptData", SPECIAL),
    "3": Parameter("managerCertParameter", "AcceptData", MANAGER),
}
FILES: Mapping[str, Parameter] = {kind: Parameter("parameter", "acceptData", FILE) for kind in CERTIFICATES}
LOG = (
    "interfaceId",
    "logType",
    "logId",
    "method",
    "requestTime",
    "path",
    "status",
)
"""The log fields without which this simulator takes no log; the document marks none."""
