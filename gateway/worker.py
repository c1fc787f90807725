"""One account's worker: connect, hold the lease, consume, pause, give way. Any number may run; one is active."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

import structlog
from aio_pika.abc import AbstractConnection

from gateway import metrics
from gateway.account import Account
from gateway.broker import CONNECTION_ERRORS, connect
from gateway.courtesy import Courtesy
from gateway.declare import declare_account, declare_shared
from gateway.errors import UnavailableError
from gateway.intake import Intake
from gateway.lease import HANDOVER_SECONDS, Lease
from gateway.ledger import Ledger, LedgerError
from gateway.loss import LostError, closing, first_of, raise_lost
from gateway.platform import Context, Platform
from gateway.settings import Settings
from gateway.shift import Shift
from gateway.token import TOKEN_STATES, TokenState
from gateway.topology import Names

log = structlog.get_logger()

STANDBY_SECONDS = 1.0
"""How often a worker that stands by asks for the lease."""

RECONNECT_SECONDS = 1.0
Phase = Literal["disconnected", "ledger-down", "standby", "active"]


@dataclass
class Worker:
    """Runs one account, of so many `together` in a process, until `stop` is set."""

    account: Account
    platform: Platform
    settings: Settings
    ledger: Ledger
    stop: asyncio.Event
    courtesy: Courtesy
    together: int
    phase: Phase = "disconnected"
    intakes: list[Intake] = field(default_factory=list)
    _context: Context = field(init=False)

    def __post_init__(self) -> None:
        tokens = self.ledger.tokens(self.account)
        self._context = Context(self.account, tokens, self._count_login, self._show_token_state)
        metrics.begin(self.account.platform, self.account.name, self.platform.operations.values())
        metrics.LEASE_HELD.labels(self.account.platform, self.account.name).set(0)

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
                self._enter("ledger-down" if isinstance(error, LedgerError) else "disconnected")
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
            metrics.release(self.account.platform, self.account.name)
            log.info("lease.given_up", account=str(self.account))

    async def _work(self, connection: AbstractConnection, lease: Lease, lost: asyncio.Future[str]) -> None:
        """Under a number of our own in the ledger, which says at the end that nothing of ours is under way."""
        term = await self.ledger.take(self.account)
        self._ledger_up(1)
        if not term.clean:
            log.info("lease.waiting", account=str(self.account), reason="the last holder left without a word")
            await self._rest(HANDOVER_SECONDS, lost)
            raise_lost(lost)
            if self.stop.is_set():
                return
        self._enter("active")
        shift = Shift(
            account=self.account,
            platform=self.platform,
            context=self._context,
            ladder=self.settings.retry.ladder_seconds,
            ledger=self.ledger,
            stop=self.stop,
            connection=connection,
            lease=lease,
            epoch=term.epoch,
            lost=lost,
            intakes=self.intakes,
            courtesy=self.courtesy,
            together=self.together,
        )
        try:
            await shift.run()
        finally:
            await self._give_up(term.epoch)

    async def _give_up(self, epoch: int) -> None:
        """Nothing of ours is under way any more. Where that cannot be said, the next holder waits a little."""
        try:
            await self.ledger.give_up(self.account, epoch)
        except LedgerError as error:
            log.warning("lease.not_given_up", account=str(self.account), reason=str(error))

    async def _rest(self, seconds: float, *others: asyncio.Future[str]) -> None:
        await first_of(self.stop, asyncio.sleep(seconds), *others)

    def _enter(self, phase: Phase) -> None:
        if phase != self.phase:
            self.phase = phase
            log.info("worker.changed", account=str(self.account), phase=phase)

    def _ledger_up(self, up: int) -> None:
        metrics.LEDGER_UP.labels(self.account.platform, self.account.name).set(up)

    def _count_login(self, result: str) -> None:
        metrics.TOKEN_LOGINS.labels(self.account.platform, self.account.name, result).inc()

    def _show_token_state(self, state: TokenState) -> None:
        metrics.show_token_age(self.account.platform, self.account.name, held=state == "held")
        for known in TOKEN_STATES:
            metrics.TOKEN_STATE.labels(self.account.platform, self.account.name, known).set(known == state)
