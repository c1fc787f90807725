"""What stands around the client in these tests: the simulator, a platform that keeps raw requests, a token store."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel
from yarl import URL

from gateway.account import Account
from gateway.attempt import attempt
from gateway.outcome import Ending
from gateway.platform import Context, Inbound
from gateway.settings import Http
from gateway.steps import no_steps
from gateway.token import Token
from gateway.web import serve
from tests.platforms.gd_accounting.document import example
from workers.gd_accounting import PLATFORM
from workers.gd_accounting.client import Client
from workers.gd_accounting.simulator import create_app

APP_ID, SECRET = "school-1", "TESTSECRET0123456789abcdef012345"
TICKET = "208cbc66aaef4317843c6cedabe319e0"
LOGIN, CHECK = "/intf/login", "/intf/org/checkAccountReg"

NAMES = tuple(PLATFORM.operations)
PATHS = {
    "login-resolve": "/intf/org/getData",
    "enrolment-check": CHECK,
    "enrolment-register": "/intf/org/accountantReg",
    "enrolment-cancel": "/intf/org/cancelAccountReg",
    "mobile-login-sync": "/intf/org/mobile/syncLoginInfo",
    "qrcode-get": "/intf/org/getQRCode",
    "verification-query": "/intf/org/verificationResults",
    "credit-sync": "/intf/org/synchronizeScore",
}
"""接口地址, sections 3 to 10, copied from the document."""


class Simulator:
    """The simulated platform, and what its operators and learners do there."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self._client = client
        self.url = str(client.make_url("/")).rstrip("/")

    async def control(self, path: str, /, **order: Any) -> dict[str, Any]:
        async with self._client.post(f"/_sandbox/{path}", json=order) as response:
            assert response.status in {200, 201}, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def fault(self, kind: str, path: str | None = None, times: int | None = 1, **options: Any) -> None:
        await self.control("faults", kind=kind, path=path and f"^{path}$", times=times, **options)

    async def shows(self, what: str) -> dict[str, Any]:
        async with self._client.get(f"/_sandbox/{what}") as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = (await self.shows("calls"))["calls"]
        return calls

    async def counts(self) -> Counter[str]:
        """How often each path was called."""
        return Counter(call["path"] for call in await self.calls())

    async def logins(self) -> dict[str, int]:
        logins: dict[str, int] = (await self.shows("state"))["logins"]
        return logins


@asynccontextmanager
async def simulated(**options: Any) -> AsyncIterator[Simulator]:
    """The simulator on loopback; `options` as of its create_app."""
    usual: dict[str, Any] = {"app_id": APP_ID, "secret": SECRET, "require_verification": False}
    app = create_app(**usual | options)
    async with TestClient(TestServer(app)) as client:
        yield Simulator(client)


@dataclass
class Seen:
    """One request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Scripted:
    """A platform that answers by path what it was told, and keeps every request byte for byte."""

    answers: dict[str, web.Response]
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append(Seen(request.method, request.raw_path, request.headers, await request.read()))
        told = self.answers.get(request.path) or said(data={"token": "first"})
        return web.Response(body=told.body, status=told.status, headers=told.headers)

    def business(self) -> Seen:
        """The one request that was no login."""
        (one,) = [seen for seen in self.seen if seen.target != LOGIN]
        return one


def said(code: object = "200", msg: str = "ok", data: Any = None, status: int = 200) -> web.Response:
    """An answer as the document describes one."""
    return body(orjson.dumps({"status": code, "msg": msg, "data": data}), status)


def body(
    content: bytes, status: int = 200, kind: str = "application/json", *, retry_after: str | None = None
) -> web.Response:
    """An answer as nobody describes it."""
    headers = {"Content-Type": kind} | ({} if retry_after is None else {"Retry-After": retry_after})
    return web.Response(body=content, status=status, headers=headers)


@asynccontextmanager
async def scripted(**answers: web.Response) -> AsyncIterator[Scripted]:
    """`answers` by operation; a login always succeeds."""
    platform = Scripted({PATHS[name.replace("_", "-")]: answer for name, answer in answers.items()})
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", platform.handle)
    async with TestServer(app) as server:
        platform.url = str(server.make_url("/")).rstrip("/")
        yield platform


@dataclass
class Store:
    """Keeps a token as the ledger does: a later generation is never overwritten."""

    token: Token | None = None
    generation: int = 0

    async def load_token(self) -> Token | None:
        return self.token

    async def reserve(self) -> int:
        self.generation = 1 + max(self.generation, self.token.generation if self.token else 0)
        self.token = None
        return self.generation

    async def save_token(self, token: Token) -> None:
        if self.generation <= token.generation:
            self.token = token


def account(url: str, **settings: Any) -> Account:
    keys = {"base_url": url, "app_id": APP_ID, "secret": SECRET, "timeout_seconds": 5} | settings
    return Account("gd_accounting", "default", PLATFORM.settings.model_validate(keys))


@asynccontextmanager
async def connected(url: str, store: Store | None = None, **settings: Any) -> AsyncIterator[Client]:
    """The platform's own client of an account with these settings."""
    async with PLATFORM.client(Context(account(url, **settings), store or Store())) as client:
        yield client


