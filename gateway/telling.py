"""A worker tells the ledger how its account stands, for operators and runs in other processes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from gateway.account import Account
from gateway.gate import Reason, State
from gateway.ledger import Ledger, LedgerError
from gateway.masking import scrub

log = structlog.get_logger()

AGAIN_SECONDS = 1.0


class Telling:
    """Remembers the latest state and writes it as soon as the ledger takes it; nobody waits for that."""

    def __init__(self, ledger: Ledger, account: Account) -> None:
        self._ledger = ledger
        self._account = account
        self._latest: tuple[State, Reason] | None = None
        self._changed = asyncio.Event()

    def tell(self, state: State, reason: Reason) -> None:
        """It stands like this now."""
        self._latest = state, reason
        self._changed.set()

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Write while the block lasts."""
        task = asyncio.create_task(self._write())
        try:
            yield
        finally:
            task.cancel()

    async def _write(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._latest is not None:
                await self._write_one(*self._latest)

    async def _write_one(self, state: State, reason: Reason) -> None:
        try:
            message = scrub(reason.message, self._account.secrets())
            await self._ledger.say(self._account, state, reason.code, message)
        except LedgerError as error:
            log.debug("state.not_told", account=str(self._account), reason=str(error))
            self._changed.set()
            await asyncio.sleep(AGAIN_SECONDS)
