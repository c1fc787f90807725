"""获取接口地址和token: what one login gives, kept as one text, and put on requests by the transport alone.

A grant is a token together with remoteAddr, the address that it opens: they come, live and die together, so
both are in the value that the core keeps as the account's token. Where the platform issued a key of its own
for 电子证照数据归集赋码 (附录6.1: keys are applied for interface by interface) there are two grants.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from aiohttp import ClientRequest
from pydantic import SecretStr
from yarl import URL

from gateway.token import Token, TokenStore
from workers.fj_construction.settings import Settings

CERTIFICATES = "certificates"
FILES = "files"

REMOTE = URL("http://remote-addr.invalid")
"""Requests to this address go to remoteAddr: the transport alone knows it."""

OWN_TOKEN = ""
"""As `token` in a query: the account's own, which the transport alone knows."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and where it counts."""

    token: str = field(repr=False)
    remote_addr: str = field(repr=False)


def keys(settings: Settings) -> Mapping[str, SecretStr]:
    """The keys to log in with, by the name of their grant."""
    found = {CERTIFICATES: settings.key}
    return found if settings.file_key is None else {**found, FILES: settings.file_key}


def pack(settings: Settings, grants: Mapping[str, Grant]) -> str:
    """The grants as the account's token value."""
    kept = {"for": _owner(settings), "grants": {name: asdict(grant) for name, grant in grants.items()}}
    return orjson.dumps(kept).decode()


def unpack(settings: Settings, value: str) -> Mapping[str, Grant] | None:
    """The grants in a token value; None when it was kept for other settings than these, or is none of ours."""
    try:
        kept = orjson.loads(value)
        if kept["for"] != _owner(settings):
            return None
        grants = {name: Grant(**grant) for name, grant in kept["grants"].items()}
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
        return None
    return grants if grants.keys() >= keys(settings).keys() else None


def _owner(settings: Settings) -> list[str]:
    return [settings.base_url, settings.system_id]


class Fitting(TokenStore):
    """The core's store, without a token that does not fit the settings any more: to these it was never issued."""

    def __init__(self, store: TokenStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    async def load_token(self) -> Token | None:
        """The token last saved, if it fits."""
        token = await self._store.load_token()
        return token if token and unpack(self._settings, token.value) is not None else None

    async def reserve(self) -> int:
        """Note that a login begins."""
        return await self._store.reserve()

    async def save_token(self, token: Token) -> None:
        """Keep the token."""
        await self._store.save_token(token)


def authorize(settings: Settings, name: str) -> Callable[[ClientRequest, str], None]:
    """What puts the grant `name` on a request: the two headers, the address, and our own token where asked for."""

    def apply(request: ClientRequest, value: str) -> None:
        grants = unpack(settings, value) or {}
        grant = grants.get(name) or grants[CERTIFICATES]
        request.headers["G-I-Access-Token"] = grant.token
        request.headers["G-I-System-Id"] = settings.system_id
        request.url = _address(settings, request.original_url, grant)
        request.headers["Host"] = request.url.host_port_subcomponent or ""

    return apply


def _address(settings: Settings, url: URL, grant: Grant) -> URL:
    if url.query.get("token") == OWN_TOKEN:
        return url.update_query(token=grant.token)
    return remote(grant.remote_addr, settings.remote_base_url, url.path) if url.host == REMOTE.host else url


def remote(address: str, base: str | None, path: str) -> URL:
    """remoteAddr, its scheme, host and port replaced by those of `base` if given, and `path` behind its own."""
    url = URL(address)
    if base is not None:
        url = URL(f"{URL(base).origin()}{url.raw_path_qs}", encoded=True)
    added = path.strip("/")
    return url.with_path(f"{url.path.rstrip('/')}/{added}", keep_query=True) if added else url


def grant_in(data: Any) -> Grant | None:
    """The grant in `data` of a login's answer; None where token or address is missing."""
    if not isinstance(data, dict):
        return None
    token, address = data.get("token"), data.get("remoteAddr")
    if not (isinstance(token, str) and token and isinstance(address, str)):
        return None
    return Grant(token, address.strip()) if _is_address(address.strip()) else None


def _is_address(text: str) -> bool:
    try:
        url = URL(text)
    except ValueError:
        return False
    return url.scheme in {"http", "https"} and bool(url.host)
