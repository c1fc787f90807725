"""One account's worker: connect, hold the lease, consume, pause, give way. Any number may run; one is active."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from time import monotonic, time
from typing import Any, Literal

import structlog
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from gateway import metrics
from gateway.account import Account
from gateway.broker import CONNECTION_ERRORS, Publisher, connect
from gateway.declare import declare_account, declare_shared
from gateway.errors import UnavailableError
from gateway.gate import STATES, Closing, Gate, LedgerDown, State
from gateway.intake import Intake
from gateway.job import Desk, EventJob
from gateway.lanes import Lanes
from gateway.lease import HANDOVER_SECONDS, Lease
from gateway.ledger import Ledger, LedgerError
from gateway.loss import LostError, closing, raise_lost
from gateway.masking import scrub
from gateway.message import delivery
from gateway.outcome import Paused, Stopped
from gateway.pace import Pace
from gateway.platform import Context, Platform
from gateway.settings import Settings
from gateway.settle import Settler
from gateway.topology import Names

log = structlog.get_logger()

STANDBY_SECONDS = 1.0
"""How often a worker that stands by asks for the lease."""

RECONNECT_SECONDS = 1.0
RESUME_SECONDS = 2.0
"""How often a stopped account looks whether an operator has resumed it."""

READ_AHEAD = 4
"""Deliveries held for each one in flight, so that a lane that waits does not keep other lanes waiting."""

LEAST_WAIT_SECONDS = 0.2
"""Between two looks at what keeps an account from calling."""

BREAKER = {"working": 0, "probing": 1}
"""What gateway_breaker_state says; 2 for every other state."""

DRAIN_SECONDS = 15.0
"""How long work that was begun may take to end, once we are to stop."""

Phase = Literal["disconnected", "ledger-down", "standby", "active"]


@dataclass
class Worker:
    """Runs one account until `stop` is set."""

    account: Account
    platform: Platform
    settings: Settings
    ledger: Ledger
    stop: asyncio.Event
    phase: Phase = "disconnected"
    intakes: list[Intake] = field(default_factory=list)
    _stopping_since: float | None = field(default=None, init=False)

    @property
    def names(self) -> Names:
        """The account's names at the broker."""
        return Names(self.account.platform, self.account.name)

    @property
    def ready(self) -> bool:
        """Connected, and either standing by or with every expected consumer alive."""
        return self.phase == "standby" or (
            self.phase == "active" and bool(self.intakes) and all(intake.alive for intake in self.intakes)
        )

    async def run(self) -> None:
        """Until stopped: a session on the broker, and another one whenever it breaks."""
        while not self.stop.is_set():
            try:
                await self._session()
            except (*CONNECTION_ERRORS, LostError, UnavailableError) as error:
                log.warning("worker.lost", account=str(self.account), reason=str(error) or type(error).__name__)
                if isinstance(error, LedgerError):
                    self._ledger_up(0)
                    self._enter("ledger-down")
                else:
                    self._enter("disconnected")
            await self._rest(RECONNECT_SECONDS)

    async def _session(self) -> None:
        async with connect(self.settings.broker, f"gateway {self.account}") as connection:
            lost = closing(connection)
            if self.settings.broker.declare:
                await declare_shared(connection, self.settings.retry.ladder_seconds)
                await declare_account(connection, self.names, self.platform.operations)
            lease = await self._stand_by(connection, lost)
            if lease is not None:
                await self._hold(connection, lease, lost)

    async def _stand_by(self, connection: AbstractConnection, lost: asyncio.Future[str]) -> Lease | None:
        """Wait for the lease. None when stopped meanwhile."""
        while not self.stop.is_set():
            lease = await Lease.take(connection, self.names.queue("lease"))
            if lease is not None:
                return lease
            self._enter("standby")
            await self._rest(STANDBY_SECONDS, lost)
            if lost.done():
                raise LostError(lost.result())
        return None

    async def _hold(self, connection: AbstractConnection, lease: Lease, lost: asyncio.Future[str]) -> None:
        gauge = metrics.LEASE_HELD.labels(self.account.platform, self.account.name)
        log.info("lease.taken", account=str(self.account))
        gauge.set(1)
        try:
            async with lease.watched(lost):
                await self._work(connection, lease, lost)
        finally:
            gauge.set(0)
            log.info("lease.given_up", account=str(self.account))

    async def _work(self, connection: AbstractConnection, lease: Lease, lost: asyncio.Future[str]) -> None:
        """Under a number of our own in the ledger, which says at the end that nothing of ours is under way."""
        term = await self.ledger.take(self.account)
        self._ledger_up(1)
        if not term.clean:
            log.info("lease.waiting", account=str(self.account), reason="the last holder left without a word")
            await self._rest(HANDOVER_SECONDS, lost)
            raise_lost(lost)
        try:
            async with self._desk(connection, lease, term.epoch) as desk:
                self._enter("active")
                await self._shift(connection, desk, lost)
        finally:
            await self._give_up(term.epoch)

    async def _give_up(self, epoch: int) -> None:
        """Nothing of ours is under way any more. Where that cannot be said, the next holder waits a little."""
        try:
            await self.ledger.give_up(self.account, epoch)
        except LedgerError as error:
            log.warning("lease.not_given_up", account=str(self.account), reason=str(error))

    @asynccontextmanager
    async def _desk(self, connection: AbstractConnection, lease: Lease, epoch: int) -> AsyncIterator[Desk]:
        """Everything jobs need, made anew under each lease: token, rate and breaker are local."""
        gate = Gate(self._show_state, self.account.settings.pause_seconds)
        halted = await self.ledger.halted(self.account)
        if halted:
            gate.close(Stopped(*halted))
        positions = count(max(await self.ledger.last_position(self.account), int(time() * 1000)) + 1)
        context = Context(self.account, self.ledger.tokens(self.account), self._count_login)
        publisher = await Publisher.open(connection)
        async with self.platform.client(context) as client:
            yield Desk(
                account=self.account,
                names=self.names,
                operations=self.platform.operations,
                client=client,
                ledger=self.ledger,
                settler=Settler(
                    self.names, publisher, self.ledger, self.account.secrets(), epoch, self._ledger_down(gate)
                ),
                lanes=self._lanes(),
                positions=positions.__next__,
                pace=Pace(self.account.settings),
                gate=gate,
                lease=lease,
                ladder=self.settings.retry.ladder_seconds,
                halt=self._halting(gate),
            )

    async def _shift(self, connection: AbstractConnection, desk: Desk, lost: asyncio.Future[str]) -> None:
        """Consume until stopped. Interactive questions are answered at once also while the account is halted."""
        settings = self.account.settings
        async with AsyncExitStack() as stack:
            interactive = {self.names.queue("interactive"): settings.interactive_slots * READ_AHEAD}
            asked = await stack.enter_async_context(self._intake(connection, interactive, desk))
            while not self.stop.is_set():
                if not await self._until_open(desk.gate, asked, lost):
                    return
                ahead = settings.max_in_flight * READ_AHEAD
                durable = {self.names.queue("bulk"): ahead, self.names.queue("due"): ahead}
                async with self._intake(connection, durable, replace(desk, lanes=self._lanes())) as intake:
                    await self._first_of(desk.gate.closed.wait(), intake.lost, asked.lost, lost)
                raise_lost(intake.lost, asked.lost, lost)

    @asynccontextmanager
    async def _intake(
        self, connection: AbstractConnection, queues: dict[str, int], desk: Desk
    ) -> AsyncIterator[Intake]:
        def handle(message: AbstractIncomingMessage) -> EventJob:
            return EventJob(desk, delivery(message), message.ack)

        intake = await Intake.open(connection, queues, handle)
        self.intakes.append(intake)
        cut = True
        try:
            yield intake
            cut = False
        finally:
            self.intakes.remove(intake)
            if cut or connection.is_closed:
                await intake.abandon()
            else:
                await intake.close(self._patience())

    async def _until_open(self, gate: Gate, asked: Intake, lost: asyncio.Future[str]) -> bool:
        """Wait until calls are allowed again; True when they are.

        False to end the shift: we are to stop, or an operator has resumed a stopped account, which then
        starts with a client that knows nothing of the refusal.
        """
        while gate.state not in {"working", "probing"} and not self.stop.is_set():
            if gate.state == "stopped":
                await self._first_of(asyncio.sleep(RESUME_SECONDS), asked.lost, lost)
            else:
                await self._first_of(asyncio.sleep(max(gate.seconds_left(), LEAST_WAIT_SECONDS)), asked.lost, lost)
            raise_lost(asked.lost, lost)
            if gate.state != "stopped":
                await self._try_to_open(gate)
            elif not await self._is_halted():
                log.info("account.resumed", account=str(self.account))
                return False
        return not self.stop.is_set()

    async def _try_to_open(self, gate: Gate) -> None:
        """Open once the platform has been left alone long enough and what is done can be recorded."""
        try:
            await self.ledger.check()
        except LedgerError as error:
            gate.close(LedgerDown("ledger-down", str(error)))
            return
        self._ledger_up(1)
        if gate.seconds_left() == 0:
            gate.open()

    async def _is_halted(self) -> bool:
        try:
            return await self.ledger.halted(self.account) is not None
        except LedgerError:
            return True

    def _lanes(self) -> Lanes[EventJob]:
        """Lanes that nobody stands in: what an earlier intake held has gone back to its queue."""
        lanes: Lanes[EventJob] = Lanes(self.account.settings.max_in_flight * READ_AHEAD // 2)
        gauge = metrics.LANES_WAITING.labels(self.account.platform, self.account.name)
        gauge.set_function(lambda: lanes.waiting)
        return lanes

    def _halting(self, gate: Gate) -> Callable[[Closing], Awaitable[None]]:
        async def halt(reason: Closing) -> None:
            if isinstance(reason, LedgerDown):
                self._ledger_up(0)
            if gate.state == "stopped" or (gate.state not in {"working", "probing"} and isinstance(reason, Paused)):
                return
            gate.close(reason)
            log.warning("account.halted", account=str(self.account), state=gate.state, code=reason.code)
            if isinstance(reason, Stopped):
                message = scrub(reason.message, self.account.secrets())
                await self._remember_halt(reason.code, message)

        return halt

    async def _remember_halt(self, code: str | None, message: str) -> None:
        try:
            await self.ledger.halt(self.account, code, message)
        except LedgerError as error:
            log.error("halt.not_recorded", account=str(self.account), reason=str(error))

    def _ledger_down(self, gate: Gate) -> Callable[[LedgerError], None]:
        def down(error: LedgerError) -> None:
            self._ledger_up(0)
            if gate.state != "ledger-down":
                log.error("ledger.down", account=str(self.account), reason=str(error))
            gate.close(LedgerDown("ledger-down", str(error)))

        return down

    def _patience(self) -> float | None:
        """How long begun work may take to end: as long as it likes in a pause, 15 s in all when we are to stop."""
        if not self.stop.is_set():
            return None
        self._stopping_since = self._stopping_since or monotonic()
        return max(0.5, DRAIN_SECONDS - (monotonic() - self._stopping_since))

    async def _rest(self, seconds: float, *others: asyncio.Future[str]) -> None:
        await self._first_of(asyncio.sleep(seconds), *others)

    async def _first_of(self, *awaitables: Any) -> None:
        """Return when one of them, or the stop, comes; futures handed in are left as they are."""
        own = [asyncio.ensure_future(a) for a in awaitables if not isinstance(a, asyncio.Future)]
        own.append(asyncio.ensure_future(self.stop.wait()))
        shared = [a for a in awaitables if isinstance(a, asyncio.Future)]
        try:
            await asyncio.wait([*own, *shared], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in own:
                task.cancel()

    def _enter(self, phase: Phase) -> None:
        if phase != self.phase:
            self.phase = phase
            log.info("worker.changed", account=str(self.account), phase=phase)

    def _show_state(self, state: State) -> None:
        log.info("account.changed", account=str(self.account), state=state)
        metrics.BREAKER_STATE.labels(self.account.platform, self.account.name).set(BREAKER.get(state, 2))
        for known in STATES:
            metrics.ACCOUNT_STATE.labels(self.account.platform, self.account.name, known).set(known == state)

    def _ledger_up(self, up: int) -> None:
        metrics.LEDGER_UP.labels(self.account.platform, self.account.name).set(up)

    def _count_login(self, result: str) -> None:
        metrics.TOKEN_LOGINS.labels(self.account.platform, self.account.name, result).inc()
