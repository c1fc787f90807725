"""One institution's credentials at one platform: the unit of token, address, rate, lease and queues."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from os.path import expandvars
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, IPvAnyAddress, SecretStr, model_validator


class AccountSettings(BaseModel):
    """The keys that every account has. A platform's own settings derive from this.

    A key `<name>_file` beside a key `<name>` names a file whose content, stripped, is the value.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rate_per_second: float | None = Field(default=None, gt=0, description="calls a second; no limit when unset")
    max_in_flight: int = Field(default=50, ge=1, le=1000, description="durable events in flight at once")
    interactive_slots: int = Field(default=10, ge=1, le=1000, description="interactive ones, beside those")
    source_address: IPvAnyAddress | None = Field(default=None, description="the fixed address to call from")
    timeout_seconds: float = Field(default=30, gt=0, le=600, description="for one call, all in all")
    pause_seconds: float = Field(default=60, gt=0, description="wait before a closed platform is asked again")
    forced_logins: int = Field(default=10, ge=1, le=100, description="logins for tokens that died too early, at most")
    forced_logins_seconds: float = Field(default=600, gt=0, description="within this time")
    contested_seconds: float = Field(default=600, gt=0, description="else wait so long, or until one is allowed")

    send_trace_context: bool = Field(default=False, description="tell the platform the W3C trace context of a call")

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, values: Any) -> Any:
        return read_files(cls, values)


def read_files(model: type[BaseModel], values: Any) -> Any:
    """A table with each `<name>_file` replaced by `<name>`. Raises ValueError for a file that cannot be read.

    The path may begin with an environment variable: `$CREDENTIALS_DIRECTORY/…` is where systemd puts secrets.
    """
    if not isinstance(values, dict):
        return values
    return dict(_from_file(model, key, value) for key, value in values.items())


def _from_file(model: type[BaseModel], key: str, value: Any) -> tuple[str, Any]:
    name = key.removesuffix("_file")
    if key in model.model_fields or name not in model.model_fields:
        return key, value
    if not isinstance(value, str | PathLike):
        raise ValueError(f"{key}: must be the path of a file")  # noqa: TRY004 - pydantic collects ValueErrors
    try:
        return name, Path(expandvars(value)).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{key}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ValueError(f"{key}: must be a text file in UTF-8") from None


@dataclass(frozen=True, slots=True)
class Account:
    """A configured account. `settings` is of the platform's own model."""

    platform: str
    name: str
    settings: AccountSettings

    def __str__(self) -> str:
        return f"{self.platform}.{self.name}"

    def secrets(self) -> frozenset[str]:
        """Every secret of the settings, to be scrubbed out of what a platform says."""
        return frozenset(_secrets(self.settings))

    def fingerprint(self) -> str:
        """All settings, secrets included, as one text: only ever to be hashed, to see whether they changed."""
        values = {name: getattr(self.settings, name) for name in type(self.settings).model_fields}
        return repr({name: _revealed(value) for name, value in values.items()})


def _revealed(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets(item)
