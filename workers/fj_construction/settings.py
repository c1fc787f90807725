"""What an account at the Fujian 应用支撑平台 and the ministry behind it needs."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from gateway.account import AccountSettings
from workers.fj_construction.hours import Hours
from workers.fj_construction.qrcode import BadKeyError, load_key

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+[^\s]*$")]
EnvelopeKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]
MethodName = EnvelopeKey
"""An XML name as well."""

Strictness = Literal["warn", "refuse", "off"]
"""warn: sent, with a warning in the result. refuse: not sent, refused by us. off: not looked at."""


def _hours(value: str) -> str:
    Hours.read(value)
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


def _key_file(path: Path) -> Path:
    try:
        load_key(path)
    except BadKeyError as error:
        raise ValueError(str(error)) from None
    return path


class Settings(AccountSettings):
    """`[platforms.fj_construction.<account>]`. The document leaves open what has a default here."""

    base_url: Address = Field(description="接口地址 of the 应用支撑平台; gaia-asp-gateway/… is added")
    system_id: str = Field(min_length=1, max_length=128, description="systemId 调用方系统id")
    key: SecretStr = Field(min_length=1, description="key 密钥 of the interface 业务数据归集赋码")
    file_key: SecretStr | None = Field(
        default=None, min_length=1, description="key of 电子证照数据归集赋码, where it has one of its own (附录6.1)"
    )
    remote_base_url: Address | None = Field(
        default=None, description="replaces scheme, host and port of remoteAddr, where that one cannot be reached"
    )
    certificate_path: str = Field(default="", description="added to remoteAddr for 业务数据归集赋码")
    certificate_file_path: str = Field(default="", description="added to remoteAddr for 电子证照数据归集赋码")
    token_lifetime_seconds: float = Field(
        default=3600, ge=120, description="unused for so long a token is renewed untried; 1205 renews it anyway"
    )
    allowed_hours: Annotated[str, AfterValidator(_hours)] | None = Field(
        default=None,
        description="08:00-20:00, Beijing time: after 1214 when to ask again; unset, every pause_seconds",
    )
    timeout_seconds: float = Field(default=120, gt=0, le=600, description="for one call, all in all")

    body_format: Literal["json", "soap"] = "json"
    soap_certificate_method: MethodName | None = Field(default=None, description="needed with body_format soap")
    soap_certificate_file_method: MethodName | None = Field(default=None, description="needed with body_format soap")
    safe_envelope: EnvelopeKey = "acceptData"
    special_envelope: EnvelopeKey = "acceptData"
    manager_envelope: EnvelopeKey = "AcceptData"
    file_envelope: EnvelopeKey = "acceptData"
    batch_size: int = Field(default=100, ge=1, le=1000, description="certificates in one call")
    repeat_after_lost_answer: bool = Field(
        default=True, description="a certificate sent twice is the same one, by its eCertID; else dead: uncertain"
    )

    province_private_key_file: Annotated[Path, AfterValidator(_key_file)] | None = Field(
        default=None, description="the ministry's RSA key for the province: PEM, DER or base64 DER"
    )
    id_pattern: Annotated[str, AfterValidator(_pattern)] = Field(
        default=r"^\d{19}$", description="what a decrypted 二维码赋码 looks like"
    )

    check_digits: Strictness = Field(default="warn", description="统一社会信用代码, 公民身份号码, 证照标识")
    check_dictionaries: Strictness = Field(default="warn", description="the specification's code lists, 7.x")
    check_state_operations: Strictness = Field(default="warn", description="证书状态与操作类型关系表")

    @model_validator(mode="after")
    def _soap_has_methods(self) -> "Settings":
        methods = (self.soap_certificate_method, self.soap_certificate_file_method)
        if self.body_format == "soap" and None in methods:
            raise ValueError("body_format soap needs soap_certificate_method and soap_certificate_file_method")
        return self
