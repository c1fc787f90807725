"""The data of each event. Records of people and lessons have modules of their own; here is the rest."""

from typing import Annotated

from pydantic import ConfigDict, Field

from schemas.fields import Data, OneOf, Sensitive, Timestamp
from schemas.gd_driving import codes
from schemas.gd_driving.class_record import ClassRecordSubmit
from schemas.gd_driving.fields import Chars, Day, File, FileId, Location, NumberOf, VehicleTypes
from schemas.gd_driving.people import CoachSubmit, LearningCertificateSubmit, StudentSubmit

__all__ = [
    "ClassRecordSubmit",
    "CoachSubmit",
    "FileUpload",
    "LearningCertificateSubmit",
    "SimulatorSubmit",
    "StudentSubmit",
    "TrainingQrcode",
    "TrainingSigned",
]


class FileUpload(Data):
    """A.5.3 文件资料信息上传 (imageup/{type}): one file; the answer is its id."""

    type: Annotated[str, OneOf(codes.FILE_TYPES), Field(title="文件业务类型")]
    file: Annotated[File, Field(title="文件")]

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"type": "stucontract", "file": {"url": "file:contracts/1.pdf"}}]}
    )


class SimulatorSubmit(Data):
    """A.6.2.9.1 备案及修改模拟器 (trainingsimulator): files a simulator, or changes what is filed.

    The table numbers its rows 1, 2, 4 to 8 and 11 to 13: ten rows, nothing is missing here.
    """

    inscode: Annotated[str, Chars(16, exactly=True), Field(title="培训机构编号")]
    simulatornum: Annotated[
        str, Chars(4, exactly=True), Field(title="模拟器编号", description="计时平台自编序号，以 0001 开始自增")
    ]
    brand: Annotated[Annotated[str, Chars(256)] | None, Field(title="模拟器品牌")] = None
    model: Annotated[str, Chars(128), Field(title="模拟器型号")]
    type: Annotated[int, NumberOf(codes.SIMULATOR_TYPES), Field(title="模拟器类型")]
    photo: Annotated[FileId, Field(title="照片文件 ID")]
    manufacture: Annotated[str, Chars(256), Field(title="生产厂家")]
    perdritype: Annotated[VehicleTypes, Field(title="培训车型")]
    buydate: Annotated[Day, Field(title="购买日期")]
    location: Annotated[Location, Field(title="所在位置定位坐标")]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inscode": "1234567890123456",
                    "simulatornum": "0001",
                    "model": "SIM-3",
                    "type": 3,
                    "photo": 1006,
                    "manufacture": "某某模拟器有限公司",
                    "perdritype": "C1,C2",
                    "buydate": "20210901",
                    "location": "113.264385,23.129112",
                }
            ]
        }
    )


class TrainingQrcode(Data):
    """附件一 and 附件三: what a terminal shows for a student to scan, or where an app sends them."""

    callback: Annotated[
        Annotated[str, Chars(64)] | None,
        Field(title="回调参数", description="comes back in training-signed as it was given here"),
    ] = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"callback": "abd=cba"}]})


class TrainingSigned(Data):
    """附件二 回调接口: a student has scanned the code that `training-qrcode` made.

    As lenient as can be where the table gives neither length nor duty: the student stands at the terminal.
    What the platform adds of its own is dropped.
    """

    code: Annotated[
        str,
        Chars(512),
        Sensitive,
        Field(title="签到/签退信息", description="logininfo or logoutinfo of class-record-submit"),
    ]
    expirationtime: Annotated[Timestamp | None, Field(title="学时附加信息有效截止时间")] = None
    stunum: Annotated[str, Chars(64), Field(title="学员统一编号")]
    callback: Annotated[
        Annotated[str, Chars(64)] | None, Field(title="回调参数", description="as training-qrcode was given it")
    ] = None

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "code": "A6DD516603F8DB25C5F6CA52E6B93102",
                    "expirationtime": "2021-11-11 17:00:00",
                    "stunum": "S199015894568549",
                    "callback": "abd=cba",
                }
            ]
        },
    )
