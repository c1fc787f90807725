# ruff: noqa: N815 -- the field names are the document's own
"""The data of each event, field by field as the document's tables 输入参数 list them.

Chapters are counted as the document's own cross-references do. Lengths are bytes (长度（字节）). What the
gateway adds itself is left out: token everywhere, and appId of 登录信息同步接口.
"""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, ValidationInfo
from pydantic_core import PydanticCustomError

from schemas.conditions import when
from schemas.fields import Data, OneOf, Sensitive, Text, Timestamp, TwoPlaces, Whole
from schemas.gd_accounting import codes


def _course_of_edu_type(code: str, info: ValidationInfo) -> str:
    courses = codes.COURSES_OF.get(info.data.get("eduType", ""))  # none when eduType itself was refused
    if courses is not None and code not in courses.names:
        raise PydanticCustomError(
            "course_not_of_edu_type",
            "must be a code of {section}, for eduType says so",
            {"section": courses.section},
        )
    return code


def _after_start(end: str, info: ValidationInfo) -> str:
    if end <= info.data.get("startTime", ""):  # the format sorts as text; "" when startTime was refused
        raise PydanticCustomError("end_not_after_start", "must be later than startTime (开始学习时间)")
    return end


Ticket = Annotated[str, Text(max_bytes=512), Sensitive, Field(title="学员凭证码")]
Year = Annotated[int, Whole(minimum=2021, maximum=9999, section="1 适用年度说明: 2021年度及以后年度")]
AreaCode = Annotated[str, Text(max_bytes=6), OneOf(codes.ADMINISTRATIVE_DIVISIONS)]
EduType = Annotated[
    str, Text(max_bytes=3), OneOf(codes.EDU_TYPES), Field(title="继续教育类型(PUB-公需课、PRO-专业课)")
]
CourseTypeCode = Annotated[
    str,
    Text(max_bytes=10),
    OneOf(codes.PROFESSIONAL_COURSES, codes.PUBLIC_COURSES),
    AfterValidator(_course_of_edu_type),
]
QualificationLevel = Annotated[str, Text(max_bytes=1), OneOf(codes.QUALIFICATION_LEVELS)]
ArrivalAreaCode = Annotated[str, Text(max_bytes=6)]

_COURSE_FITS: list[JsonValue] = [
    when("eduType", {"const": edu_type}, {"properties": {"courseTypeCode": {"enum": list(courses.names)}}})
    for edu_type, courses in codes.COURSES_OF.items()
]

_TICKET = "208cbc66aaef4317843c6cedabe319e0"  # the document's own sample


class LoginResolve(Data):
    """3 获取登录信息接口 (getData): who the learner is that arrived with this authorisation code."""

    authorizationCode: Annotated[str, Text(max_bytes=1024), Sensitive, Field(title="授权码")]

    model_config = ConfigDict(json_schema_extra={"examples": [{"authorizationCode": "0a1b2c3d-4e5f-1661928743772"}]})


class EnrolmentCheck(Data):
    """4 报名验证接口（报名前） (checkAccountReg): may the learner enrol for 专业课 here."""

    ticket: Ticket

    model_config = ConfigDict(json_schema_extra={"examples": [{"ticket": _TICKET}]})


class EnrolmentRegister(Data):
    """5 报名信息同步接口（报名后） (accountantReg): the learner has paid and is enrolled."""

    ticket: Ticket
    regTime: Annotated[Timestamp, Field(title="报名时间")]  # length 20; the format has 19
    year: Annotated[Year, Field(title="年度")]
    areaCode: Annotated[AreaCode, Field(title="学员所属行政区划编码")]
    eduType: EduType

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ticket": _TICKET,
                    "regTime": "2022-03-01 09:30:00",
                    "year": 2022,
                    "areaCode": "440106",
                    "eduType": "PRO",
                }
            ]
        }
    )


class EnrolmentCancel(Data):
    """6 取消报名信息同步接口（报名后） (cancelAccountReg): the learner has cancelled the enrolment."""

    ticket: Ticket
    cancelTime: Annotated[Timestamp, Field(title="取消报名时间")]  # the table repeats 报名时间; length 20
    year: Annotated[Year, Field(title="年度")]
    areaCode: Annotated[AreaCode, Field(title="学员所属行政区划编码")]
    eduType: EduType

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ticket": _TICKET,
                    "cancelTime": "2022-03-02 10:00:00",
                    "year": 2022,
                    "areaCode": "440106",
                    "eduType": "PRO",
                }
            ]
        }
    )


