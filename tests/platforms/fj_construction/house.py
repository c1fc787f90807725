"""A simulated or home-made platform on loopback, and an account's client for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from gateway.account import Account
from gateway.attempt import attempt
from gateway.outcome import Ending
from gateway.platform import Context
from gateway.steps import Steps
from gateway.token import Token
from tests.platforms.fj_construction.document import certificate, read, submission
from workers.fj_construction.client import Client, connect
from workers.fj_construction.operations import OPERATIONS
from workers.fj_construction.settings import Settings
from workers.fj_construction.simulator import create_app

SYSTEM, KEY = "system-1", "key-1"
LOGIN = "/gaia-asp-gateway/api/token/getInterfaceTokenInfo"


class Tokens:
    """Where a token outlives a process; here, a test."""

    def __init__(self) -> None:
        self.kept: Token | None = None
        self.generation = 0

    async def load_token(self) -> Token | None:
        return self.kept

    async def reserve(self) -> int:
        self.generation = 1 + max(self.generation, self.kept.generation if self.kept else 0)
        self.kept = None
        return self.generation

    async def save_token(self, token: Token) -> None:
        if token.generation >= self.generation:
            self.kept = token


class Disk:
    """What an event's steps leave, through attempts and crashes."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.records: list[str] = []
        self.dies_at: int | None = None

    def steps(self) -> Steps:
        async def record(name: str, value: Any) -> None:
            if self.dies_at is not None and len(self.records) >= self.dies_at:
                raise asyncio.CancelledError
            self.records.append(name)
            self.kept[name] = value

        return Steps(self.kept, record)


class House:
    """One account at one platform."""

    def __init__(self, client: Client, base_url: str, http: ClientSession, tokens: Tokens) -> None:
        self.client = client
        self.base_url = base_url
        self.tokens = tokens
        self._http = http

    async def call(self, operation: str, data: Mapping[str, Any], steps: Steps | None = None) -> Ending:
        model = read(operation, data)
        return await attempt(OPERATIONS[operation], self.client, model, steps or Disk().steps())

    async def submit(self, *rows: dict[str, Any], kind: str = "1", steps: Steps | None = None) -> Ending:
        return await self.call("certificate-submit", submission(kind, *rows), steps)

    async def sandbox(self, path: str, /, **order: Any) -> Any:
        async with self._http.post(f"{self.base_url}/_sandbox/{path}", json=order) as response:
            assert response.status in {200, 201}, await response.text()
            return await response.json()

    async def fault(self, kind: str, **order: Any) -> None:
        await self.sandbox("faults", kind=kind, **order)

    async def state(self) -> Any:
        async with self._http.get(f"{self.base_url}/_sandbox/state") as response:
            return await response.json()

    async def calls(self, path: str = "/share/") -> list[Any]:
        async with self._http.get(f"{self.base_url}/_sandbox/calls") as response:
            return [call for call in (await response.json())["calls"] if path in call["path"]]


def settings(base_url: str, **changes: Any) -> Settings:
    return Settings.model_validate({"base_url": base_url, "system_id": SYSTEM, "key": KEY} | changes)


@asynccontextmanager
async def client_at(
    base_url: str, tokens: Tokens | None = None, now: Callable[[], datetime] | None = None, **changes: Any
) -> AsyncIterator[tuple[Client, Tokens]]:
    tokens = tokens or Tokens()
    account = Account("fj_construction", "default", settings(base_url, **changes))
    context = Context(account, tokens)
    async with connect(context, now) if now else connect(context) as client:
        yield client, tokens


@asynccontextmanager
async def house(
    simulator: Mapping[str, Any] | None = None, tokens: Tokens | None = None, prefix: str = "", **changes: Any
) -> AsyncIterator[House]:
    """The simulator, at the root or below `prefix`, and a client for it."""
    app = create_app(**{"system_id": SYSTEM, "key": KEY, **(simulator or {})})
    async with AsyncExitStack() as stack:
        root = web.Application(client_max_size=2**25)
        root.add_subapp(prefix, app) if prefix else None
        server = await stack.enter_async_context(TestServer(root if prefix else app))
        base_url = str(server.make_url(prefix)).rstrip("/")
        client, kept = await stack.enter_async_context(client_at(base_url, tokens, **changes))
        http = await stack.enter_async_context(ClientSession())
        yield House(client, base_url, http, kept)


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def raw(answer: Answer, login: Answer | None = None, **changes: Any) -> AsyncIterator[Client]:
    """A server of our own: a login that works, unless given, and one answer to all else."""

    async def logged_in(request: web.Request) -> web.Response:
        address = str(request.url.with_path("/remote").with_query(None))
        return web.json_response({"code": 1, "message": "操作成功", "data": {"token": "T", "remoteAddr": address}})

    app = web.Application(client_max_size=2**25)
    app.router.add_get(LOGIN, login or logged_in)
    app.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(app) as server, client_at(str(server.make_url("")).rstrip("/"), **changes) as (client, _):
        yield client


def answering(body: Any, **options: Any) -> Answer:
    """Always this answer: JSON, or bytes as they are."""

    async def answer(_request: web.Request) -> web.Response:
        if isinstance(body, bytes):
            return web.Response(body=body, **options)
        return web.json_response(body, **options)

    return answer


def rows(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [
        certificate("1", eCertID=f"guid-{number:03}", certNum=f"闽JZ{number:03}", **changes)
        for number in range(count)
    ]


def outcomes(ending: Any) -> dict[str, str]:
    """guid → outcome of an ending's response."""
    return {entry["guid"]: entry["outcome"] for entry in ending.response["certificates"]}


def named(values: Iterable[str], outcome: str) -> dict[str, str]:
    return dict.fromkeys(values, outcome)
