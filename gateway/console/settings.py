"""The console's part of the configuration: whether it is served, and who may come in."""

from ipaddress import ip_address
from typing import Annotated, Literal

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

Role = Literal["viewer", "operator", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")
"""Each may do what those before it may: read masked; replay and discard; reveal."""

UserName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


def _argon2(value: SecretStr) -> SecretStr:
    try:
        extract_parameters(value.get_secret_value())
    except InvalidHashError:
        raise ValueError("must be a hash made by `gateway console hash`") from None
    return value


class User(BaseModel):
    """Somebody who may come in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password_hash: Annotated[SecretStr, AfterValidator(_argon2)]
    role: Role = "viewer"


class Console(BaseModel):
    """`enabled` unset: served on loopback only. Without users nobody comes in, and the page says how to add one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool | None = None
    session_minutes: int = Field(default=480, ge=5, le=1440, description="after a login, then the password again")
    users: dict[UserName, User] = Field(default_factory=dict)

    def served_at(self, host: str) -> bool:
        """Whether the console is served by a gateway that listens on this host."""
        if self.enabled is None:
            return is_loopback(host)
        return self.enabled


def is_loopback(host: str) -> bool:
    """Whether a host name or address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
