"""The HTTP side: health, readiness, metrics, and calls from platforms."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway import metrics, platform
from gateway.account import Account
from gateway.errors import UnavailableError
from gateway.inbound import PlatformInbound
from gateway.ledger import Ledger
from gateway.settings import Http

log = structlog.get_logger()

COUNT_SECONDS = 1.0
"""How long a scrape waits for the ledger; then the last count stands."""

Readiness = Callable[[], Awaitable[Mapping[str, str]]]
"""What is not ready, and why; nothing when all is."""


def application(
    accounts: Sequence[Account],
    ledger: Ledger,
    not_ready: Readiness,
    *,
    more: Iterable[web.RouteDef] = (),
    console: web.Application | None = None,
) -> web.Application:
    """`/healthz`, `/readyz`, `/metrics`, what the platforms of these accounts want served, `more`, the console."""
    app = web.Application(middlewares=[_unavailable])
    app.add_routes(
        [
            web.get("/healthz", _healthy),
            web.get("/readyz", _ready(not_ready)),
            web.get("/metrics", _metrics(accounts, ledger)),
            *more,
        ]
    )
    for name in sorted({account.platform for account in accounts}):
        own = [account for account in accounts if account.platform == name]
        app.add_routes(platform.load(name).inbound_routes(PlatformInbound(own, ledger)))
    if console is not None:
        app.add_subapp("/console", console)
    return app


@asynccontextmanager
async def serve(app: web.Application, http: Http) -> AsyncIterator[str]:
    """Serve the application while the context is open; gives its base address, the port being the real one."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, http.host, http.port).start()
        except OSError as error:
            raise UnavailableError(f"cannot listen on {http.host} port {http.port}: {error.strerror}") from error
        port = runner.addresses[0][1]
        log.info("http.started", host=http.host, port=port)
        yield f"http://{http.host}:{port}"
    finally:
        await runner.cleanup()


async def _healthy(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


def _ready(not_ready: Readiness) -> Handler:
    async def ready(_: web.Request) -> web.Response:
        reasons = await not_ready()
        body = {"status": "not ready" if reasons else "ready", "reasons": dict(reasons)}
        return web.json_response(body, status=503 if reasons else 200)

    return ready


def _metrics(accounts: Sequence[Account], ledger: Ledger) -> Handler:
    async def show(_: web.Request) -> web.Response:
        with suppress(UnavailableError, TimeoutError):
            async with asyncio.timeout(COUNT_SECONDS):
                waiting = await ledger.inbox.waiting()
            for account in accounts:
                whose = account.platform, account.name
                metrics.INBOUND_WAITING.labels(*whose).set(waiting.get(whose, 0))
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return show


@web.middleware
async def _unavailable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Without the ledger nothing is taken in: the caller is told to come again."""
    try:
        return await handler(request)
    except UnavailableError as error:
        log.error("request.refused", path=request.path, reason=str(error))
        return web.Response(status=503, text="it cannot be kept now 暂时无法受理; try again\n")
