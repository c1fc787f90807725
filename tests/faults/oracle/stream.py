"""One run: a stream of events through the gateway, a fault again and again, and the judgement at the end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

from tests.faults.oracle import numbered
from tests.faults.oracle.broker import Broker
from tests.faults.oracle.gateways import ProcessError
from tests.faults.oracle.history import History
from tests.faults.oracle.numbered import SHARES, Wish
from tests.faults.oracle.scene import PATIENCE, Scene, StuckError, queue, scene
from tests.faults.oracle.truth import Policy, Verdict, judge

LANES = 60
USUAL = Policy()
QUIET = 0.5
"""Seconds without a result after which there are no more to come."""


class SkippedError(Exception):
    """A fault cannot be brought about on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Prepared:
    """What has to be laid out for a fault before the gateway starts."""

    ledger: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


Happening = Callable[[Scene], Awaitable[None]]
"""Brings a fault about, once."""


@dataclass(frozen=True)
class Fault:
    """A row of the table. `share` of the runs asked for are made; `last` comes when all is settled."""

    name: str
    happen: Happening | None
    processes: int = 2
    share: float = 1.0
    policy: Policy = USUAL
    shares: Mapping[Wish, float] = field(default_factory=lambda: SHARES)
    last: Callable[[Scene, int], Awaitable[None]] | None = None
    prepare: Callable[[Path], AbstractContextManager[Prepared]] = lambda _: nullcontext(Prepared())


@dataclass(frozen=True)
class Row:
    """What came of a fault."""

    fault: Fault
    runs: int
    verdict: Verdict
    history: History


async def run(
    fault: Fault, broker: Broker, folder: Path, seed: str, runs: int, events: int, *, brief: bool = False
) -> Row:
    """Publish so many events while the fault happens so many times; then everything must be settled."""
    random = Random(f"{seed} {fault.name}")
    planned = numbered.plan(random, LANES, events, fault.shares)
    with broker.vhost() as url, fault.prepare(folder) as prepared:
        around = scene(
            random, broker.node, url, folder, fault.processes, brief=brief, ledger=prepared.ledger,
            variables=prepared.variables,
        )  # fmt: skip
        async with around as running:
            await _through(running, fault, planned, runs)
            history = running.history(await _rest(running, broker, url))
    return Row(fault, runs, judge(history, fault.policy), history)


async def _through(running: Scene, fault: Fault, planned: list[numbered.Event], runs: int) -> None:
    """The stream and its faults. Whatever gets stuck is written down; what was seen is judged all the same."""
    try:
        await running.ready()
        async with _publishing(running, planned):
            if fault.happen is not None:
                await _again_and_again(running, fault.happen, runs, len(planned))
            await running.progress(len(planned))
        if fault.last is not None:
            await fault.last(running, runs)
    except (StuckError, ProcessError) as error:
        running.complaints.append(str(error))


@asynccontextmanager
async def _publishing(running: Scene, planned: list[numbered.Event]) -> AsyncIterator[None]:
    """Publish meanwhile; what was not published when the block ends stays so."""
    task = asyncio.create_task(running.service.publish(planned))
    try:
        yield
    finally:
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            raise ended


async def _again_and_again(running: Scene, happen: Happening, runs: int, events: int) -> None:
    """So many times, spread over the stream at random; after each, what was killed is started again.

    However fast the stream is, each one finds a part of it that has not been published yet.
    """
    part = events / (runs + 1)
    for number in range(runs):
        running.service.allow(part * (number + 1))
        await running.progress(int(part * (number + running.random.random())))
        running.service.allow(part * (number + 2))
        await happen(running)
        running.revive()
    running.service.allow(events)


async def _rest(running: Scene, broker: Broker, url: str) -> dict[str, int]:
    """End the processes, take the last results and the dead letters; what stands in the other queues."""
    await _drained(running, broker, url)
    for gateway in running.gateways:
        try:
            await gateway.ready()
            await gateway.stop()
        except ProcessError as error:
            running.complaints.append(str(error))
    await _silence(running)
    if (dead := queue("dead")) in broker.queues(url):
        running.service.letters += await running.service.take_letters(dead)
    return await _depths(running, broker, url)


async def _drained(running: Scene, broker: Broker, url: str) -> None:
    """Wait for what comes back from the ladder after its event has ended: a copy that a kill has left there."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        if not any((await _depths(running, broker, url)).values()):
            return
        await asyncio.sleep(0.2)


async def _depths(running: Scene, broker: Broker, url: str) -> dict[str, int]:
    """How much stands in each queue, dead letters apart."""
    names = await asyncio.to_thread(broker.queues, url)
    return {name: await running.service.depth(name) for name in names if name != queue("dead")}


async def _silence(running: Scene) -> None:
    async with asyncio.timeout(PATIENCE):
        before = -1
        while before != len(running.service.results):
            before = len(running.service.results)
            await asyncio.sleep(QUIET)
