"""One run's surroundings, and what a fault can do to them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

from deploy.local.node import Node
from tests.faults.oracle.gateways import Gateway, ProcessError, Surroundings
from tests.faults.oracle.history import History, Trouble
from tests.faults.oracle.numbered import ACCOUNT, PLATFORM
from tests.faults.oracle.platform import Platform
from tests.faults.oracle.service import Service, service

PATIENCE = 60.0
"""Seconds in which something has to go on, whatever was done."""


class StuckError(Exception):
    """What had to happen did not."""


def queue(role: str) -> str:
    """The name of the account's queue of this role."""
    return f"gateway.{PLATFORM}.{ACCOUNT}.{role}"


@dataclass
class Scene:
    """What runs. `brief` asks for the short version of a fault."""

    random: Random
    node: Node
    around: Surroundings
    platform: Platform
    service: Service
    gateways: list[Gateway]
    brief: bool
    troubles: list[Trouble] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    replayed: frozenset[str] = frozenset()
    replayed_at: float = float("inf")

    @property
    def active(self) -> Gateway:
        """The process that called last."""
        peer = self.platform.active
        return next((one for one in self.gateways if one.address == peer and one.alive), self.gateways[0])

    def seconds(self, brief: float, low: float, high: float) -> float:
        """How long: a fixed time in the short version, a random one in the long."""
        return brief if self.brief else self.random.uniform(low, high)

    @contextmanager
    def trouble(self, what: str, peer: str | None = None, *, lease: bool = True, token: bool = False) -> Iterator[None]:
        """Write down that there was trouble while the block ran."""
        began = monotonic()
        try:
            yield
        finally:
            self.troubles.append(Trouble(what, peer, began, monotonic(), lease=lease, token=token))

    async def kill(self, gateway: Gateway) -> None:
        """kill -9 of a process."""
        at = await gateway.kill()
        self.troubles.append(Trouble("kill", gateway.address, at, at, killed=True))

    async def revive(self) -> None:
        """Start again what was killed. Raises ProcessError, also when one has ended by itself."""
        for gateway in self.gateways:
            if gateway.ended is not None:
                raise ProcessError(gateway.ended)
            if not gateway.alive:
                gateway.start()
        await asyncio.gather(*(gateway.ready() for gateway in self.gateways))

    async def progress(self, number: int) -> None:
        """Wait until so many events have a result. Raises StuckError."""
        before, at = len(self.service.answered), monotonic()
        while (now := len(self.service.answered)) < number:
            if now != before:
                before, at = now, monotonic()
            if monotonic() - at > PATIENCE:
                raise StuckError(f"nothing was settled for {PATIENCE:.0f} s, {now} of {number} events are")
            await asyncio.sleep(0.005)

    def history(self, left: Mapping[str, int]) -> History:
        """What was seen, dead letters apart."""
        return History(
            published=self.service.published,
            calls=self.platform.calls,
            results=self.service.results,
            letters=self.service.letters,
            troubles=[*self.troubles, *self.platform.troubles],
            left=left,
            complaints=self.complaints,
            replayed=self.replayed,
            replayed_at=self.replayed_at,
        )


@asynccontextmanager
async def scene(
    random: Random,
    node: Node,
    url: str,
    folder: Path,
    processes: int,
    *,
    brief: bool,
    ledger: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[Scene]:
    """A platform, an internal service, and so many gateway processes, ready."""
    folder.mkdir(parents=True)
    platform = Platform(random)
    async with AsyncExitStack() as stack:
        await platform.open()
        stack.push_async_callback(platform.close)
        outside = await stack.enter_async_context(service(url))
        around = Surroundings(url, platform.port, folder, ledger or folder / "gateway.db", variables or {})
        gateways = [Gateway(number, around) for number in range(processes)]
        for gateway in gateways:
            stack.push_async_callback(gateway.close)
            await gateway.open()
        ready = Scene(random, node, around, platform, outside, gateways, brief)
        await ready.revive()
        yield ready


async def within(seconds: float, event: asyncio.Event, what: str) -> None:
    """Wait for something that has to come. Raises StuckError."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        raise StuckError(f"{what} did not come within {seconds:.0f} s") from None
