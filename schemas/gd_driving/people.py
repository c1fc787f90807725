"""教练员 and 学员: A.6.2.3.1, A.6.3.1.1 and A.6.3.1.5, field by field in the order of their tables."""

from typing import Annotated

from pydantic import ConfigDict, Field

from schemas.fields import Data, OneOf, Sensitive, Whole
from schemas.gd_driving import codes
from schemas.gd_driving.fields import Chars, Day, FileId, NumberOf

F16 = Annotated[str, Chars(16, exactly=True)]
V4 = Annotated[str, Chars(4)]
V8 = Annotated[str, Chars(8)]
V32 = Annotated[str, Chars(32)]
V64 = Annotated[str, Chars(64)]
V128 = Annotated[str, Chars(128)]
V256 = Annotated[str, Chars(256)]

Vehicle = Annotated[V8, OneOf(codes.VEHICLE_TYPES)]


class CoachSubmit(Data):
    """A.6.2.3.1 备案及修改教练员 (coach): files a coach, or changes what is filed."""

    inscode: Annotated[F16, Field(title="培训机构编号")]
    coachnum: Annotated[F16, Field(title="教练员编号")]
    name: Annotated[V64, Sensitive, Field(title="姓名")]
    sex: Annotated[int, NumberOf(codes.SEXES), Field(title="性别")]
    idcard: Annotated[V128, Sensitive, Field(title="身份证号")]
    mobile: Annotated[V32, Sensitive, Field(title="手机号码")]
    address: Annotated[V256 | None, Sensitive, Field(title="联系地址")] = None
    photo: Annotated[FileId, Field(title="照片文件 ID")]
    fingerprint: Annotated[FileId | None, Field(title="指纹图片 ID")] = None
    drilicence: Annotated[V128, Sensitive, Field(title="驾驶证号")]
    fstdrilicdate: Annotated[Day, Field(title="驾驶证初领日期")]
    occupationno: Annotated[V128 | None, Sensitive, Field(title="职业资格证号")] = None
    occupationlevel: Annotated[Annotated[V8, OneOf(codes.OCCUPATION_LEVELS)] | None, Field(title="职业资格等级")] = (
        None
    )
    dripermitted: Annotated[Vehicle, Field(title="准驾车型")]
    teachpermitted: Annotated[Vehicle, Field(title="准教车型")]
    employstatus: Annotated[V4, OneOf(codes.EMPLOY_STATUSES), Field(title="供职状态")]
    hiredate: Annotated[Day, Field(title="入职日期")]
    leavedate: Annotated[Day | None, Field(title="离职日期")] = None
    csny: Annotated[Day, Sensitive, Field(title="出生年月")]
    jg: Annotated[V256 | None, Sensitive, Field(title="籍贯")] = None
    mz: Annotated[V128 | None, Sensitive, Field(title="民族")] = None
    whcd: Annotated[Annotated[int, NumberOf(codes.EDUCATIONS)] | None, Field(title="文化程度")] = None
    zc: Annotated[V128 | None, Field(title="职称")] = None
    lxdzyb: Annotated[V128 | None, Sensitive, Field(title="联系地址邮编")] = None
    jtdz: Annotated[V256 | None, Sensitive, Field(title="家庭地址")] = None
    jtdzyb: Annotated[V128 | None, Sensitive, Field(title="家庭地址邮编")] = None
    zjlx: Annotated[Annotated[int, NumberOf(codes.TEACHING_TYPES)] | None, Field(title="准教类型")] = None
    jsz: Annotated[FileId, Field(title="驾驶证扫描件 ID")]
    sfz: Annotated[FileId, Field(title="身份证扫描件 ID")]
    ydwjpzm: Annotated[FileId | None, Field(title="原单位解聘证明 ID")] = None
    pyht: Annotated[FileId, Field(title="聘用合同 ID")]
    pykssj: Annotated[Day, Field(title="聘用开始时间")]
    pyjssj: Annotated[Day, Field(title="聘用结束时间")]
    xlzm: Annotated[FileId | None, Field(title="学历证明 ID")] = None
    jdcjsraqjsjl: Annotated[FileId | None, Field(title="机动车驾驶人安全驾驶记录 ID")] = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inscode": "1234567890123456",
                    "coachnum": "6543210987654321",
                    "name": "李四",
                    "sex": 1,
                    "idcard": "440105198001010011",
                    "mobile": "13800000000",
                    "photo": 1001,
                    "drilicence": "440105198001010011",
                    "fstdrilicdate": "20050301",
                    "dripermitted": "A1",
                    "teachpermitted": "C1",
                    "employstatus": "0",
                    "hiredate": "20200101",
                    "csny": "19800101",
                    "jsz": 1002,
                    "sfz": 1003,
                    "pyht": {"url": "file:contracts/6543210987654321.pdf"},
                    "pykssj": "20200101",
                    "pyjssj": "20301231",
                }
            ]
        }
    )


