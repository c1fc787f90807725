"""A school with its certificate, the simulated platform over real HTTP, and files of every kind."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from gateway.account import Account
from gateway.attempt import attempt
from gateway.outcome import Ending
from gateway.platform import Context
from gateway.steps import Steps
from gateway.token import Token
from workers.gd_driving import PLATFORM
from workers.gd_driving.client import Client, connect
from workers.gd_driving.settings import Settings
from workers.gd_driving.signing import load_identity
from workers.gd_driving.simulator import create_app

HERE = Path(__file__).parent
CERTIFICATE = HERE / "legacy.p12"
PASSWORD = "test1234"
IDENTITY = load_identity(CERTIFICATE, PASSWORD)
CALLBACK_URL = "https://gateway.example.com/inbound/gd_driving/default/training-callback"
CALLBACK_SECRET = "a-secret-of-the-tests"

JPEG = b"\xff\xd8\xff\xe0" + b"jpeg" * 10
PNG = b"\x89PNG\r\n\x1a\n" + b"png" * 10
PDF = b"%PDF-1.4\n" + b"pdf" * 10
MP4 = b"\0\0\0\x18ftypmp42" + b"mp4" * 10


class NoTokens:
    """This platform has no tokens to keep."""

    async def load_token(self) -> Token | None:
        return None

    async def reserve(self) -> int:
        raise AssertionError("there is no login here")

    async def save_token(self, token: Token) -> None:
        raise AssertionError("there is no token here")


def settings(base_url: str = "https://platform.example.com", **changes: Any) -> Settings:
    values = {"base_url": base_url, "certificate_file": str(CERTIFICATE), "certificate_password": PASSWORD}
    return Settings.model_validate(values | {"platform_number": "A0001"} | changes)


def account(configured: Settings) -> Account:
    return Account("gd_driving", "default", configured)


class School:
    """What a worker does with events, and what the sandbox shows."""

    def __init__(self, client: Client, server: BaseTestServer, http: aiohttp.ClientSession) -> None:
        self.client = client
        self._server = server
        self._http = http

    async def do(self, operation: str, data: Mapping[str, Any], steps: Steps | None = None) -> Ending:
        """One attempt at an event, as the core makes it."""
        known = PLATFORM.operations[operation]
        return await attempt(known, self.client, known.model.model_validate(data), steps or memory({}))

    async def control(self, path: str, order: Mapping[str, Any] | None = None, *, method: str = "POST") -> Any:
        url = self._server.make_url(f"/_sandbox/{path}")
        async with self._http.request(method, url, json=order) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def fault(self, kind: str, **order: Any) -> None:
        await self.control("faults", {"kind": kind, **order})

    async def know(self, **files: int) -> None:
        """Files that were uploaded before: type → id."""
        for kind, number in files.items():
            await self.control("files", {"id": number, "type": kind})

    async def state(self) -> Any:
        return await self.control("state", method="GET")

    async def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = (await self.control("calls", method="GET"))["calls"]
        return calls


def memory(done: dict[str, Any]) -> Steps:
    """Steps as the ledger keeps them, in a dictionary."""

    async def record(name: str, value: Any) -> None:
        done[name] = value

    return Steps(done, record)


@asynccontextmanager
async def connected(configured: Settings) -> AsyncIterator[Client]:
    async with connect(Context(account(configured), NoTokens())) as client:
        yield client


@asynccontextmanager
async def school(*, mounted: bool = False, clock: Any = None, **changes: Any) -> AsyncIterator[School]:
    """A school and its platform. `mounted`: below a path, as in `gateway sandbox`."""
    options = {} if clock is None else {"clock": clock}
    platform = create_app(certificates={IDENTITY.user: IDENTITY.key.public_key()}, **options)
    app = web.Application() if mounted else platform
    if mounted:
        app.add_subapp("/gd_driving", platform)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        base = str(server.make_url("/gd_driving" if mounted else "/"))
        async with connected(settings(base, **changes)) as client:
            yield School(client, server, http)


@asynccontextmanager
async def answering(handler: Any) -> AsyncIterator[str]:
    """A server of the test's own that answers every request with `handler`."""
    app = web.Application(client_max_size=64 * 1024 * 1024)

    async def handle(request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse = await handler(request)
        return response

    app.router.add_route("*", "/{anything:.*}", handle)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")
