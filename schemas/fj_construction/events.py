# ruff: noqa: N802, N815 -- the field names are the document's own
"""The data of each event. What the gateway adds itself is left out: the headers, and the account's own token."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AliasChoices, BeforeValidator, ConfigDict, Field, JsonValue, ValidationInfo
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from schemas.conditions import absent, present, when
from schemas.fields import Data, OneOf, Sensitive, Timestamp
from schemas.fj_construction import codes, samples
from schemas.fj_construction.certificates import (
    Certificate,
    ManagerCertificate,
    SafeCertificate,
    SpecialCertificate,
)
from schemas.fj_construction.fields import BlankIsAbsent, Characters

PARAMETERS: Final[Mapping[str, str]] = MappingProxyType(
    {"1": "safeCertParameter", "2": "specialCertParameter", "3": "managerCertParameter"}
)
"""Which parameter a certType fills; the others are empty (备注)."""

CertType = Annotated[str, Characters(10), OneOf(codes.CERT_TYPES), Field(title="证书类型")]


def _no_empty_shell(value: object) -> object:
    """参数…为空, in any of the ways to write it: null, "", {}, {"acceptData": []}."""
    if value == "" or (isinstance(value, dict) and not any(value.values())):
        return None
    return value


def _belongs(value: object, info: ValidationInfo) -> object:
    wanted = PARAMETERS.get(info.data.get("certType", ""))
    if wanted is None:  # certType itself was refused
        return value
    if info.field_name == wanted and value is None:
        raise PydanticCustomError("parameter_missing", "must not be empty (不能为空), for certType says so")
    if info.field_name != wanted and value is not None:
        raise PydanticCustomError("parameter_unexpected", "must be empty (为空), for certType is another")
    return value


def _each_once(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PydanticCustomError("repeated", "must not name the same one twice")
        seen.add(name)


def _distinct_certificates(values: tuple[Certificate, ...]) -> tuple[Certificate, ...]:
    _each_once(value.eCertID for value in values)
    return values


def _at_least_one(schema: JsonDict) -> None:
    """pydantic puts the length after a validator in the words for texts."""
    schema["minItems"] = schema.pop("minLength")


_ACCEPT_DATA = Field(
    min_length=1,
    title="acceptData",
    validation_alias=AliasChoices("acceptData", "AcceptData"),
    json_schema_extra=_at_least_one,
)
_DISTINCT = AfterValidator(_distinct_certificates)


class SafeCertParameter(Data):
    """安全生产许可证. The list is taken as acceptData or AcceptData: the document spells it both ways."""

    acceptData: Annotated[tuple[SafeCertificate, ...], _DISTINCT, _ACCEPT_DATA]


class SpecialCertParameter(Data):
    """特种作业操作资格证书."""

    acceptData: Annotated[tuple[SpecialCertificate, ...], _DISTINCT, _ACCEPT_DATA]


class ManagerCertParameter(Data):
    """安全生产管理人员考核合格证书."""

    acceptData: Annotated[tuple[ManagerCertificate, ...], _DISTINCT, _ACCEPT_DATA]


_ONE_PARAMETER: list[JsonValue] = [
    when(
        "certType",
        {"const": kind},
        {"allOf": [present(name), absent(*(other for other in PARAMETERS.values() if other != name))]},
    )
    for kind, name in PARAMETERS.items()
]

_BELONGS = (BeforeValidator(_no_empty_shell), AfterValidator(_belongs), Field(validate_default=True))


class CertificateSubmit(Data):
    """业务数据归集赋码: one to many certificates of one type, for the ministry, which answers with QR codes.

    Events about one certificate stay in order by its eCertID; of several, only with a `subject`.
    """

    certType: CertType
    safeCertParameter: Annotated[SafeCertParameter | None, *_BELONGS, Field(title="安许证参数")] = None
    specialCertParameter: Annotated[SpecialCertParameter | None, *_BELONGS, Field(title="特种证参数")] = None
    managerCertParameter: Annotated[ManagerCertParameter | None, *_BELONGS, Field(title="安管证参数")] = None

    model_config = ConfigDict(json_schema_extra={"examples": [samples.CERTIFICATE_SUBMIT], "allOf": _ONE_PARAMETER})

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates of the one parameter that is filled."""
        filled = (self.safeCertParameter, self.specialCertParameter, self.managerCertParameter)
        return next(parameter.acceptData for parameter in filled if parameter is not None)

    @property
    def eCertID(self) -> str:
        """What events without a subject stay in order by."""
        return ",".join(certificate.eCertID for certificate in self.certificates)


