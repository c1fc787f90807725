"""Simulators of every platform found, in one server: for tests, demos, and publishers who wait for their access."""

import structlog
from aiohttp import web

from gateway import log as logging
from gateway import platform
from gateway.process import stop_on_signals
from gateway.settings import Http
from gateway.web import serve

log = structlog.get_logger()

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes. The simulators draw their own, lower limits; this one stands before them."""


def application() -> web.Application:
    """Every platform's simulator under `/<platform>`; a broken one does not stop its neighbours."""
    app = web.Application(client_max_size=LARGEST_BODY)
    for name in platform.names():
        try:
            app.add_subapp(f"/{name}", platform.simulator(name))
        except Exception:
            log.exception("simulator.broken", platform=name)
    return app


async def run(host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.configure()
    stop = stop_on_signals()
    async with serve(application(), Http(host=host, port=port)) as address:
        log.info("sandbox.started", addresses=[f"{address}/{name}" for name in platform.names()])
        await stop.wait()
