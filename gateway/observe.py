"""What every process tells Prometheus of broker and ledger, whether or not it works for an account.

So queue depths and dead letters are there while nobody holds a lease. What cannot be asked now is not shown at all:
an old number would be a lie.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic, time

import structlog
from aio_pika.abc import AbstractConnection

from gateway import observed
from gateway.account import Account
from gateway.broker import CONNECTION_ERRORS, connect
from gateway.depth import depths
from gateway.errors import UnavailableError
from gateway.ledger import Ledger, LedgerError
from gateway.loss import first_of
from gateway.observed import Labels
from gateway.settings import Settings
from gateway.topology import UNROUTED, Names, rung_name, rungs

log = structlog.get_logger()

LOOK_SECONDS = 3.0
"""Between two looks at the queues."""

COUNT_SECONDS = 10.0
"""Between two counts of the ledger, which cost it more."""

ANSWER_SECONDS = 10.0
"""What the broker's answers are waited for."""

ROLES = ("bulk", "interactive", "due", "dead")


class Observer:
    """Looks every few seconds, on a connection of its own, for as long as `watching` is open."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        accounts: Sequence[Account],
        *,
        look_seconds: float = LOOK_SECONDS,
        count_seconds: float = COUNT_SECONDS,
    ) -> None:
        self._look_seconds = look_seconds
        self._count_seconds = count_seconds
        self._settings = settings
        self._ledger = ledger
        self._accounts = accounts
        self._queues = queues(accounts, settings.retry.ladder_seconds)
        self._not_empty = NotEmpty()
        self._ending = asyncio.Event()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Keep the metrics up to date while the block runs; nothing is shown after it."""
        for account in self._accounts:
            observed.show_settings(account)
        tasks = [asyncio.create_task(self._watch_broker()), asyncio.create_task(self._watch_ledger())]
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            yield
        finally:
            self._ending.set()  # also for a cancellation that the client library or asyncio.wait_for swallows
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._hide()

    def _hide(self) -> None:
        observed.hide_queues(self._queues.values())
        observed.hide_counts(self._accounts)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A defect of ours ends the watching, not the work; it is seen by what is missing then."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("observer.broken", exc_info=error)
            self._ending.set()
            self._hide()

    async def _rest(self, seconds: float) -> None:
        await first_of(self._ending, asyncio.sleep(seconds))

    async def _watch_broker(self) -> None:
        while not self._ending.is_set():
            try:
                async with connect(self._settings.broker, "gateway observer") as connection:
                    await self._look(connection)
            except (*CONNECTION_ERRORS, UnavailableError) as error:
                log.info("broker.unobserved", reason=str(error) or type(error).__name__)
            observed.hide_queues(self._queues.values())
            await self._rest(self._look_seconds)

    async def _look(self, connection: AbstractConnection) -> None:
        """Until the broker does not answer."""
        while not (connection.is_closed or self._ending.is_set()):
            async with asyncio.timeout(ANSWER_SECONDS):
                there = await depths(connection, self._queues)
            found = {self._queues[name]: depth for name, depth in there.items()}
            observed.hide_queues(self._queues.values())
            observed.show_queues(found)
            for labels, (messages, _) in found.items():
                observed.show_backlog(labels, self._not_empty.seconds(labels, messages, monotonic()))
            await self._rest(self._look_seconds)

    async def _watch_ledger(self) -> None:
        while not self._ending.is_set():
            try:
                await self._ledger.check()
                counts = await self._ledger.counts()
            except LedgerError as error:
                log.info("ledger.unobserved", reason=str(error))
                observed.hide_counts(self._accounts)
            else:
                observed.show_counts(self._accounts, counts, time())
            await self._rest(self._count_seconds)


class NotEmpty:
    """For how long each queue has not been seen empty."""

    def __init__(self) -> None:
        self._since: dict[Labels, float] = {}

    def seconds(self, queue: Labels, messages: int, now: float) -> float:
        """Told how many stand there now; 0 where none does."""
        if not messages:
            self._since.pop(queue, None)
            return 0.0
        return now - self._since.setdefault(queue, now)


def queues(accounts: Sequence[Account], ladder: Sequence[int]) -> dict[str, Labels]:
    """The queues to look at, by name, with the labels under which each is shown."""
    own = {
        Names(account.platform, account.name).queue(role): (account.platform, account.name, role)
        for account in accounts
        for role in ROLES
    }
    shared = {name: ("", "", name.removeprefix("gateway.")) for name in (UNROUTED, *map(rung_name, rungs(ladder)))}
    return own | shared
