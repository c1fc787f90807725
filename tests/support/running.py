"""A gateway that runs inside the test's process, against a simulator on loopback and a real broker."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from deploy.local.stack import toml
from gateway import platform
from gateway.courtesy import Courtesy
from gateway.ledger import Ledger, open_ledger
from gateway.settings import Settings, accounts, load
from gateway.worker import Worker
from tests.support.outside import until
from workers.gd_accounting.simulator import create_app
from workers.gd_accounting.simulator.app import DEMO_APP_ID, DEMO_SECRET


class Simulator:
    """The simulated platform and its control interface."""

    def __init__(self, runner: web.AppRunner, http: ClientSession) -> None:
        self._runner = runner
        self._http = http
        self._site: web.TCPSite | None = None
        self.port = 0

    @property
    def base_url(self) -> str:
        """Where it answers, while it is up."""
        return f"http://127.0.0.1:{self.port}"

    async def up(self) -> None:
        """Listen: on a free port at first, on the same one ever after."""
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    async def down(self) -> None:
        """Refuse connections and cut those there are, as when the platform's machine is off."""
        if self._site is not None:
            await self._site.stop()
        for connection in list(self._runner.server.connections if self._runner.server else ()):
            connection.force_close()

    async def tell(self, path: str, /, **body: Any) -> Any:
        """POST to `/_sandbox/<path>`."""
        async with self._http.post(f"{self.base_url}/_sandbox/{path}", json=body, raise_for_status=True) as response:
            return await response.json()

    async def heal(self) -> None:
        """Take all faults away."""
        async with self._http.delete(f"{self.base_url}/_sandbox/faults", raise_for_status=True):
            return

    async def ask(self, path: str, **query: Any) -> Any:
        """GET `/_sandbox/<path>`."""
        async with self._http.get(
            f"{self.base_url}/_sandbox/{path}", params=query, raise_for_status=True
        ) as response:
            return await response.json()

    async def calls(self, path: str = "") -> list[dict[str, Any]]:
        """The recorded business calls whose path ends so, in order of arrival."""
        found: list[dict[str, Any]] = (await self.ask("calls", limit=200_000))["calls"]
        return [call for call in found if call["path"].endswith(path)]

    async def state(self) -> dict[str, Any]:
        """The platform's own counters."""
        found: dict[str, Any] = await self.ask("state")
        return found


@asynccontextmanager
async def simulator(**options: Any) -> AsyncIterator[Simulator]:
    """Serve the accounting platform's simulator on loopback."""
    runner = web.AppRunner(create_app(**options), shutdown_timeout=1)
    await runner.setup()
    try:
        async with ClientSession() as http:
            platform = Simulator(runner, http)
            await platform.up()
            yield platform
    finally:
        await runner.cleanup()


def settings(
    broker_url: str, folder: Path, base_url: str, ladder: Sequence[int] = (1, 2, 4), **changes: Any
) -> Settings:
    """Settings with one account, written to a file in `folder`; `changes` go into the account's table."""
    account = {"base_url": base_url, "app_id": DEMO_APP_ID, "secret": DEMO_SECRET, **changes}
    tables = {
        "broker": {"url": broker_url},
        "ledger": {"url": f"sqlite:///{folder / 'gateway.db'}"},
        "http": {"port": 0},
        "retry": {"ladder_seconds": list(ladder)},
        "platforms": {"gd_accounting": {"default": account}},
    }
    file = folder / "gateway.toml"
    file.write_text(toml(tables), encoding="utf-8")
    return load(file)


@dataclass
class Running:
    """A worker under way."""

    worker: Worker
    ledger: Ledger
    task: asyncio.Task[None]

    async def stop(self) -> None:
        """Drain it, as SIGTERM does."""
        self.worker.stop.set()
        await self.task


@asynccontextmanager
async def running(configured: Settings) -> AsyncIterator[Running]:
    """The worker of the one account, active when the block begins and drained at its end."""
    (account,) = accounts(configured)
    async with open_ledger(configured.ledger.url) as ledger:
        worker = Worker(account, platform.load(account.platform), configured, ledger, asyncio.Event(), Courtesy(), 1)
        run = Running(worker, ledger, asyncio.create_task(worker.run()))
        try:
            await until(lambda: worker.ready or run.task.done(), what="the worker's start")
            yield run
        finally:
            await run.stop()
