# ruff: noqa: N815 -- the field names are the document's own
"""业务数据归集赋码: the three tables of certificate fields, row by row as the document lists them.

Lengths are characters. Code lists of the ministry's specification (7.x) are not held here but by the
worker, as a warning: the document only names them.
"""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from schemas.conditions import present, when
from schemas.fields import Data, OneOf, Sensitive
from schemas.fj_construction import codes
from schemas.fj_construction.fields import (
    BlankIsAbsent,
    BusinessInformation,
    Characters,
    Day,
    Division,
    Photo,
)

LICENSE_SCOPE = "建筑施工"
"""许可范围, 固定为“建筑施工”."""

TRANSFERRING = "持证人正在办理跨企业变更业务，办理完成前本证书暂不可用。"
"""证书状态描述 of a manager's certificate in state 99, 固定为."""


def _license_scope(value: str) -> str:
    if value != LICENSE_SCOPE:
        raise PydanticCustomError("fixed_text", "must be “{text}”", {"text": LICENSE_SCOPE})
    return value


def _description_of(coded: str) -> AfterValidator:
    """The description may only be absent where the field `coded` is not 99 其他."""

    def check(value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get(coded) == codes.OTHER:
            raise PydanticCustomError(
                "description_missing", "is required, for {field} is 99 (其他)", {"field": coded}
            )
        return value

    return AfterValidator(check)


def _transferring(value: str | None, info: ValidationInfo) -> str | None:
    other = info.data.get("certState") == codes.OTHER
    if value is not None and other and value.rstrip("。") != TRANSFERRING.rstrip("。"):
        raise PydanticCustomError(
            "fixed_text", "must be “{text}”, for certState is 99 (其他)", {"text": TRANSFERRING}
        )
    return value


def _title_or_degree(value: str | None, info: ValidationInfo) -> str | None:
    if value is not None or not {"categoryCode", "appointment", "technicalTitle"} <= info.data.keys():
        return value  # there is one, or what it depends on was refused itself
    if info.data["technicalTitle"] is None and _wants_one(info.data["categoryCode"], info.data["appointment"]):
        raise PydanticCustomError(
            "title_or_degree_missing",
            "is required unless technicalTitle (技术职称) is given: A证（非法人）、C证选填一项",
        )
    return value


def _wants_one(category: str, appointment: str) -> bool:
    """A证（法人）、B证: neither is required. A证（非法人）、C证: one of them."""
    return category.startswith("C") or (category == "A" and appointment != LEGAL_PERSON)


LEGAL_PERSON = "01"
"""职务 01 法定代表人 (7.3.3.3): what makes an A证 one of a 法人."""

Guid = Annotated[str, Characters(50), Field(title="数据唯一标识")]
Province = Annotated[Division, Field(title="所属省份")]
Authority = Annotated[str, Characters(50), Field(title="发证机关")]
AuthorityCode = Annotated[str, Characters(18), Field(title="发证机关代码")]
CreditCode = Annotated[str, Characters(18), Field(title="统一社会信用代码")]
Company = Annotated[str, Characters(200), Field(title="企业名称")]
Person = Annotated[str, Characters(50), Sensitive, Field(title="姓名")]
Gender = Annotated[str, Characters(1), OneOf(codes.GENDERS), Field(title="性别")]
IdentityCard = Annotated[str, Characters(18), Sensitive, Field(title="身份证件号码")]
IdentityCardType = Annotated[str, Characters(3), OneOf(codes.HOLDER_DOCUMENTS), Field(title="身份证件号码类型")]
Picture = Annotated[Photo, Sensitive, Field(title="照片")]
State = Annotated[str, Characters(2), Field(title="证书状态")]
OperateType = Annotated[str, Characters(2), Field(title="操作类型")]
Related = Annotated[Annotated[str, Characters(72)] | None, BlankIsAbsent, Field(title="关联证照标识")]
Business = Annotated[BusinessInformation | None, BlankIsAbsent, Field(title="业务信息")]
StateDescription = Annotated[
    Annotated[str, Characters(200)] | None,
    BlankIsAbsent,
    _description_of("certState"),
    Field(title="证书状态描述", validate_default=True),
]


_STATE_DESCRIBED = when("certState", {"const": codes.OTHER}, present("certStatusDescription"))
_CATEGORY_DESCRIBED = when("operationCategory", {"const": codes.OTHER}, present("categoryDescription"))


class SafeCertificate(Data):
    """参数safeCertParameter: 建筑施工企业安全生产许可证, 22 rows."""

    eCertID: Guid
    provinceNum: Province
    certNum: Annotated[str, Characters(25), Field(title="证书编号")]
    issuAuth: Authority
    issuAuthCode: AuthorityCode
    issuDate: Annotated[Day, Field(title="发证日期")]
    companyName: Company
    creditCode: CreditCode
    companyAddress: Annotated[str, Characters(200), Field(title="单位地址")]
    responsiblePerson: Annotated[str, Characters(20), Sensitive, Field(title="法定代表人")]
    responsiblePersonID: Annotated[str, Characters(18), Sensitive, Field(title="法定代表人身份证件号码")]
    responsiblePersonIDType: Annotated[
        str, Characters(10), OneOf(codes.HOLDER_DOCUMENTS), Field(title="法定代表人身份证件号码类型")
    ]
    economicType: Annotated[str, Characters(20), Field(title="经济类型")]
    licenseScope: Annotated[str, Characters(4), AfterValidator(_license_scope), Field(title="许可范围")]
    effectiveDate: Annotated[Day, Field(title="有效期起始日期")]
    expiringDate: Annotated[Day, Field(title="有效期结束日期")]
    firstIssuDate: Annotated[Day, Field(title="首次发证日期")]
    certState: State
    certStatusDescription: StateDescription = None
    associatedZzeCertID: Related = None
    businessInformation: Business = None
    operateType: OperateType

    model_config = ConfigDict(json_schema_extra={"allOf": [_STATE_DESCRIBED]})


class SpecialCertificate(Data):
    """参数specialCertParameter: 建筑施工特种作业操作资格证书, 21 rows."""

    eCertID: Guid
    provinceNum: Province
    certNum: Annotated[str, Characters(25), Field(title="证书编号")]
    issuAuth: Authority
    issuAuthCode: AuthorityCode
    issuedDate: Annotated[Day, Field(title="初次领证日期")]
    issuDate: Annotated[Day, Field(title="发证日期")]
    effectiveDate: Annotated[Day, Field(title="有效期起始日期")]
    expiringDate: Annotated[Day, Field(title="有效期结束日期")]
    name: Person
    gender: Gender
    identityCard: IdentityCard
    identityCardType: IdentityCardType
    photo: Picture
    operationCategory: Annotated[str, Characters(2), Field(title="工种类别")]
    categoryDescription: Annotated[
        Annotated[str, Characters(200)] | None,
        BlankIsAbsent,
        _description_of("operationCategory"),
        Field(title="工种类别描述", validate_default=True),
    ] = None
    certState: State
    certStatusDescription: StateDescription = None
    associatedZzeCertID: Related = None
    businessInformation: Business = None
    operateType: OperateType

    model_config = ConfigDict(json_schema_extra={"allOf": [_CATEGORY_DESCRIBED, _STATE_DESCRIBED]})


class ManagerCertificate(Data):
    """参数managerCertParameter: 建筑施工企业安全生产管理人员考核合格证书, 27 rows.

    The table numbers its last three rows 19 to 21 once more; they are rows 25 to 27.
    """

    eCertID: Guid
    provinceNum: Province
    certNum: Annotated[str, Characters(23), Field(title="证书编号")]
    issuAuth: Authority
    issuAuthCode: AuthorityCode
    issuedDate: Annotated[Day, Field(title="初次领证日期")]
    issuDate: Annotated[Day, Field(title="发证日期")]
    effectiveDate: Annotated[Day, Field(title="有效期起始日期")]
    expiringDate: Annotated[Day, Field(title="有效期结束日期")]
    categoryCode: Annotated[str, Characters(2), Field(title="岗位类别代码")]
    name: Person
    gender: Gender
    birthDate: Annotated[Day, Sensitive, Field(title="出生日期")]
    identityCard: IdentityCard
    identityCardType: IdentityCardType
    companyName: Company
    creditCode: CreditCode
    appointment: Annotated[str, Characters(2), Field(title="职务")]
    technicalTitle: Annotated[Annotated[str, Characters(2)] | None, BlankIsAbsent, Field(title="技术职称")] = None
    educationDegree: Annotated[
        Annotated[str, Characters(2)] | None,
        BlankIsAbsent,
        AfterValidator(_title_or_degree),
        Field(title="文化程度", validate_default=True),
    ] = None
    major: Annotated[Annotated[str, Characters(20)] | None, BlankIsAbsent, Field(title="专业")] = None
    photo: Picture
    certState: State
    certStatusDescription: Annotated[StateDescription, AfterValidator(_transferring)] = None
    associatedZzeCertID: Related = None
    businessInformation: Business = None
    operateType: OperateType

    model_config = ConfigDict(json_schema_extra={"allOf": [_STATE_DESCRIBED]})


Certificate = SafeCertificate | SpecialCertificate | ManagerCertificate