async def call(client: Client, name: str, **changes: Any) -> Ending:
    """One operation with the schema's example; raises what the operation raises."""
    operation = PLATFORM.operations[name]
    return await operation.call(client, operation.model.model_validate(example(name, **changes)), no_steps())


async def ask(client: Client, name: str, **changes: Any) -> Ending:
    """The same as the worker does it: what was raised has become an ending."""
    operation = PLATFORM.operations[name]
    return await attempt(operation, client, operation.model.model_validate(example(name, **changes)), no_steps())


class School(Inbound):
    """What the core gives to the login jump; keeps events in memory, and can be told to fail or to wait."""

    def __init__(self, *accounts: Account) -> None:
        self.published: list[dict[str, Any]] = []
        self.ledger_away = False
        self.written = asyncio.Event()
        self.written.set()
        self._accounts = {each.name: each for each in accounts}
        self._taken: set[tuple[str, str, str]] = set()

    def account(self, name: str) -> Account:
        if name not in self._accounts:
            raise web.HTTPNotFound(text="no such account is configured\n")
        return self._accounts[name]

    async def keep(self, account: Account, event: str, subject: str | None, data: BaseModel, once: str) -> bool:
        await self.written.wait()
        if self.ledger_away:
            raise web.HTTPServiceUnavailable(text="it cannot be kept now\n")
        if await self.kept(account, event, once):
            return False
        self._taken.add((account.name, event, once))
        about = {"account": account.name, "event": event, "subject": subject}
        self.published.append(about | {"data": data.model_dump(mode="json")})
        return True

    async def kept(self, account: Account, event: str, once: str) -> bool:
        return (account.name, event, once) in self._taken

    def forget(self) -> None:
        """Be a school where no code was used yet."""
        self._taken.clear()


@dataclass(frozen=True)
class Answer:
    """What a learner's browser gets; redirects are not followed."""

    status: int
    location: str
    text: str
    headers: Mapping[str, str] = field(compare=False)


Browse = Callable[..., Awaitable[Answer]]


@asynccontextmanager
async def served(school: School) -> AsyncIterator[Browse]:
    """The platform's inbound routes on loopback; gives a way to visit `default`'s login address, or another."""
    app = web.Application()
    app.add_routes(PLATFORM.inbound_routes(school))
    async with serve(app, Http(port=0)) as address, ClientSession(cookie_jar=DummyCookieJar()) as browser:

        async def visit(code: str | None, name: str = "default", *, method: str = "GET", more: str = "") -> Answer:
            query = "" if code is None else f"?authorizationCode={quote(code, safe='')}"
            url = URL(f"{address}/inbound/gd_accounting/{name}/login{query}{more}", encoded=True)
            async with browser.request(method, url, allow_redirects=False) as response:
                where = response.headers.get("Location", "")
                return Answer(response.status, where, await response.text(), response.headers)

        yield visit