def _web_address(value: str) -> str:
    if not value.lower().startswith(("http://", "https://")) or any(c.isspace() for c in value):
        raise PydanticCustomError("web_address", "must be an address that begins with https://")
    return value


class CertificateFile(Data):
    """One electronic certificate of 电子证照数据归集赋码, 3 rows."""

    ID: Annotated[str, Characters(50), Field(title="二维码赋码")]
    zzeCertID: Annotated[str, Characters(72), Field(title="证照标识")]
    # The text demands https, the sample has http://localhost: the worker warns
    url: Annotated[str, Characters(200), AfterValidator(_web_address), Field(title="证照预览地址")]


def _distinct_files(values: tuple[CertificateFile, ...]) -> tuple[CertificateFile, ...]:
    _each_once(value.ID for value in values)
    return values


class CertificateFileParameter(Data):
    """参数parameter."""

    acceptData: Annotated[tuple[CertificateFile, ...], AfterValidator(_distinct_files), _ACCEPT_DATA]


class CertificateFileSubmit(Data):
    """电子证照数据归集赋码: where the finished electronic certificates can be seen, one to many."""

    certType: CertType
    parameter: Annotated[CertificateFileParameter, Field(title="parameter")]

    model_config = ConfigDict(json_schema_extra={"examples": [samples.CERTIFICATE_FILE_SUBMIT]})

    @property
    def ID(self) -> str:
        """What events without a subject stay in order by."""
        return ",".join(file.ID for file in self.parameter.acceptData)


def _with_system_id(value: str | None, info: ValidationInfo) -> str | None:
    if (value is None) != (info.data.get("systemId") is None) and "systemId" in info.data:
        raise PydanticCustomError("token_and_system", "systemId and token go together: give both or neither")
    return value


class TokenValidate(Data):
    """授权校验: is this caller's token valid. Without systemId and token: is our own."""

    systemId: Annotated[Annotated[str, Characters(128)] | None, BlankIsAbsent, Field(title="系统Id")] = None
    token: Annotated[
        Annotated[str, Characters(512)] | None,
        BlankIsAbsent,
        AfterValidator(_with_system_id),
        Sensitive,
        Field(title="登录凭证", validate_default=True),
    ] = None
    requestIp: Annotated[Annotated[str, Characters(64)] | None, BlankIsAbsent, Field(title="第三方请求方Ip地址")] = (
        None
    )

    model_config = ConfigDict(json_schema_extra={"examples": [{"requestIp": "10.0.0.1"}]})


_LONG_TEXT = 1_000_000  # the document gives the log no lengths: enough for any, and an end
_OptionalText = Annotated[str, Characters(512)] | None
_OptionalLong = Annotated[str, Characters(_LONG_TEXT)] | None


class ResponseLogReport(Data):
    """获取响应日志 (requestResponseLog): one call that a third party made to an interface of ours, 13 fields.

    The document marks none as required. Required here is what every call has.
    """

    interfaceId: Annotated[str, Characters(512), Field(title="接口id")]
    logType: Annotated[str, OneOf(codes.LOG_TYPES), Field(title="日志类型")]
    logId: Annotated[str, Characters(512), Field(title="日志id")]
    method: Annotated[str, OneOf(codes.METHODS), Field(title="请求方法")]
    requestTime: Annotated[Timestamp, Field(title="请求时间")]
    responseTime: Annotated[Timestamp | None, BlankIsAbsent, Field(title="应答时间")] = None
    remoteIp: Annotated[_OptionalText, BlankIsAbsent, Field(title="请求第三方ip地址")] = None
    status: Annotated[str, Characters(512), Field(title="响应状态码")]  # 200, 500; the sample has 1
    path: Annotated[str, Characters(4096), Field(title="请求地址")]
    requestParams: Annotated[_OptionalLong, BlankIsAbsent, Sensitive, Field(title="请求参数")] = None
    responseParams: Annotated[_OptionalLong, BlankIsAbsent, Sensitive, Field(title="应答参数")] = None
    systemId: Annotated[_OptionalText, BlankIsAbsent, Field(title="系统id")] = None
    accessToken: Annotated[_OptionalText, BlankIsAbsent, Sensitive, Field(title="登录凭证")] = None

    model_config = ConfigDict(json_schema_extra={"examples": [samples.RESPONSE_LOG]})


def wire(value: Data) -> dict[str, Any]:
    """The data as the platform takes it: what is absent is left out."""
    return value.model_dump(mode="json", exclude_none=True)
