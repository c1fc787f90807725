"""Carrying a run out. Any process may; a lock at the broker sees to it that one does.

A letter goes back like this: marked `sending` in the ledger, published with confirm, taken off its queue, marked
`sent`. Killed anywhere in between, it is here or there or both, and whoever takes the run up finds out which: what
still stands in its queue is put back again under the same name, and its account does it once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, assert_never

import structlog
from aio_pika.abc import AbstractConnection
from aiormq.exceptions import ChannelLockedResource

from gateway.account import Account
from gateway.broker import connect, open_channel
from gateway.dead_letters import BusyError, Standing, locked, standing
from gateway.ledger import Ledger
from gateway.operating import edits
from gateway.operating.batches import (
    Begin,
    End,
    Fail,
    Hold,
    Move,
    Regroup,
    Rest,
    Send,
    View,
    Watch,
    look_seconds,
    next_move,
)
from gateway.operating.eligibility import blocked_by
from gateway.operating.index import Index
from gateway.operating.model import Filter, Run
from gateway.operating.moving import Mover
from gateway.operating.operations import operations_of
from gateway.operating.progress import Progress, Target
from gateway.operating.run_store import RunStore
from gateway.settings import Broker
from gateway.topology import Names

log = structlog.get_logger()

WAIT_SECONDS = 1.0
"""Between two looks whether an account may be fed, or its letters may be taken."""

CHUNK = 1000
"""Letters put back between two looks at what the operator wants."""

CHUNK_SECONDS = 5.0
"""The same, where a rate is asked for."""

LOOKS = 4
"""How often a letter is looked for before it counts as gone: it is in the index a moment before its queue."""

MOMENT_SECONDS = 0.3
"""That moment; then longer."""


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
        self._index = Index(driver.ledger.store)
        self._progress = Progress(driver.ledger.store, run.id)
        self._mover = Mover(connection, run, patch, operations_of(driver.accounts), driver.stop)
        self._looks = 0

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
            case Regroup(number):
                await self._progress.regroup(number)
            case Watch():
                await self._watch()
            case Hold(accounts):
                await self._progress.note(_waiting(accounts, view.states))
                await self._rest(WAIT_SECONDS)
            case Fail() | End():
                await self._end(move)
            case Rest():
                pass
            case unreachable:
                assert_never(unreachable)
        return not isinstance(move, Fail | End | Rest)

    async def _end(self, move: Fail | End) -> None:
        stopped = isinstance(move, Fail)
        text = _failed(move, self._run.id) if isinstance(move, Fail) else ""
        await self._progress.end("stopped" if stopped else "done", text)
        log.info("run.rested", run=self._run.id, state="stopped" if stopped else "done")

    async def _watch(self) -> None:
        await self._rest(look_seconds(self._looks))
        self._looks += 1

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
                    sent, kept = await self._mover.move(found, [t for t in targets if t.letter in found])
            except BusyError:
                return False
            gone = [target for target in targets if target.letter not in found]
            await self._progress.done(self._run.kind, [*sent, *gone], [], kept)
        return True

    async def _begin(self, view: View, account: str, size: int) -> None:
        """The next letters, without those whose head failed again in this run."""
        targets = await self._progress.next_targets(account, size)
        if not targets:  # each waits for one of its lane
            return await self._watch()
        skipped = await self._held(targets) if self._run.kind == "replay" else {}
        going = [target for target in targets if target.number not in skipped]
        await self._progress.begin(view.batch.number + 1, going, skipped)
        return None

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
        self._looks, rate = 0, self._run.rate
        size = CHUNK if rate is None else max(1, min(CHUNK, int(rate * CHUNK_SECONDS)))
        targets = await self._progress.batch_targets(view.batch.number, size)
        for account, some in _by_account(targets).items():
            try:
                async with self._letters(account, some) as found:
                    there = [target for target in some if target.letter in found]
                    await self._progress.sending(there)
                    sent, kept = await self._mover.move(found, there)
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
                await asyncio.sleep(MOMENT_SECONDS * looked)


def _names(account: str) -> Names:
    platform, _, name = account.partition(".")
    return Names(platform, name)


def _by_account(targets: Sequence[Target]) -> dict[str, list[Target]]:
    found: dict[str, list[Target]] = {}
    for target in targets:
        found.setdefault(f"{target.key[0]}.{target.key[1]}", []).append(target)
    return found


def _waiting(accounts: Sequence[str], states: Mapping[str, str]) -> str:
    return "; ".join(f"waits: account {name} is {states.get(name, 'unknown')}" for name in accounts)


def _failed(move: Fail, run: str) -> str:
    return (
        f"batch {move.number}: {move.failed} of {move.total} failed again; "
        f"look at them (gateway runs show {run}), then gateway runs resume {run}, or cancel it"
    )
