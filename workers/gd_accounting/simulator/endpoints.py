"""Sections 3 to 11 as a table: what each endpoint takes, how long it may be, and whether it needs the token.

Every input parameter of the document is marked 是否必填 = 是, so no field here is optional. The parameter
token travels in the header and is not in this table.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Field:
    """One row of 输入参数: 名称, 数据类型, 长度（字节）, and what its 说明 demands of the value."""

    name: str
    type: Literal["String", "int", "Float"] = "String"
    length: int | None = None
    demand: Literal["datetime", "year", "division", "edu-type", "course", "credit"] | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One interface: section, 请求方式, 接口地址, 输入参数; `login` is False where it says 无需登录."""

    section: int
    method: Literal["GET", "POST"]
    path: str
    fields: tuple[Field, ...]
    login: bool = True

    @property
    def name(self) -> str:
        """The last part of the path, as the document calls the interface."""
        return self.path.rsplit("/", 1)[-1]


TICKET = Field("ticket", length=512)
YEAR = Field("year", "int", 4, "year")
AREA = Field("areaCode", length=6, demand="division")
EDU_TYPE = Field("eduType", length=3, demand="edu-type")
COURSE = Field("courseTypeCode", length=10, demand="course")
APP_ID = Field("appId", length=32)


def _moment(name: str, length: int = 20) -> Field:
    # 20 bytes for the 19 of yyyy-MM-dd hh:mm:ss everywhere but in section 7, which says 19
    return Field(name, length=length, demand="datetime")


GET_DATA = Endpoint(
    section=3,
    method="GET",
    path="/intf/org/getData",
    fields=(Field("authorizationCode", length=1024),),
    login=False,
)
CHECK = Endpoint(section=4, method="POST", path="/intf/org/checkAccountReg", fields=(TICKET,))
REGISTER = Endpoint(
    section=5,
    method="POST",
    path="/intf/org/accountantReg",
    fields=(TICKET, _moment("regTime"), YEAR, AREA, EDU_TYPE),
)
CANCEL = Endpoint(
    section=6,
    method="POST",
    path="/intf/org/cancelAccountReg",
    fields=(TICKET, _moment("cancelTime"), YEAR, AREA, EDU_TYPE),
)
MOBILE_LOGIN = Endpoint(
    section=7,
    method="POST",
    path="/intf/org/mobile/syncLoginInfo",
    fields=(TICKET, _moment("loginTime", 19), YEAR, AREA, APP_ID),
    login=False,
)
QR_CODE = Endpoint(section=8, method="GET", path="/intf/org/getQRCode", fields=(TICKET, AREA, EDU_TYPE, COURSE))
VERIFICATION = Endpoint(section=9, method="GET", path="/intf/org/verificationResults", fields=(TICKET, Field("uuid")))
CREDIT = Endpoint(
    section=10,
    method="POST",
    path="/intf/org/synchronizeScore",
    fields=(
        TICKET,
        YEAR,
        AREA,
        EDU_TYPE,
        COURSE,
        Field("credit", "Float", demand="credit"),
        _moment("startTime"),
        _moment("endTime"),
    ),
)
LOGIN = Endpoint(
    section=11, method="POST", path="/intf/login", fields=(APP_ID, Field("secret", length=32)), login=False
)

ENDPOINTS = (
    GET_DATA,
    CHECK,
    REGISTER,
    CANCEL,
    MOBILE_LOGIN,
    QR_CODE,
    VERIFICATION,
    CREDIT,
    LOGIN,
)
