"""One test's surroundings: a virtual host, a simulated platform, an internal service, a folder for the gateway."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aio_pika.abc import AbstractIncomingMessage

from gateway.settings import Settings
from tests.support.outside import Outside, outside
from tests.support.running import Running, Simulator, running, settings, simulator

ROLES = ("bulk", "interactive", "due", "dead")


def queue(role: str) -> str:
    """The name of the account's queue of this role, as DESIGN §4 has it."""
    return f"gateway.gd_accounting.default.{role}"


@dataclass(frozen=True)
class Scene:
    """What a test acts with. Nothing of the gateway runs until the test says so."""

    url: str
    folder: Path
    platform: Simulator
    service: Outside

    def settings(self, ladder: Sequence[int] = (1, 1), **account: Any) -> Settings:
        """Write gateway.toml into the folder, `account` going into the account's table, and read it."""
        return settings(self.url, self.folder, self.platform.base_url, ladder=ladder, **account)

    def running(self, ladder: Sequence[int] = (1, 1), **account: Any) -> AbstractAsyncContextManager[Running]:
        """The worker in this process, on settings as above."""
        return running(self.settings(ladder, **account))

    async def declare(self, ladder: Sequence[int] = (1, 1), **account: Any) -> None:
        """Have a worker make exchanges and queues, and end; gateway.toml stays."""
        async with self.running(ladder, **account):
            return

    async def letters(self) -> list[AbstractIncomingMessage]:
        """What stands in the dead letter queue, oldest first."""
        return await self.service.messages(queue("dead"))

    async def depth(self, role: str) -> int:
        """How much stands in the account's queue of this role."""
        return await self.service.depth(queue(role))

    async def fault(self, kind: str, **options: Any) -> None:
        """Order a fault at the platform."""
        await self.platform.tell("faults", kind=kind, **options)


@asynccontextmanager
async def scene(url: str, folder: Path, **options: Any) -> AsyncIterator[Scene]:
    """Everything but the gateway; `options` go to the simulator."""
    async with simulator(**options) as platform, outside(url) as service:
        yield Scene(url, folder, platform, service)
