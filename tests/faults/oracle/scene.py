"""One run's surroundings, and what a fault can do to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
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


SOON = 20.0
"""Seconds in which what is under way all the time has to come by."""


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

    async def active(self) -> Gateway:
        """The process that makes the next call. Raises StuckError when there is none."""
        seen = len(self.platform.calls)
        await self.until(lambda: len(self.platform.calls) > seen, SOON, "a call")
        return self.at(self.platform.calls[-1].peer)

    def at(self, address: str) -> Gateway:
        """The process at this address."""
        return next(gateway for gateway in self.gateways if gateway.address == address)

    def seconds(self, brief: float, low: float, high: float) -> float:
        """How long: a fixed time in the short version, a random one in the long."""
        return brief if self.brief else self.random.uniform(low, high)

    @contextmanager
    def trouble(
        self, what: str, peer: str | None = None, *, lease: bool = True, token: bool = False
    ) -> Iterator[None]:
        """Write down that there was trouble while the block ran."""
        began = monotonic()
        try:
            yield
        finally:
            self.troubles.append(Trouble(what, peer, began, monotonic(), lease=lease, token=token))

    @contextmanager
    def slow(self, thinking: tuple[float, float]) -> Iterator[None]:
        """The platform takes so long, from and to seconds, while the block runs."""
        usual, self.platform.thinking = self.platform.thinking, thinking
        try:
            yield
        finally:
            self.platform.thinking = usual

    async def kill(self, gateway: Gateway) -> None:
        """kill -9 of a process."""
        at = await gateway.kill()
        self.troubles.append(Trouble("kill", gateway.address, at, at, killed=True))

    def revive(self) -> None:
        """Start again what was killed. Raises ProcessError when one has ended by itself."""
        for gateway in self.gateways:
            if gateway.ended is not None:
                raise ProcessError(gateway.ended)
            if not gateway.alive:
                gateway.start()

    async def ready(self) -> None:
        """Every process is active or stands by. Raises ProcessError."""
        await asyncio.gather(*(gateway.ready() for gateway in self.gateways))

    async def until(self, true: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something that has to come. Raises StuckError."""
        deadline = monotonic() + seconds
        while not true():
            if monotonic() > deadline:
                raise StuckError(f"{what} did not come within {seconds:.0f} s")
            await asyncio.sleep(0.005)

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
    """A platform, an internal service, and so many gateway processes, started."""
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
        ready.revive()
        yield ready
