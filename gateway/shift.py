"""What an account does while its lease is held: consume, call, pause, go on; until it is to stop or must let go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from time import monotonic, time

import structlog
from aio_pika.abc import AbstractConnection
from aiormq.abc import DeliveredMessage

from gateway import metrics
from gateway.account import Account
from gateway.broker import Publisher
from gateway.courtesy import Courtesy
from gateway.desk import Desk
from gateway.gate import STATES, Closing, Gate, LedgerDown, Reason, State
from gateway.intake import Intake
from gateway.job import EventJob
from gateway.lanes import Lanes
from gateway.lease import Lease
from gateway.ledger import Ledger, LedgerError
from gateway.loss import first_of, raise_lost
from gateway.masking import scrub
from gateway.message import delivery
from gateway.order import HEAD_MISSING_SECONDS
from gateway.outcome import Paused, Stopped
from gateway.pace import Pace
from gateway.platform import Context, Platform
from gateway.settle import Settler
from gateway.telling import Telling
from gateway.topology import Names
from gateway.transport import only_while

log = structlog.get_logger()

RESUME_SECONDS = 2.0
"""How often a stopped account looks whether an operator has resumed it."""

READ_AHEAD = 4
"""Deliveries held for each one in flight, so that a lane that waits does not keep other lanes waiting."""

LEAST_AHEAD = 400
"""Deliveries held at the least: lanes that are busy share them with the others. With 64 of them a lane of thousands
went on at 5 a second, for most of it was under way between its queue and the ladder; with 400 at 150."""

AHEAD_TOGETHER = 8000
"""So many in a process for that, over all its accounts: each takes some 12 kB."""

LEAST_WAIT_SECONDS = 0.2
"""Between two looks at what keeps an account from calling."""

BREAKER = {"working": 0, "probing": 1}
"""What gateway_breaker_state says; 2 for every other state."""

DRAIN_SECONDS = 15.0
"""How long work that was begun may take to end, once we are to stop."""


@dataclass
class Shift:
    """One term of one account. `epoch` numbers it, `lost` says when the connection is gone.

    `intakes` are the consumers that should be alive now; its owner tells by them whether it is ready. `together`:
    how many accounts the process has.
    """

    account: Account
    platform: Platform
    context: Context
    ladder: tuple[int, ...]
    ledger: Ledger
    stop: asyncio.Event
    connection: AbstractConnection
    lease: Lease
    epoch: int
    lost: asyncio.Future[str]
    intakes: list[Intake]
    courtesy: Courtesy
    together: int
    _stopping_since: float | None = field(default=None, init=False)
    _telling: Telling = field(init=False)
    _gate: Gate | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._telling = Telling(self.ledger, self.account)

    async def run(self) -> None:
        """Until stopped, or until a stopped account was resumed. Raises LostError, and what the broker raises."""
        only_while(self.lease.sure)  # also what a client does by itself, such as renewing its token
        async with self._telling.under_way(), self._desk() as desk:
            await self._consume(desk)

    @asynccontextmanager
    async def _desk(self) -> AsyncIterator[Desk]:
        """Everything jobs need, made anew under each lease: token, rate and breaker are local."""
        names = Names(self.account.platform, self.account.name)
        gate = Gate(self._show_state, self.account.settings.pause_seconds)
        self._gate = gate
        halted = await self.ledger.halted(self.account)
        if halted:
            gate.close(Stopped(*halted))
        positions = count(max(await self.ledger.last_position(self.account), int(time() * 1000)) + 1)
        publisher = await Publisher.open(self.connection)
        came_back = monotonic() + max(self.ladder) + HEAD_MISSING_SECONDS
        async with self.platform.client(self.context) as client:
            yield Desk(
                account=self.account,
                names=names,
                operations=self.platform.operations,
                client=client,
                ledger=self.ledger,
                settler=Settler(
                    names, publisher, self.ledger, self.account.secrets(), self.epoch, self._ledger_down(gate)
                ),
                lanes=self._lanes(),
                positions=positions.__next__,
                pace=Pace(self.account.settings, self.courtesy),
                gate=gate,
                lease=self.lease,
                ladder=self.ladder,
                halt=self._halting(gate),
                settled=lambda: monotonic() > came_back,
            )

    async def _consume(self, desk: Desk) -> None:
        """Consume until stopped. Interactive questions are answered at once also while the account is halted."""
        settings = self.account.settings
        async with AsyncExitStack() as stack:
            interactive = {desk.names.queue("interactive"): settings.interactive_slots * READ_AHEAD}
            asked = await stack.enter_async_context(self._intake(interactive, desk))
            while not self.stop.is_set():
                if not await self._until_open(desk.gate, asked):
                    return
                durable = {desk.names.queue("bulk"): self._ahead, desk.names.queue("due"): self._ahead}
                async with self._intake(durable, replace(desk, lanes=self._lanes())) as intake:
                    await self._first_of(desk.gate.closed.wait(), intake.lost, asked.lost, self.lost)
                raise_lost(intake.lost, asked.lost, self.lost)

    @asynccontextmanager
    async def _intake(self, queues: dict[str, int], desk: Desk) -> AsyncIterator[Intake]:
        def handle(message: DeliveredMessage, ack: Callable[[], Awaitable[None]]) -> EventJob:
            return EventJob(desk, delivery(message), ack)

        intake = await Intake.open(self.connection, queues, handle)
        self.intakes.append(intake)
        cut = True
        try:
            yield intake
            cut = False
        finally:
            self.intakes.remove(intake)
            if cut or self.connection.is_closed:
                await intake.abandon()
            else:
                await intake.close(self._out_of_patience())

    async def _until_open(self, gate: Gate, asked: Intake) -> bool:
        """Wait until calls are allowed again; True when they are.

        False to end the shift: we are to stop, or an operator has resumed a stopped account, which then
        starts with a client that knows nothing of the refusal.
        """
        while gate.state not in {"working", "probing"} and not self.stop.is_set():
            if gate.state == "stopped":
                await self._first_of(asyncio.sleep(RESUME_SECONDS), asked.lost, self.lost)
            else:
                await self._first_of(
                    asyncio.sleep(max(gate.seconds_left(), LEAST_WAIT_SECONDS)), asked.lost, self.lost
                )
            raise_lost(asked.lost, self.lost)
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

    @property
    def _ahead(self) -> int:
        """Deliveries that each of the two durable queues may have here."""
        return ahead(self.account.settings.max_in_flight, self.together)

    def _lanes(self) -> Lanes[EventJob]:
        """Lanes that nobody stands in: what an earlier intake held has gone back to its queue."""
        lanes: Lanes[EventJob] = Lanes(self._ahead // 2)
        gauge = metrics.LANES_WAITING.labels(self.account.platform, self.account.name, "worker")
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

    async def _out_of_patience(self) -> None:
        """Work that was begun may end as late as it likes in a pause; once we are to stop, within 15 s in all."""
        await self.stop.wait()
        self._stopping_since = self._stopping_since or monotonic()
        await asyncio.sleep(max(0.5, DRAIN_SECONDS - (monotonic() - self._stopping_since)))

    async def _first_of(self, *awaitables: Awaitable[object]) -> None:
        await first_of(self.stop, *awaitables)

    def _show_state(self, state: State) -> None:
        self._telling.tell(state, self._gate.reason if self._gate else Reason(None, ""))
        log.info("account.changed", account=str(self.account), state=state)
        metrics.BREAKER_STATE.labels(self.account.platform, self.account.name).set(BREAKER.get(state, 2))
        for known in STATES:
            metrics.ACCOUNT_STATE.labels(self.account.platform, self.account.name, known).set(known == state)

    def _ledger_up(self, up: int) -> None:
        metrics.LEDGER_UP.labels(self.account.platform, self.account.name).set(up)


def ahead(max_in_flight: int, together: int) -> int:
    """Deliveries that an account holds of each of its queues, one of so many in a process."""
    return max(max_in_flight * READ_AHEAD, min(LEAST_AHEAD, AHEAD_TOGETHER // together))
