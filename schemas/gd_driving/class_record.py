"""电子教学日志, A.6.3.2: one lesson of one student, and what its course code (课程编码, A4.2) asks for."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic.config import JsonDict
from pydantic_core import InitErrorDetails, PydanticCustomError

from schemas.conditions import absent, present, when
from schemas.fields import Data, Sensitive, Whole
from schemas.gd_driving.fields import Chars, Measure, Minutes, Moment, PhotoId

PRACTICE, SIMULATOR, REMOTE = "1", "3", "4"
"""培训方式, first digit of a course code: 实操, 模拟器, 远程."""

SUBJECT_TWO = "2"
"""第二部分 (科目二), fourth digit of a course code."""

RANDOM_PHOTO_MINUTES = 15
"""随机照片: 超过15分钟的教学必选."""

F16 = Annotated[str, Chars(16, exactly=True)]
F5 = Annotated[str, Chars(5, exactly=True)]
V512 = Annotated[str, Chars(512)]
Total = Annotated[int, Whole(minimum=0, maximum=999_999, section="A.6.3.2 数值型 V6")]

Flaw = tuple[str, str, str]
"""Field, type of the refusal, and the rule."""


_NUMBERS = ("coachnum", "carnum", "simunum")
_NONE_DRIVEN: JsonDict = {"properties": {name: {"enum": [0, "0"]} for name in ("mileage", "avevelocity")}}
_RULES: list[JsonValue] = [
    when("subjcode", {"pattern": f"^{REMOTE}"}, absent(*_NUMBERS)),
    when("subjcode", {"pattern": f"^[^{REMOTE}]"}, present(*_NUMBERS, "logoutinfo")),
    when("subjcode", {"pattern": f"^...{SUBJECT_TWO}"}, present("regionseq")),
    when("subjcode", {"pattern": f"^[^{PRACTICE}]"}, _NONE_DRIVEN),
]
"""What JSON Schema can say of the rules below."""


class ClassRecordSubmit(Data):
    """A.6.3.2 电子教学日志 (classrecord): the hours of a lesson, with the scans of sign-in and sign-out."""

    inscode: Annotated[F16, Field(title="培训机构编号")]
    stunum: Annotated[F16, Field(title="学员编号")]
    coachnum: Annotated[F16 | None, Field(title="教练员编号", description="远程教育平台不使用; else required")] = None
    carnum: Annotated[
        Annotated[str, Chars(16)] | None,
        Field(
            title="教练车编号/模拟器编号",
            description="F16, of a simulator also its F4 number; 远程教育平台不使用; else required",
        ),
    ] = None
    simunum: Annotated[F16 | None, Field(title="计时终端编号", description="远程教育平台不使用; else required")] = (
        None
    )
    platnum: Annotated[
        F5 | None, Field(title="平台编号", description="where it is absent, the account's platform_number")
    ] = None
    recnum: Annotated[F5, Field(title="电子教学日志编号")]
    subjcode: Annotated[str, Chars(10, exactly=True), Field(title="课程编码")]
    photo1: Annotated[PhotoId, Field(title="签到照片")]
    photo2: Annotated[PhotoId | None, Field(title="随机照片", description="超过15分钟的教学必选")] = None
    photo3: Annotated[PhotoId, Field(title="签退照片")]
    starttime: Annotated[Moment, Field(title="培训开始时间")]
    endtime: Annotated[Moment, Field(title="培训结束时间")]
    duration: Annotated[Minutes, Field(title="培训学时 (min)")]
    mileage: Annotated[Measure, Field(title="培训里程 (km)", description="非实操时为0")]
    avevelocity: Annotated[Measure, Field(title="培训平均速度 (km/h)", description="非实操时为0")]
    coacmt: Annotated[Annotated[str, Chars(64)] | None, Field(title="教练员点评")] = None
    total: Annotated[Total, Field(title="总累计学时 (min)")]
    part1: Annotated[Total, Field(title="第一部分累计学时 (min)")]
    part2: Annotated[Total, Field(title="第二部分累计学时 (min)")]
    part3: Annotated[Total, Field(title="第三部分累计学时 (min)")]
    part4: Annotated[Total, Field(title="第四部分累计学时 (min)")]
    regionseq: Annotated[
        Annotated[str, Chars(4)] | None, Field(title="教学区域编号", description="科目二教学日志必填")
    ] = None
    logininfo: Annotated[V512, Sensitive, Field(title="签到附加信息")]
    logoutinfo: Annotated[V512 | None, Sensitive, Field(title="签退附加信息", description="非远程网络教学为必填")] = (
        None
    )

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": _RULES,
            "examples": [
                {
                    "inscode": "1234567890123456",
                    "stunum": "S199015894568549",
                    "coachnum": "6543210987654321",
                    "carnum": "1111222233334444",
                    "simunum": "5555666677778888",
                    "platnum": "A0001",
                    "recnum": "00001",
                    "subjcode": "1212110000",
                    "photo1": "2001",
                    "photo2": "2002",
                    "photo3": "2003",
                    "starttime": "20220401080000",
                    "endtime": "20220401090000",
                    "duration": "60",
                    "mileage": 12.5,
                    "avevelocity": 12,
                    "total": 60,
                    "part1": 0,
                    "part2": 60,
                    "part3": 0,
                    "part4": 0,
                    "regionseq": "1",
                    "logininfo": "A6DD516603F8DB25C5F6CA52E6B93102",
                    "logoutinfo": "B7EE627714F9EC36D6A7DB63F7CA4213",
                }
            ],
        }
    )

    @model_validator(mode="after")
    def _conditional_rules(self) -> "ClassRecordSubmit":
        flaws = [*_by_method(self), *_by_course(self), *_by_time(self)]
        if flaws:
            errors = [
                InitErrorDetails(type=PydanticCustomError(kind, rule), loc=(name,), input=getattr(self, name))
                for name, kind, rule in flaws
            ]
            raise ValidationError.from_exception_data(type(self).__name__, errors, hide_input=True)
        return self


def _by_method(record: ClassRecordSubmit) -> Iterator[Flaw]:
    """What 远程教育平台 does not use, and what only 非远程 needs."""
    remote = record.subjcode[0] == REMOTE
    for name in _NUMBERS:
        if remote and getattr(record, name) is not None:
            yield name, "not_for_remote", "must be absent from a remote lesson (远程教育平台不使用)"
        if not remote and getattr(record, name) is None:
            yield name, "required_unless_remote", "is required unless the lesson is remote"
    if not remote and record.logoutinfo is None:
        yield "logoutinfo", "required_unless_remote", "is required unless the lesson is remote (非远程网络教学为必填)"


def _by_course(record: ClassRecordSubmit) -> Iterator[Flaw]:
    method, part = record.subjcode[0], record.subjcode[3]
    lengths = {4, 16} if method == SIMULATOR else {16}  # a simulator's number is F4 in A.6.2.9.1
    if record.carnum is not None and method != REMOTE and len(record.carnum) not in lengths:
        yield "carnum", "text_length", "must have exactly 16 characters, or 4 for a simulator's number"
    if part == SUBJECT_TWO and record.regionseq is None:
        yield "regionseq", "required_for_subject_two", "is required for subject two (科目二教学日志必填)"
    for name in ("mileage", "avevelocity"):
        if method != PRACTICE and getattr(record, name):
            yield name, "zero_unless_practice", "must be 0 unless the lesson is practice (非实操时为0)"


def _by_time(record: ClassRecordSubmit) -> Iterator[Flaw]:
    start, end = (datetime.strptime(text, "%Y%m%d%H%M%S") for text in (record.starttime, record.endtime))
    if end <= start:
        yield "endtime", "end_not_after_start", "must be later than starttime (培训开始时间)"
    minutes = max((end - start).total_seconds() / 60, float(record.duration))
    if minutes > RANDOM_PHOTO_MINUTES and record.photo2 is None:
        yield "photo2", "required_when_long", "is required for more than 15 minutes (超过15分钟的教学必选)"
