"""Carrying a run out. Any process may; a lock at the broker sees to it that one does.

A letter goes back like this: marked `sending` in the ledger, published with confirm, taken off its queue, marked
`sent`. Killed anywhere in between, it is here or there or both, and whoever takes the run up finds out which: what
still stands in its queue is put back again under the same name, and its account does it once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, assert_never

import structlog
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import ChannelLockedResource

from gateway.account import Account
from gateway.broker import Publisher, connect, open_channel
from gateway.dead_letters import BusyError, Standing, locked, standing
from gateway.ledger import Ledger
from gateway.ledger.accounts import now
from gateway.operating import edits
from gateway.operating.batches import Begin, End, Fail, Hold, Move, Rest, Send, View, Watch, next_move
from gateway.operating.eligibility import blocked_by
from gateway.operating.index import Index
from gateway.operating.model import Filter, Run
from gateway.operating.operations import operations_of
from gateway.operating.progress import Progress, Target
from gateway.operating.run_store import RunStore
from gateway.settings import Broker
from gateway.topology import Names

log = structlog.get_logger()

LOOK_SECONDS = 0.3
"""Between two looks at how letters ended."""

WAIT_SECONDS = 1.0
"""Between two looks whether an account may be fed, or its letters may be taken."""

CHUNK = 100
"""Letters put back between two looks at what the operator wants."""

CHUNK_SECONDS = 5.0
"""The same, where a rate is asked for."""

AT_ONCE = 32
"""Lanes that are put back at the same time."""

LOOKS = 4
"""How often a letter is looked for before it counts as gone: what a killed operator held comes back in a moment."""


@dataclass(slots=True)
class Driver:
    """Drives one run on a connection of its own. `stop`: set to let go between two chunks."""

    broker: Broker
    accounts: Sequence[Account]
    ledger: Ledger
    run_id: str
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def drive(self) -> bool:
        """Until the run stands still or ends. False at once while another process drives it.

        Raises BrokerAwayError, NotPublishedError and LedgerError; the run can then be taken up by anybody.
        """
        async with connect(self.broker, f"gateway run {self.run_id}") as connection:
            if not await _is_free(connection, self.run_id):
                return False
            run = await RunStore(self.ledger.store).run(self.run_id)
            log.info("run.driven", run=run.id, kind=run.kind, letters=run.counts.total)
            drive = _Drive(connection, self, run, await self._patch())
            await drive.to_its_rest()
        return True

    async def _patch(self) -> list[dict[str, Any]] | None:
        text = await RunStore(self.ledger.store).edit(self.run_id)
        return None if text is None else edits.read(text)


async def _is_free(connection: AbstractConnection, run: str) -> bool:
    """Take the run's lock for as long as the connection lives."""
    channel = await open_channel(connection)
    try:
        await channel.declare_queue(f"gateway.run.{run}.lock", exclusive=True, durable=False)
    except ChannelLockedResource:
        return False
    return True