class MobileLoginSync(Data):
    """7 登录信息同步接口（移动端） (mobile/syncLoginInfo): the learner has logged in on a mobile device."""

    ticket: Ticket
    loginTime: Annotated[Timestamp, Field(title="登录时间")]  # length 19
    year: Annotated[Year, Field(title="培训年度")]
    areaCode: Annotated[AreaCode, Field(title="学员所在行政区划")]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ticket": _TICKET,
                    "loginTime": "2022-03-03 20:15:00",
                    "year": 2022,
                    "areaCode": "440106",
                }
            ]
        }
    )


class QrcodeGet(Data):
    """8 获取微信验证二维码（听课过程中） (getQRCode): a QR code to scan within 2 minutes."""

    ticket: Ticket
    areaCode: Annotated[AreaCode, Field(title="学员所属行政区划")]
    eduType: EduType
    courseTypeCode: Annotated[CourseTypeCode, Field(title="课程ID（即课程种类编码，参考数据字典）")]

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": _COURSE_FITS,
            "examples": [
                {
                    "ticket": _TICKET,
                    "areaCode": "440106",
                    "eduType": "PUB",
                    "courseTypeCode": "PUB_01",
                }
            ],
        }
    )


class VerificationQuery(Data):
    """9 查询微信验证结果接口 (verificationResults): has the learner scanned the QR code."""

    ticket: Ticket
    # The document gives no length: as much as a ticket.
    uuid: Annotated[str, Text(max_bytes=512), Sensitive, Field(title="二维码绑定ID")]

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ticket": _TICKET, "uuid": "5f0c7c1e9d3b4a7f8e2d6b1a0c9f8e7d"}]}
    )


class CreditSync(Data):
    """10 学分信息同步接口 (synchronizeScore): the credit the learner has earned with one kind of course."""

    ticket: Ticket
    year: Annotated[Year, Field(title="培训年度")]
    areaCode: Annotated[AreaCode, Field(title="学员所属行政区划")]
    eduType: EduType
    courseTypeCode: Annotated[CourseTypeCode, Field(title="课程种类编码")]
    credit: Annotated[TwoPlaces, Field(title="学分")]  # Float, 保留小数2位
    startTime: Annotated[Timestamp, Field(title="开始学习时间")]  # length 20
    endTime: Annotated[Timestamp, AfterValidator(_after_start), Field(title="结束学习时间")]  # length 20

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": _COURSE_FITS,
            "examples": [
                {
                    "ticket": _TICKET,
                    "year": 2022,
                    "areaCode": "440106",
                    "eduType": "PRO",
                    "courseTypeCode": "PRO_A20101",
                    "credit": 30.0,
                    "startTime": "2022-03-05 08:00:00",
                    "endTime": "2022-03-20 18:00:00",
                }
            ],
        }
    )


class LearnerArrived(Data):
    """3 获取登录信息接口, table data数据: the learner whom the login jump (2 模拟登录接口) brought to us.

    As lenient as the platform, whose own sample lacks areaCode and writes year as text: it alone knows the
    learner, and who is turned away here cannot log in. What it adds of its own (sign, which the gateway has
    verified, and whatever comes later) is dropped.
    """

    ticket: Ticket
    idNum: Annotated[str, Text(max_bytes=18), Sensitive, Field(title="身份证号码")]
    # The document's 32, read as characters: a name of eleven Chinese characters must not keep anybody out.
    realName: Annotated[str, Text(max_bytes=96), Sensitive, Field(title="姓名")]
    pqLevel: Annotated[QualificationLevel | None, Field(title="专业技术资格级别")] = None
    year: Annotated[int, Whole(minimum=1000, maximum=9999, section="3 data数据"), Field(title="培训年度")]
    # Not held against 13.3: the platform sets it, and may know a division before we do.
    areaCode: Annotated[ArrivalAreaCode | None, Field(title="学员所属行政区划")] = None
    arrival: Annotated[str, Text(max_bytes=64), Sensitive, Field(title="one-time id of this arrival, ours")]

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "ticket": _TICKET,
                    "idNum": "440681198512063416",
                    "realName": "张三",
                    "pqLevel": "2",
                    "year": 2022,
                    "areaCode": "440106",
                    "arrival": "0b7e4f6a2c914d0f9a3e5c7d1b8f6042",
                }
            ]
        },
    )
