"""The simulated platform as an aiohttp application."""

import time
from collections.abc import Callable, Mapping

from aiohttp import web

from gateway.simulation import Clock, Handler, Simulation
from workers.gd_accounting.simulator.accounts import Accounts
from workers.gd_accounting.simulator.checks import checked
from workers.gd_accounting.simulator.codes import DESCRIPTIONS, Code, Refused
from workers.gd_accounting.simulator.control import Control
from workers.gd_accounting.simulator.decisions import DECISIONS, Decision
from workers.gd_accounting.simulator.endpoints import GET_DATA, Endpoint
from workers.gd_accounting.simulator.faults import kinds
from workers.gd_accounting.simulator.replies import reply
from workers.gd_accounting.simulator.requests import bearer, is_typed, parameters
from workers.gd_accounting.simulator.state import Platform

PLATFORM = web.AppKey("gd_accounting_platform", Platform)
"""Where a test in the same process finds the platform's state."""

DEMO_APP_ID = "demo-school"
DEMO_SECRET = "demo-secret-0123456789abcdef0123"  # noqa: S105 - opens nothing but this simulator


def create_app(
    *,
    app_id: str = DEMO_APP_ID,
    secret: str = DEMO_SECRET,
    institutions: Mapping[str, str] | None = None,
    require_verification: bool = True,
    token_ttl: float = 30 * 60,
    max_wrong_secrets: int = 5,
    clock: Callable[[], float] = time.time,
) -> web.Application:
    """The platform with one institution, and those of `institutions` (app_id -> secret) besides.

    token_ttl: seconds that a token outlives its last business call (section 11). max_wrong_secrets: how many
    wrong secrets are answered A0210 before the account is locked. clock: seconds since the epoch.
    """
    now = Clock(clock)
    secrets = {app_id: secret} | dict(institutions or {})
    accounts = Accounts(secrets, clock=now, token_ttl=token_ttl, max_wrong_secrets=max_wrong_secrets)
    platform = Platform(accounts, clock=now, require_verification=require_verification)
    app = web.Application()
    app[PLATFORM] = platform
    for endpoint, decision in DECISIONS.items():
        app.router.add_route(endpoint.method, endpoint.path, _handler(platform, endpoint, decision))
    Control(platform).install(app)
    Simulation(state=platform.snapshot, reset=platform.reset, clock=now, kinds=kinds(platform)).install(app)
    return app


def _handler(platform: Platform, endpoint: Endpoint, decide: Decision) -> Handler:
    success = "授权码验证成功" if endpoint is GET_DATA else DESCRIPTIONS[Code.OK]

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            app_id = platform.accounts.authenticate(bearer(request)).app_id if endpoint.login else ""
            values = checked(endpoint, await parameters(request), typed=is_typed(request))
            data = decide(platform, app_id, values)
        except Refused as refusal:
            return reply(refusal.code, refusal.message)
        platform.accepted[endpoint.name] += 1
        return reply(Code.OK, success, data)

    return handle
