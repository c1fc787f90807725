"""The simulated gateway as an aiohttp application."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from aiohttp import web

from gateway.simulation import Clock, Handler, Simulation, json_answer
from workers.gd_ecert.simulator.control import KINDS, Control
from workers.gd_ecert.simulator.gateway import Gateway
from workers.gd_ecert.simulator.licences import Licences
from workers.gd_ecert.simulator.services import Services, notices, sent

GATEWAY = web.AppKey("gd_ecert_gateway", Gateway)
"""Where a test in the same process finds the gateway's state."""

DEMO_PAAS_ID = "yst_demo"
DEMO_PAAS_TOKEN = "demo-paas-token-0123456789abcdef"  # noqa: S105 - opens nothing but this simulator
LARGEST_REQUEST = 32 * 1024 * 1024


def create_app(
    *,
    paas_id: str = DEMO_PAAS_ID,
    paas_token: str = DEMO_PAAS_TOKEN,
    consumers: Mapping[str, str] | None = None,
    header_prefix: str = "x-tif-",
    environment: Literal["production", "test"] = "test",
    clock: Callable[[], float] = time.time,
) -> web.Application:
    """The gateway with one consumer, and those of `consumers` (paasid -> paasToken) besides.

    environment: which limit holds for bodies. clock: seconds since the epoch.
    """
    now = Clock(clock)
    gateway = Gateway({paas_id: paas_token} | dict(consumers or {}), header_prefix, environment, now)
    services = Services(paas_id, Licences(now))

    def reset() -> None:
        gateway.reset()
        services.reset()

    app = web.Application(client_max_size=LARGEST_REQUEST)
    app[GATEWAY] = gateway
    Control(gateway, services).install(app)
    Simulation(
        state=lambda: _state(gateway, services),
        reset=reset,
        clock=now,
        kinds=KINDS,
        hidden=frozenset({"auth_code", "identity_number"}),
        credential_header=f"{header_prefix}signature",
    ).install(app)
    app.router.add_route("*", "/ebus/{passid}/{path:.+}", _service(gateway, services))
    app.router.add_get(f"/{paas_id}/notices", _site)
    return app


def _service(gateway: Gateway, services: Services) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        passid, path = request.match_info["passid"], request.match_info["path"]
        refusal = gateway.refusal(request, passid, len(await request.read()))
        if refusal is not None:
            return refusal
        service = services.find(passid, path)
        if service is None:
            return json_answer({"message": "no Route matched with those values"}, "http-404", status=404)
        return service(await sent(request))

    return handle


async def _site(_request: web.Request) -> web.StreamResponse:
    return notices()


def _state(gateway: Gateway, services: Services) -> dict[str, Any]:
    return {
        "cases": sorted(services.cases),
        "auth_codes_issued": len(services.licences.issued),
        "nonces": {"seen": len(gateway.nonces), "distinct": len(set(gateway.nonces))},
        "unsubscribed": sorted(gateway.unsubscribed),
    }
