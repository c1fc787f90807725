"""Runs go on in the background of every process that serves: whoever gets a run's lock drives it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from gateway.account import Account
from gateway.broker import CONNECTION_ERRORS
from gateway.errors import RefusedError, UnavailableError
from gateway.ledger import Ledger
from gateway.operating.driving import Driver
from gateway.operating.run_store import RunStore
from gateway.settings import Settings

log = structlog.get_logger()

LOOK_SECONDS = 2.0
"""Between two looks for runs that nobody drives here; what another process drives is asked for as often."""


class Keeper:
    """Drives every run of the ledger that goes on and that no other process drives."""

    def __init__(self, settings: Settings, accounts: Sequence[Account], ledger: Ledger) -> None:
        self._settings = settings
        self._accounts = accounts
        self._ledger = ledger
        self._stop = asyncio.Event()
        self._driven: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def driving(self) -> AsyncIterator[None]:
        """While the block lasts. At its end each run is let go after the letters that are on their way."""
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()
            self._stop.set()
            if self._driven:
                await asyncio.wait(self._driven.values())

    async def _look(self) -> None:
        while True:
            try:
                for run in await RunStore(self._ledger.store).runs(unfinished=True, limit=200):
                    if run.state == "running" and run.id not in self._driven:
                        self._drive(run.id)
            except UnavailableError as error:
                log.debug("runs.not_seen", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    def _drive(self, run: str) -> None:
        task = self._driven[run] = asyncio.create_task(self._one(run))
        task.add_done_callback(lambda _: self._driven.pop(run))

    async def _one(self, run: str) -> None:
        """A run that cannot go on now is taken up again at the next look."""
        try:
            await Driver(self._settings.broker, self._accounts, self._ledger, run, self._stop).drive()
        except (*CONNECTION_ERRORS, UnavailableError, RefusedError) as error:
            log.warning("run.interrupted", run=run, reason=str(error) or type(error).__name__)
