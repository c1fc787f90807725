"""Short ways to ask our operations against the simulator, or against an answer of our own making."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from gateway.attempt import attempt
from gateway.outcome import Ending
from gateway.steps import no_steps
from schemas.gd_ecert import EVENTS
from workers.gd_ecert.auth import Clock
from workers.gd_ecert.client import Client, connected
from workers.gd_ecert.operations import OPERATIONS
from workers.gd_ecert.settings import Settings

TOKEN = "TESTTOKEN0123456789abcdefABCDEF01"
NUMBER = "440681198512063416"


@dataclass
class Bench:
    server: BaseTestServer
    settings: Settings
    client: Client

    async def do(self, operation: str, **data: Any) -> Ending:
        return await do(self.client, operation, **data)

    async def control(self, method: str, path: str, json: Any = None) -> Any:
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self.server.make_url(path), json=json) as response,
        ):
            assert response.status < 300, await response.text()
            return await response.json()

    async def fault(self, kind: str, **options: Any) -> None:
        await self.control("POST", "/_sandbox/faults", {"kind": kind, **options})

    async def calls(self) -> list[dict[str, Any]]:
        recorded: list[dict[str, Any]] = (await self.control("GET", "/_sandbox/calls"))["calls"]
        return recorded


async def do(client: Client, operation: str, **data: Any) -> Ending:
    """One attempt, as the core makes it."""
    return await attempt(OPERATIONS[operation], client, EVENTS[operation].model_validate(data), no_steps())


@dataclass
class Wire:
    """A server that answers as the test says, and keeps what it was sent."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        return await self.answer(request)


def saying(body: Any = None, **options: Any) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_: web.Request) -> web.StreamResponse:
        if isinstance(body, bytes):
            return web.Response(body=body, **options)
        return web.json_response(body, **options)

    return answer


@asynccontextmanager
async def wired(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], *, clock: Clock | None = None, **changes: Any
) -> AsyncIterator[tuple[Wire, Client]]:
    """A client of ours before a raw server."""
    wire = Wire(answer)
    app = web.Application(client_max_size=32 * 2**20)
    app.router.add_route("*", "/{path:.*}", wire.handle)
    async with TestServer(app) as server:
        read = account(base_url=str(server.make_url("")).rstrip("/"), **changes)
        async with connected(read, clock or Clock()) as client:
            yield wire, client


def account(**changes: Any) -> Settings:
    """Settings of an account that has everything."""
    values: dict[str, Any] = {
        "environment": "test",
        "base_url": "https://gateway.example",
        "paas_id": "yst_test",
        "paas_token": TOKEN,
        "services": {"apply": {"path": "case/submit"}},
    }
    return Settings.model_validate(values | changes)
