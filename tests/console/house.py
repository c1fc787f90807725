"""The console over real HTTP in the test's own process, with a ledger of its own, and somebody who fills in forms."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientResponse, ClientSession, CookieJar
from argon2 import PasswordHasher

from deploy.local.stack import toml
from gateway import web
from gateway.console.site import console_where_served
from gateway.ledger import Ledger, open_ledger
from gateway.settings import Settings, accounts, load
from workers.gd_accounting.simulator.app import DEMO_APP_ID, DEMO_SECRET

PASSWORDS = {"vera": "viewer-password", "olga": "operator-password", "anna": "admin-password"}
ROLES = {"vera": "viewer", "olga": "operator", "anna": "admin"}
_QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""The settings hold any hash that argon2 can verify; these cost a test nothing."""

USERS: dict[str, Any] = {
    name: {"role": ROLES[name], "password_hash": _QUICK.hash(password)} for name, password in PASSWORDS.items()
}
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


def configured(
    folder: Path, *, users: Mapping[str, Any] = USERS, host: str = "127.0.0.1", **console_keys: Any
) -> Settings:
    """Settings with one account and the console's users."""
    account = {"base_url": "http://127.0.0.1:9", "app_id": DEMO_APP_ID, "secret": DEMO_SECRET, "rate_per_second": 20}
    tables = {
        "broker": {"url": "amqp://guest:guest@127.0.0.1:9/"},  # nobody is there
        "ledger": {"url": f"sqlite:///{folder / 'gateway.db'}"},
        "http": {"host": host, "port": 0},
        "console": {**console_keys, "users": dict(users)},
        "platforms": {"gd_accounting": {"default": account}},
    }
    file = folder / "gateway.toml"
    file.write_text(toml(tables), encoding="utf-8")
    return load(file)


@dataclass
class House:
    """What runs."""

    base: str
    ledger: Ledger
    settings: Settings

    @asynccontextmanager
    async def visitor(self, user: str | None = None) -> AsyncIterator["Visitor"]:
        """A browser without scripts; logged in where a user is named."""
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:
            visitor = Visitor(self.base, http)
            if user is not None:
                answer = await visitor.login(user, PASSWORDS[user])
                assert answer.status == 303
            yield visitor


@dataclass
class Visitor:
    """Somebody with cookies of their own. Redirects are not followed."""

    base: str
    http: ClientSession

    async def get(self, path: str, **headers: str) -> ClientResponse:
        """GET under /console."""
        response = await self.http.get(f"{self.base}/console{path}", headers=headers, allow_redirects=False)
        await response.read()
        return response

    async def post(self, path: str, **fields: str) -> ClientResponse:
        """POST a form as it is given."""
        return await self._post(path, fields, {})

    async def post_from_elsewhere(self, path: str, **fields: str) -> ClientResponse:
        """POST a form as a browser does for a page of another site."""
        return await self._post(path, fields, {"Sec-Fetch-Site": "cross-site"})

    async def _post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> ClientResponse:
        address = f"{self.base}/console{path}"
        response = await self.http.post(address, data=fields, headers=headers, allow_redirects=False)
        await response.read()
        return response

    async def token(self, path: str) -> str:
        """The token of the forms on a page."""
        found = _TOKEN.search(await (await self.get(path)).text())
        assert found is not None
        return found.group(1)

    async def login(self, user: str, password: str, **fields: str) -> ClientResponse:
        """Fill in the login form."""
        token = await self.token("/login")
        return await self.post("/login", form_token=token, user=user, password=password, **fields)


def where(response: ClientResponse) -> str:
    """Where a redirect leads, without the host."""
    parts = urlsplit(response.headers["Location"])
    return parts.path + (f"?{parts.query}" if parts.query else "")


@asynccontextmanager
async def house(settings: Settings) -> AsyncIterator[House]:
    """Serve as these settings say while the block runs, but on loopback."""

    async def ready() -> Mapping[str, str]:
        return {}

    at = settings.http.model_copy(update={"host": "127.0.0.1"})
    async with open_ledger(settings.ledger.url) as ledger:
        known = accounts(settings)
        app = web.application(known, ledger, ready, console=console_where_served(settings, known, ledger))
        async with web.serve(app, at) as base:
            yield House(base, ledger, settings)
