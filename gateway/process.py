"""One gateway process: the workers of its accounts, the HTTP side, and an orderly end."""

import asyncio
import gc
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

import structlog
from aiohttp.web import RouteDef

from gateway import log as logging
from gateway import platform, tracing, web
from gateway.account import Account
from gateway.console.site import console_where_served
from gateway.courtesy import Courtesy
from gateway.http_events.endpoint import events_endpoint
from gateway.ledger import Ledger, LedgerError, open_ledger
from gateway.observe import Observer
from gateway.operating.keeper import Keeper
from gateway.outbox import Outbox
from gateway.settings import Settings
from gateway.worker import Worker

log = structlog.get_logger()

FORGET_SECONDS = 3600.0

SWITCH_SECONDS = 0.0002
"""How long the event loop may keep the ledger's threads waiting: with each of them waits a group of events."""

GARBAGE_AFTER = 50_000
"""New objects before the collector looks for cycles: thousands live as long as their event and are in none."""


async def run(settings: Settings, accounts: Sequence[Account], served: Sequence[Account]) -> None:
    """Work for `accounts` and take calls for `served` until SIGTERM or SIGINT; then finish what is in flight."""
    logging.configure(settings.log.format, settings.log.level)
    sys.setswitchinterval(SWITCH_SECONDS)
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        trace = settings.tracing
        await stack.enter_async_context(tracing.exporting(trace.endpoint, trace.service_name, trace.share))
        ledger = await stack.enter_async_context(open_ledger(settings.ledger.url))
        courtesy = Courtesy()
        workers = [
            Worker(a, platform.load(a.platform), settings, ledger, stop, courtesy, len(accounts)) for a in accounts
        ]
        more: list[RouteDef] = []
        if served:
            await stack.enter_async_context(Outbox(settings, ledger).delivering(stop))
            await stack.enter_async_context(Keeper(settings, served, ledger).driving())
            endpoint = await stack.enter_async_context(events_endpoint(settings, served))
            more += endpoint.routes()
        known = {str(account): account for account in (*accounts, *served)}
        await stack.enter_async_context(Observer(settings, ledger, list(known.values())).watching())
        pages = console_where_served(settings, served, ledger)
        app = web.application(served, ledger, lambda: _not_ready(workers, ledger), more=more, console=pages)
        await stack.enter_async_context(web.serve(app, settings.http))
        _spare_the_collector()
        log.info("gateway.started", accounts=[str(account) for account in accounts])
        await _until_stopped(workers, stop, ledger, timedelta(days=settings.ledger.keep_days))
    log.info("gateway.stopped")


def _spare_the_collector() -> None:
    """What was loaded stays: looking through all of it again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


async def _until_stopped(workers: Sequence[Worker], stop: asyncio.Event, ledger: Ledger, keep: timedelta) -> None:
    """Run the workers; the end of one by a defect ends the process, for its supervisor to see."""
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker.run())
        forgetting = group.create_task(_forget(ledger, keep))
        await stop.wait()
        forgetting.cancel()
        log.info("gateway.stopping")


async def _forget(ledger: Ledger, keep: timedelta) -> None:
    """Now and every hour: what ended long ago leaves the ledger."""
    while True:
        try:
            rows = await ledger.forget(keep)
            log.info("ledger.forgot", rows=rows)
        except LedgerError as error:
            log.warning("ledger.not_forgotten", reason=str(error))
        await asyncio.sleep(FORGET_SECONDS)


async def _not_ready(workers: Sequence[Worker], ledger: Ledger) -> Mapping[str, str]:
    """Every worker that is neither active nor standing by, and a ledger that fails.

    A broker that is away makes workers unready, not the taking of calls: they are kept in the ledger.
    """
    reasons: dict[str, str] = {str(worker.account): worker.phase for worker in workers if not worker.ready}
    try:
        await ledger.check()
    except LedgerError as error:
        reasons["ledger"] = str(error)
    return reasons


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM or SIGINT sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    return stop
