"""What an account at 广东省驾培监管平台 needs."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator
from yarl import URL

from gateway.account import AccountSettings
from gateway.platform import Certificate
from schemas.gd_driving.codes import FILE_RULES
from workers.gd_driving.signing import CertificateError, load_identity

SIGNED_QUERY = ("v", "ts", "sign", "user")
"""The query items that the signature brings along."""

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+[^\s]*$")]


class Settings(AccountSettings):
    """`[platforms.gd_driving.<account>]`. What the document and facts/ leave open has a default here."""

    timeout_seconds: float = Field(default=60, gt=0, le=600, description="for one call, a 5 MB file included")

    base_url: Address = Field(description="/coach, /imageup/… is added; the national platform's ends in /top")
    certificate_file: Path = Field(description="PKCS#12 (.pfx, .p12) with the RSA key")
    certificate_password: SecretStr
    protocol_version: str = Field(
        default="1.0.0.e2", pattern=r"^[0-9A-Za-z.]+$", description="v; e1 SHA-1, e3 SHA-512, else SHA-256"
    )
    extra_query: dict[str, str] = Field(
        default_factory=dict, description="further query items: other provinces want code=<city>"
    )
    platform_number: Annotated[str, StringConstraints(min_length=5, max_length=5)] | None = Field(
        default=None, description="平台编号, platnum of lessons that carry none"
    )
    empty_when_remote: bool = Field(
        default=False, description="send the numbers that a remote platform does not use as empty texts"
    )
    practice_photo_type: str = Field(
        default="vehimg", description="A.5.3 type for photos of 实操 lessons, for which it lists none"
    )

    files_folder: Path | None = Field(default=None, description="where file: addresses lead to")
    files_hosts: tuple[str, ...] = Field(default=(), description="host or host:port of https: addresses")
    files_http_loopback: bool = Field(default=False, description="take http: from 127.0.0.1 as well, for tests")
    largest_file_bytes: int = Field(
        default=10 * 1024 * 1024, ge=1, description="of the types to which A.5.3 gives no limit"
    )

    callback_url: Address | None = Field(
        default=None, description="回调地址 as reported to the platform: https, a domain, no query (2.1.1)"
    )
    callback_secret: SecretStr | None = Field(default=None, min_length=16, description="signs our callback values")
    callback_valid_seconds: int = Field(
        default=900, ge=300, le=86400, description="a QR code is valid for 300; then the student takes a photo"
    )
    callback_single_use: bool = Field(default=False, description="one student for each QR code, not a class")
    qrcode_pixels: int = Field(default=300, ge=150, le=2000, description="附件一: not below 150 × 150")
    app_name: str | None = Field(default=None, min_length=1, description="appName of 附件三, of remote platforms")

    @field_validator("callback_url")
    @classmethod
    def _as_reported(cls, value: str | None) -> str | None:
        if value is not None and not _public(URL(value)):
            raise ValueError("must be https with a domain, without query or fragment (2.1.1, 附件一)")
        return value

    @field_validator("extra_query")
    @classmethod
    def _beside_ours(cls, value: dict[str, str]) -> dict[str, str]:
        if taken := set(value) & set(SIGNED_QUERY):
            raise ValueError(f"{', '.join(sorted(taken))}: set by the signature")
        return value

    @field_validator("practice_photo_type")
    @classmethod
    def _listed(cls, value: str) -> str:
        if value not in FILE_RULES:
            raise ValueError("must be a file type of A.5.3")
        return value

    @model_validator(mode="after")
    def _usable(self) -> "Settings":
        try:
            load_identity(self.certificate_file, self.certificate_password.get_secret_value())
        except CertificateError as error:
            raise ValueError(f"certificate_file {error}") from error
        if (self.callback_url is None) != (self.callback_secret is None):
            raise ValueError("callback_url and callback_secret go together")
        return self


def certificates(settings: Settings) -> list[Certificate]:
    """What signs our requests, until when."""
    identity = load_identity(settings.certificate_file, settings.certificate_password.get_secret_value())
    return [Certificate("certificate_file", identity.ends)]


def _public(url: URL) -> bool:
    host = url.host or ""
    is_address = ":" in host or host.replace(".", "").isdigit()
    return url.scheme == "https" and "." in host and not is_address and not url.query_string and not url.fragment
