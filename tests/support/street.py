"""Platforms that call a gateway, and an internal service that listens: counted from outside."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aio_pika.abc import AbstractIncomingMessage

from deploy.local.stack import demo_settings, toml
from gateway.declare import declare_shared
from gateway.inbound import PlatformInbound
from gateway.ledger import Ledger, open_ledger
from gateway.outbox import Outbox
from gateway.settings import Http, Settings, accounts, load
from gateway.web import application, serve
from schemas.gd_driving import INBOUND
from tests.support.commands import Server
from tests.support.inbox import connections_told
from tests.support.outside import Outside, eventually, outside, until
from tests.support.running import Simulator
from workers.gd_driving.qrcode import Callbacks
from workers.gd_ecert.signature import sign
from workers.gd_ecert.simulator.app import DEMO_PAAS_TOKEN

QUEUE = "tests.inbound"
CALLBACK = "/inbound/gd_driving/default/training-callback"
SERVICE = "/inbound/gd_ecert/default/case-status"
LOGIN = "/inbound/gd_accounting/default/login"
DRIVING = {"platform": "gd_driving", "account": "default"}
TAKEN, REFUSED, REPEATED = 0, 1, 201


@dataclass(frozen=True)
class Street:
    """The gateway's folder, platforms that call it, and an internal service that listens."""

    folder: Path
    settings: Settings
    service: Outside
    http: aiohttp.ClientSession
    callbacks: Callbacks
    events: list[dict[str, Any]]

    def callback(self, number: int) -> dict[str, Any]:
        """附件二 for a student who scanned just now."""
        value = self.callbacks.sign("terminal-7", int(time.time()))
        return {"code": f"{number:032}", "expirationtime": None, "stunum": f"S{number:015}", "callback": value}

    async def call(self, address: str, body: dict[str, Any]) -> int | None:
        """The errorcode that a callback is answered; None where nobody answers."""
        try:
            async with self.http.post(f"{address}{CALLBACK}", json=body) as response:
                code: int = (await response.json())["errorcode"]
                return code
        except aiohttp.ClientError:
            return None

    async def call_all(self, address: str, numbers: Iterable[int]) -> list[int | None]:
        """The errorcodes of one callback for each number, one after the other."""
        return [await self.call(address, self.callback(number)) for number in numbers]

    async def invoke(self, address: str, nonce: str, at: int) -> tuple[int, int]:
        """HTTP status and code that the provincial gateway is answered."""
        signature = sign(DEMO_PAAS_TOKEN, str(at), nonce)
        headers = {"x-tif-timestamp": str(at), "x-tif-nonce": nonce, "x-tif-signature": signature}
        url = f"{address}{SERVICE}"
        async with self.http.post(url, headers=headers, data=b"{}") as response:
            return response.status, (await response.json())["code"]

    async def arrive(self, address: str, platform: Simulator) -> int:
        """The HTTP status that a learner's browser gets."""
        person = {
            "ticket": "t",
            "idNum": "440681198512063416",
            "realName": "张三",
            "year": 2024,
            "areaCode": "440106",
        }
        code = (await platform.tell("authorize", **person))["authorizationCode"]
        url = f"{address}{LOGIN}"
        async with self.http.get(url, params={"authorizationCode": code}, allow_redirects=False) as response:
            return response.status

    async def take(self, message: AbstractIncomingMessage) -> None:
        """What the internal service does with an event."""
        self.events.append(json.loads(message.body))
        await message.ack()

    @property
    def signed(self) -> list[int]:
        """The numbers of the callbacks that came, in their order."""
        events = [event for event in self.events if event["type"] == "gd_driving.training-signed"]
        return [int(event["data"]["code"]) for event in events]

    async def has(self, number: int) -> None:
        """Wait until so many events have come, and see that there are no more."""
        await until(lambda: len(self.events) >= number, what=f"{number} events")
        assert len(self.events) == number


@asynccontextmanager
async def street(url: str, folder: Path, accounting: str = "https://platform.example.com") -> AsyncIterator[Street]:
    tables = {name: {"default": demo_settings(name, accounting, folder)} for name in ("gd_driving", "gd_ecert")}
    jump = demo_settings("gd_accounting", accounting, folder)
    tables["gd_accounting"] = {"default": jump | {"landing_url": "https://school.example/"}}
    ledger = {"url": f"sqlite:///{folder}/gateway.db"}
    configured = {"broker": {"url": url}, "ledger": ledger, "retry": {"ladder_seconds": [1]}, "platforms": tables}
    file = folder / "gateway.toml"
    file.write_text(toml(configured), encoding="utf-8")
    async with outside(url) as service, aiohttp.ClientSession() as http:
        await declare_shared(service.connection, [1])
        queue = await service.channel.declare_queue(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        await queue.bind("gateway.inbound", "#")
        secret = str(tables["gd_driving"]["default"]["callback_secret"])
        place = Street(folder, load(file), service, http, Callbacks("gd_driving.default", secret), [])
        await queue.consume(place.take)
        yield place


def at(web: Server) -> str:
    return f"http://127.0.0.1:{web.port}"


async def empty(web: Server) -> bool:
    return await web.sample("gateway_inbound_waiting", **DRIVING) == 0


@asynccontextmanager
async def other_user(file: Path) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """Somebody else who has the ledger open; gives a way to say what he does to it.

    In a thread: a transaction of ours that he waits for ends on the loop.
    """
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        yield lambda statement: asyncio.to_thread(other.execute, statement)


@asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    """Somebody else has the ledger to himself; we wait 50 ms for him instead of 5 s."""
    async with other_user(file) as does:
        await does("BEGIN EXCLUSIVE")
        with connections_told("busy_timeout=50"):
            yield
        await does("ROLLBACK")


@asynccontextmanager
async def serving(place: Street, ledger: Ledger) -> AsyncIterator[str]:
    """The gateway's HTTP side in this process; gives its address."""

    async def ready() -> dict[str, str]:
        return {}

    async with serve(application(accounts(place.settings), ledger, ready), Http(port=0)) as address:
        yield address


@asynccontextmanager
async def delivering(place: Street) -> AsyncIterator[Ledger]:
    """The ledger's delivery in this process."""
    async with (
        open_ledger(place.settings.ledger.url) as ledger,
        Outbox(place.settings, ledger).delivering(asyncio.Event()),
    ):
        yield ledger


async def keep(place: Street, ledger: Ledger, number: int) -> None:
    """What the driving platform's handler does with a callback that is in order."""
    (account,) = [each for each in accounts(place.settings) if each.platform == "gd_driving"]
    data = INBOUND["training-signed"].model_validate({"code": f"{number:032}", "stunum": "S000000000000001"})
    inbound = PlatformInbound([account], ledger)
    assert await inbound.keep(account, "training-signed", "S000000000000001", data, str(number))


async def until_empty(ledger: Ledger) -> None:
    async def gone() -> bool:
        return await ledger.inbox.first() is None

    await eventually(gone, what="an empty inbox")
