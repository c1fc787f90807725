"""What an account at 粤商码“免证办” needs: its place at the provincial gateway, and the services behind it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, StringConstraints, model_validator

from gateway.account import AccountSettings
from gateway.outcome import Verdict
from schemas.gd_ecert.fields import ServiceName
from workers.gd_ecert.application import Application
from workers.gd_ecert.codes import ACK_CODES, code_text
from workers.gd_ecert.signature import EmptyUser

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]+[^\s?#]*$")]
Path = Annotated[str, StringConstraints(pattern=r"^/?[^\s/?#][^\s?#]*$")]
PassId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
HeaderPrefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*-$")]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
Assigned = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]*[!-~])?$", max_length=256)]
CodeText = Annotated[str, BeforeValidator(code_text)]

Environment = Literal["production", "test"]
Identifier = Literal["system_id", "vender_id", "department_id", "serviceid", "business_id", "product_id"]
Position = Literal["header", "query", "body"]

MEBIBYTE = 1024 * 1024
BODY_LIMIT: Final[Mapping[Environment, int]] = MappingProxyType({"production": 8 * MEBIBYTE, "test": 4 * MEBIBYTE})
"""网关单个请求包体生产环境限制为8M, 测试环境为4M, section 3.3. In bytes, M read leniently as 1024 × 1024."""

LICENCE_PASSID = "dzzz_convergence-service"
"""电子证照 (用证), the last table of section 3.4, production and test alike."""


class Service(BaseModel):
    """`services.<name>`: one service or site behind the provincial gateway."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = Field(default=None, description="原始路径; /ebus/{passid}/ or /{passid}/ is put before it")
    gateway_path: Path | None = Field(
        default=None, description="网关访问路径 as the administrator gave it back, where the rule does not hold"
    )
    kind: Literal["service", "site"] = Field(default="service", description="服务 is signed, 站点 is not")
    passid: PassId | None = Field(default=None, description="whose service it is; paas_id when unset")
    method: Literal["POST", "GET"] = "POST"
    body_format: Literal["json", "form"] = "json"
    query_fields: tuple[str, ...] = Field(
        default=(), description="licence operations: fields that POST puts in the query"
    )
    placement: dict[Identifier, Position] = Field(default_factory=dict, description="where assigned identifiers go")
    names: dict[Identifier, ParameterName] = Field(default_factory=dict, description="where they have another name")
    serviceid: Assigned | None = Field(default=None, description="serviceid of 接口订阅清单")
    success_field: str = Field(default="errcode", min_length=1, description="a dot goes one level deeper")
    success_values: tuple[CodeText, ...] = Field(default=("0", "BIS:10200"), min_length=1)
    other_codes: dict[str, Literal["rejected", "duplicate", "retry"]] = Field(
        default_factory=dict, description="values of success_field that are known and no success"
    )
    message_field: str = Field(default="errmsg", min_length=1)
    repeat: Literal["idempotent", "never"] = Field(default="never", description="after a lost answer")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.path and self.gateway_path:
            raise ValueError("path and gateway_path exclude each other")
        if self.method == "GET" and "body" in self.placement.values():
            raise ValueError("placement: a GET has no body")
        return self


_LICENCE: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "passid": LICENCE_PASSID,
        "success_field": "ack_code",
        "success_values": tuple(code for code, known in ACK_CODES.items() if known.verdict is Verdict.ACCEPTED),
        "other_codes": {
            code: known.verdict.value for code, known in ACK_CODES.items() if known.verdict is not Verdict.ACCEPTED
        },
        "message_field": "message",
        "repeat": "idempotent",
    }
)
LICENCES: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "licence-auth": {**_LICENCE, "method": "POST"},
        "licence-get": {**_LICENCE, "method": "GET"},
        "licence-archive": {**_LICENCE, "method": "GET"},
        "licence-token": {**_LICENCE, "method": "GET"},
    }
)
"""Defaults of these services. They have no default path: how the convergence service names them is not public."""


def _with_licence_defaults(services: Any) -> Any:
    if not isinstance(services, dict):
        return services
    return {
        name: {**LICENCES.get(name, {}), **table} if isinstance(table, dict) else table
        for name, table in services.items()
    }


class Settings(AccountSettings):
    """`[platforms.gd_ecert.<account>]`.

    What the province assigns may be missing, so that `gateway check` can show what is; a call that needs it
    stops the account then.
    """

    timeout_seconds: float = Field(default=15, gt=0, le=600, description="section 3.3: the gateway's own default")
    environment: Environment
    base_url: Address | None = Field(default=None, description="网关域名; /ebus/… is added")
    paas_id: PassId | None = Field(default=None, description="PaaS ID (passid)")
    paas_token: SecretStr | None = Field(default=None, min_length=1, description="PaaS Token (passtoken)")
    header_prefix: HeaderPrefix = Field(default="x-tif-", description="x-rio- at some test gateways")
    system_id: Assigned | None = None
    vender_id: Assigned | None = None
    department_id: Assigned | None = None
    serviceid: Assigned | None = Field(default=None, description="for services that set none of their own")
    business_id: Assigned | None = Field(default=None, description="分配的业务 id")
    product_id: Assigned | None = Field(default=None, description="分配的产品 id")
    services: Annotated[dict[ServiceName, Service], BeforeValidator(_with_licence_defaults)] = Field(
        default_factory=dict
    )
    licence_web_root: Address | None = Field(default=None, description="{WebRoot} of /license/view_license")
    inbound_services: tuple[ServiceName, ...] = Field(default=(), description="published services that we accept")
    empty_user: EmptyUser = Field(default="plain", description="how a call without a user is signed")
    application: Application = Field(default_factory=Application, description="what the application forms ask for")

    @property
    def body_limit(self) -> int:
        """Bytes that the gateway takes in one request."""
        return BODY_LIMIT[self.environment]

    def identifier(self, name: Identifier, service: Service) -> str | None:
        """An assigned identifier's value for a call of this service."""
        own = service.serviceid if name == "serviceid" else None
        value: str | None = own or getattr(self, name)
        return value

    @model_validator(mode="after")
    def _placed_identifiers_have_values(self) -> Self:
        for name, service in self.services.items():
            for identifier, position in service.placement.items():
                if self.identifier(identifier, service) is None:
                    raise ValueError(f"{identifier}: must be set, services.{name}.placement uses it")
                sent_as = service.names.get(identifier, identifier)
                if position == "header" and sent_as.lower().startswith(self.header_prefix.lower()):
                    raise ValueError(f"services.{name}.names.{identifier}: is a header of the signature")
        return self