class _Drive:
    """One driver's time with a run."""

    def __init__(
        self, connection: AbstractConnection, driver: Driver, run: Run, patch: list[dict[str, Any]] | None
    ) -> None:
        self._connection = connection
        self._stop = driver.stop
        self._run = run
        self._patch = patch
        self._index = Index(driver.ledger.store)
        self._progress = Progress(driver.ledger.store, run.id)
        self._operations = operations_of(driver.accounts)
        self._next_at = 0.0
        self._publisher: Publisher | None = None

    async def to_its_rest(self) -> None:
        """See Driver.drive."""
        while not self._stop.is_set() and not await self._leftovers():
            await self._rest(WAIT_SECONDS)
        goes_on = True
        while goes_on and not self._stop.is_set():
            await self._progress.observe()
            view = await self._progress.view()
            goes_on = await self._make(next_move(view), view)

    async def _make(self, move: Move, view: View) -> bool:
        """Whether the run goes on after this move."""
        match move:
            case Begin(account, size):
                await self._begin(view, account, size)
            case Send():
                await self._send(view)
            case Watch():
                await self._rest(LOOK_SECONDS)
            case Hold(accounts):
                await self._progress.note(_waiting(accounts, view.states))
                await self._rest(WAIT_SECONDS)
            case Fail() | End():
                await self._end(move, view)
            case Rest():
                pass
            case unreachable:
                assert_never(unreachable)
        return not isinstance(move, Fail | End | Rest)

    async def _end(self, move: Fail | End, view: View) -> None:
        stopped = isinstance(move, Fail)
        text = _failed(view.batch.number, move, self._run.id) if isinstance(move, Fail) else ""
        await self._progress.end("stopped" if stopped else "done", text)
        log.info("run.rested", run=self._run.id, state="stopped" if stopped else "done")

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return

    async def _leftovers(self) -> bool:
        """What a driver was killed with: still in its queue, it is put back again; gone, it was put back.

        False where somebody else has the letters now.
        """
        for account, targets in _by_account(await self._progress.leftovers()).items():
            try:
                async with self._letters(account, targets) as found:
                    sent, kept = await self._move(found, [t for t in targets if t.letter in found])
            except BusyError:
                return False
            gone = [target for target in targets if target.letter not in found]
            await self._progress.done(self._run.kind, [*sent, *gone], [], kept)
        return True

    async def _begin(self, view: View, account: str, size: int) -> None:
        """The next letters, without those whose head failed again in this run."""
        targets = await self._progress.next_targets(account, size)
        skipped = await self._held(targets) if self._run.kind == "replay" else {}
        going = [target for target in targets if target.number not in skipped]
        await self._progress.begin(view.batch.number + 1, going, skipped)

    async def _held(self, targets: Sequence[Target]) -> dict[int, str]:
        lanes = {target.lane for target in targets if target.lane}
        holders = await self._index.holders(lanes)
        if not holders:
            return {}
        here = await self._progress.here(lanes)
        positions = await self._index.positions(Filter(ids=tuple(target.letter for target in targets)))
        found = {}
        for target in targets:
            behind = holders.get(target.lane or "", [])
            other = blocked_by(target.key, positions.get(target.key), behind, here) if behind else None
            if other is not None:
                found[target.number] = f"held behind the dead letter of event {other}"
        return found

    async def _send(self, view: View) -> None:
        rate = self._run.rate
        size = CHUNK if rate is None else max(1, min(CHUNK, int(rate * CHUNK_SECONDS)))
        targets = await self._progress.batch_targets(view.batch.number, size)
        for account, some in _by_account(targets).items():
            try:
                async with self._letters(account, some) as found:
                    there = [target for target in some if target.letter in found]
                    await self._progress.sending(there)
                    sent, kept = await self._move(found, there)
            except BusyError as busy:
                await self._progress.note(str(busy))
                return await self._rest(WAIT_SECONDS)
            missing = [target for target in some if target.letter not in found]
            await self._progress.done(self._run.kind, sent, missing, kept)
        return None

    @asynccontextmanager
    async def _letters(self, account: str, targets: Sequence[Target]) -> AsyncIterator[Mapping[str, Standing]]:
        """The letters of these targets that stand in their queue, nobody else's for as long as the block lasts."""
        names, wanted = _names(account), {target.letter: target.copies for target in targets}
        async with locked(self._connection, names):
            for looked in range(1, LOOKS + 1):
                async with standing(self._connection, names, wanted) as found:
                    if looked == LOOKS or all(letter in found for letter in wanted):
                        yield found
                        return
                await asyncio.sleep(LOOK_SECONDS * looked)

    async def _move(
        self, found: Mapping[str, Standing], targets: Sequence[Target]
    ) -> tuple[list[Target], list[Target]]:
        """Put them back, or take them away: those that went, and those that stayed, for we are to stop.

        Lane by lane at the same time, in order within a lane; what fails leaves the rest of its lane where it is.
        """
        room = asyncio.Semaphore(AT_ONCE)
        sent: list[Target] = []

        async def lane(members: Sequence[Target]) -> None:
            for target in members:
                async with room:
                    if self._stop.is_set():
                        return
                    begun = now()
                    await self._move_one(found[target.letter])
                    sent.append(replace(target, at=begun))

        try:
            async with asyncio.TaskGroup() as group:
                for members in _lanes(targets):
                    group.create_task(lane(members))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        gone = {target.number for target in sent}
        return sent, [target for target in targets if target.number not in gone]

    async def _move_one(self, letter: Standing) -> None:
        if self._run.kind == "replay":
            await self._paced()
            if self._publisher is None:
                self._publisher = await Publisher.open(self._connection)
            await self._publisher.publish(letter.letter.replayed(self._edited(letter)))
        await letter.take_off()

    def _edited(self, letter: Standing) -> bytes | None:
        if self._patch is None:
            return None
        message, names = letter.letter.delivery, _names(letter.letter.account)
        operations = self._operations.get(names.platform, {})
        return edits.edited(message.body, self._patch, message.routing_key, names, operations)

    async def _paced(self) -> None:
        """Wait for this letter's moment, where a rate is asked for."""
        if self._run.rate is not None:
            clock = monotonic()
            at = max(clock, self._next_at)
            self._next_at = at + 1 / self._run.rate
            await asyncio.sleep(at - clock)


def _names(account: str) -> Names:
    platform, _, name = account.partition(".")
    return Names(platform, name)


def _by_account(targets: Sequence[Target]) -> dict[str, list[Target]]:
    found: dict[str, list[Target]] = {}
    for target in targets:
        found.setdefault(f"{target.key[0]}.{target.key[1]}", []).append(target)
    return found


def _lanes(targets: Sequence[Target]) -> list[list[Target]]:
    """By lane, each in its order; an event without a lane is one of its own."""
    found: dict[object, list[Target]] = {}
    for target in targets:
        found.setdefault(target.lane or target.number, []).append(target)
    return list(found.values())


def _waiting(accounts: Sequence[str], states: Mapping[str, str]) -> str:
    return "; ".join(f"waits: account {name} is {states.get(name, 'unknown')}" for name in accounts)


def _failed(batch: int, move: Fail, run: str) -> str:
    return (
        f"batch {batch}: {move.failed} of {move.total} failed again; look at them (gateway runs show {run}), then "
        f"gateway runs resume {run}, or cancel it"
    )