class StudentSubmit(Data):
    """A.6.3.1.1 备案及修改学员 (student): files a student, or changes what is filed."""

    inscode: Annotated[F16, Field(title="培训机构编号")]
    stunum: Annotated[F16, Field(title="学员编号")]
    cardtype: Annotated[V4, OneOf(codes.CARD_TYPES), Field(title="证件类型")]
    idcard: Annotated[V128, Sensitive, Field(title="证件号")]
    nationality: Annotated[V128, Field(title="国籍")]
    name: Annotated[V64, Sensitive, Field(title="姓名")]
    sex: Annotated[V4, OneOf(codes.SEXES), Field(title="性别")]
    phone: Annotated[V32, Sensitive, Field(title="手机号码")]
    address: Annotated[V256 | None, Sensitive, Field(title="联系地址")] = None
    photo: Annotated[FileId, Field(title="照片文件 ID")]
    fingerprint: Annotated[FileId | None, Field(title="指纹图片 ID")] = None
    busitype: Annotated[V4, OneOf(codes.BUSINESS_TYPES), Field(title="业务类型")]
    drilicnum: Annotated[V128 | None, Sensitive, Field(title="驾驶证号")] = None
    fstdrilicdate: Annotated[Day | None, Field(title="驾驶证初领日期")] = None
    perdritype: Annotated[Vehicle | None, Field(title="原准驾车型")] = None
    traintype: Annotated[Vehicle, Field(title="培训车型")]
    applydate: Annotated[Day, Field(title="报名时间")]
    contract: Annotated[FileId | None, Field(title="学员培训合同 ID")] = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inscode": "1234567890123456",
                    "stunum": "S199015894568549",
                    "cardtype": "1",
                    "idcard": "440105199901010012",
                    "nationality": "中国",
                    "name": "王五",
                    "sex": "2",
                    "phone": "13900000000",
                    "photo": 1004,
                    "busitype": "0",
                    "traintype": "C1",
                    "applydate": "20220401",
                    "contract": {"url": "https://files.example.com/contracts/S199015894568549.pdf"},
                }
            ]
        }
    )


class LearningCertificateSubmit(Data):
    """A.6.3.1.5 备案学习驾驶证明 (learningcertificate): the certificate that the traffic police issued."""

    inscode: Annotated[F16, Field(title="培训机构编号")]
    stunum: Annotated[F16, Field(title="学员编号")]
    number: Annotated[V64, Sensitive, Field(title="编号", description="学习驾驶证明的编号")]
    scores: Annotated[int, Whole(minimum=0, maximum=999, section="A.6.3.1.5 分数 V3"), Field(title="分数")]
    venue: Annotated[V64, Field(title="场地")]
    certificate: Annotated[FileId, Field(title="证明文件 ID")]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inscode": "1234567890123456",
                    "stunum": "S199015894568549",
                    "number": "440100202204010001",
                    "scores": 96,
                    "venue": "广州岑村考场",
                    "certificate": 1005,
                }
            ]
        }
    )
