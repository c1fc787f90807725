"""What an account at 广东省会计信息服务平台 needs."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from gateway.account import AccountSettings

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+[^\s]*$")]


class Settings(AccountSettings):
    """`[platforms.gd_accounting.<account>]`. The document leaves open what has a default here."""

    base_url: Address = Field(description="https://ip:port, as the platform gave it; /intf/… is added")
    app_id: str = Field(min_length=1, max_length=32, description="appId 网校唯一标识")
    secret: SecretStr = Field(min_length=1, max_length=32, description="网校密钥")
    landing_url: Address | None = Field(default=None, description="where a learner goes after the login jump")
    content_type: Literal["json", "form"] = "json"
    authorization: Annotated[str, StringConstraints(pattern=r"\{token\}")] = "Bearer {token}"
    duplicate_request: Literal["accepted", "retry"] = Field(
        default="accepted", description="A0506 用户重复请求: had it already, or too fast?"
    )
    token_lifetime_seconds: float = Field(
        default=1800, ge=120, description="section 11: 30 minutes after the last business call"
    )
