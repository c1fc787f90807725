"""The configuration: one TOML file, every key also as an environment variable (DESIGN §6)."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from yarl import URL

from gateway import platform
from gateway.account import Account, read_files
from gateway.console.settings import Console, is_loopback
from gateway.errors import RefusedError

_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KEY_HASH = re.compile(r"[0-9a-f]{64}")
_PATTERN = re.compile(r"[a-z0-9_.*-]{1,200}")
_NODE = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")
DEFAULT_FILE = "gateway.toml"


class ConfigError(RefusedError):
    """The configuration cannot be used; the message names every wrong key and what is expected."""


def _scheme(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        if not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        try:
            URL(value)
        except ValueError:
            raise ValueError("must be an address: scheme://user:password@host:port/…") from None
        return value

    return AfterValidator(check)


def _node(value: str) -> str:
    if not _NODE.fullmatch(value):
        raise ValueError("must be host or host:port")
    URL(f"//{value}")  # refuses a port out of range
    return value


def is_name(value: str) -> bool:
    """Whether an account or a publisher may be called so."""
    return _ACCOUNT.fullmatch(value) is not None


def _key_hash(value: str | None) -> str | None:
    if value is not None and not _KEY_HASH.fullmatch(value):
        raise ValueError("must be the SHA-256 of a key, 64 hex digits: gateway publisher key makes both")
    return value


def _pattern(value: str) -> str:
    if not _PATTERN.fullmatch(value):
        raise ValueError("must be a pattern of a-z, 0-9, _ - . and *")
    return value


class _Table(BaseModel):
    """`<name>_file` instead of `<name>` names a file with the value: a URL with its password is a secret too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, values: Any) -> Any:
        return read_files(cls, values)


class Broker(_Table):
    """RabbitMQ. `management_url` is only needed to check bindings.

    For a cluster, `other_nodes` names those that `url` does not: each `host` or `host:port`, all else as in `url`.
    """

    url: Annotated[str, _scheme("amqp", "amqps")] = "amqp://guest:guest@127.0.0.1:5672/"
    other_nodes: tuple[Annotated[str, AfterValidator(_node)], ...] = ()
    management_url: Annotated[str, _scheme("http", "https")] | None = None
    declare: bool = Field(default=True, description="declare exchanges and queues at start")
    heartbeat_seconds: int = Field(default=10, ge=1, le=600)


class Ledger(_Table):
    """What happened to every event: in a file, or in PostgreSQL when more than one machine runs workers."""

    url: Annotated[str, _scheme("sqlite", "postgresql")] = "sqlite:///gateway.db"
    keep_days: int = Field(default=90, ge=1, description="how long events that have ended are remembered")


class Publisher(_Table):
    """A service that may POST /events. `types` and `accounts`: patterns, in which `*` stands for anything."""

    key_hash: Annotated[str, AfterValidator(_key_hash)]
    old_key_hash: Annotated[str | None, AfterValidator(_key_hash)] = Field(
        default=None, description="of the key before, while the service changes to the new one"
    )
    types: Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], Field(min_length=1)]
    accounts: tuple[Annotated[str, AfterValidator(_pattern)], ...] = ("*",)


class Http(_Table):
    """Health, metrics, calls from platforms and events of publishers. Port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    publishers: dict[str, Publisher] = Field(default_factory=dict)

    @field_validator("publishers")
    @classmethod
    def _told_apart(cls, value: dict[str, Publisher]) -> dict[str, Publisher]:
        if wrong := [name for name in value if not is_name(name)]:
            raise ValueError(f"{wrong[0]!r}: a name has 1 to 64 of a-z, 0-9, _ and -, no - or _ first")
        hashes = [each for p in value.values() for each in (p.key_hash, p.old_key_hash) if each]
        if len(set(hashes)) < len(hashes):
            raise ValueError("two of them have the same key: make one for each with gateway publisher key")
        return value


class Retry(_Table):
    """The ladder: how long a failed event waits before its next attempt; past the last rung it is dead."""

    ladder_seconds: tuple[Annotated[int, Field(ge=1, le=86400)], ...] = Field(
        default=(5, 30, 120, 600, 3600), min_length=1, max_length=20
    )


class Operators(_Table):
    """`reveal`: who may see payloads as they are, by the names that the audit has. Nobody, unless named here."""

    reveal: tuple[str, ...] = ()


class Log(_Table):
    """`auto`: for people on a terminal, JSON lines elsewhere."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Tracing(_Table):
    """Spans by OTLP over HTTP, with the extra `otel`. The trace context of events is passed on in any case."""

    endpoint: Annotated[str, _scheme("http", "https")] | None = Field(
        default=None, description="of the collector, such as http://127.0.0.1:4318; no spans when unset"
    )
    service_name: str = Field(default="provincial-gateway", min_length=1, max_length=255)
    share: float = Field(default=1.0, ge=0, le=1, description="of the traces that begin here; others are followed")


class Settings(BaseSettings):
    """All of it. Environment variables go before the file: `GATEWAY_BROKER__URL`."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", env_nested_delimiter="__", extra="forbid", frozen=True)

    broker: Broker = Broker()
    ledger: Ledger = Ledger()
    http: Http = Http()
    retry: Retry = Retry()
    log: Log = Log()
    console: Console = Console()
    operators: Operators = Operators()
    tracing: Tracing = Tracing()
    platforms: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _console_has_users(self) -> Self:
        if self.console.enabled and not self.console.users and not is_loopback(self.http.host):
            raise ValueError("console.enabled needs [console.users.<name>] where http.host is not loopback")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file, nothing else."""
        return env_settings, TomlConfigSettingsSource(settings_cls)


def load(path: Path | None) -> Settings:
    """Read the configuration from `path`, else `GATEWAY_CONFIG`, else `gateway.toml` where there is one.

    Raises ConfigError for a file that was named and is missing, and for any wrong key.
    """
    named = path or (Path(value) if (value := os.environ.get("GATEWAY_CONFIG")) else None)
    if named is not None and not named.is_file():
        raise ConfigError(f"configuration file {named.name} does not exist")

    class _File(Settings):
        model_config = SettingsConfigDict(toml_file=named or DEFAULT_FILE)

    try:
        return _File()
    except ValidationError as error:
        raise ConfigError(explain(error)) from None
    except ValueError as error:  # the file is no TOML, or an environment variable no JSON
        raise ConfigError(f"{(named or Path(DEFAULT_FILE)).name}: {error}") from None


def accounts(settings: Settings) -> list[Account]:
    """Every configured account, its keys checked by its platform. Raises ConfigError naming every wrong key."""
    found: list[Account] = []
    wrong: list[str] = []
    for name, tables in settings.platforms.items():
        try:
            model = platform.load(name).settings
        except platform.PlatformError as error:
            wrong.append(f"platforms.{name}: {error}")
            continue
        for account, table in tables.items():
            if not is_name(account):
                wrong.append(f"platforms.{name}.{account}: a name has 1 to 64 of a-z, 0-9, _ and -, no - or _ first")
                continue
            try:
                found.append(Account(name, account, model.model_validate(table)))
            except ValidationError as error:
                wrong.append(explain(error, f"platforms.{name}.{account}."))
    if wrong:
        raise ConfigError("\n".join(wrong))
    return found


def explain(error: ValidationError, prefix: str = "") -> str:
    """One line per wrong key: its name and what is expected. Values are left out, they may be secrets."""
    return "\n".join(
        f"{prefix}{'.'.join(map(str, item['loc'])) or 'configuration'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)
    )
