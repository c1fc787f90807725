"""The console as an application, to be mounted under /console."""

from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from gateway.account import Account
from gateway.console import access, audit, dead, login, overview, runs
from gateway.console.desk import DESK, Desk
from gateway.ledger import Ledger
from gateway.settings import Settings

STATIC = Path(__file__).with_name("static")


def console_where_served(settings: Settings, accounts: Sequence[Account], ledger: Ledger) -> web.Application | None:
    """The console, or None where the settings keep it from being served, or this process serves no account."""
    if not accounts or not settings.console.served_at(settings.http.host):
        return None
    return console(settings, accounts, ledger)


def console(settings: Settings, accounts: Sequence[Account], ledger: Ledger) -> web.Application:
    """Every page."""
    app = web.Application(middlewares=[access.headers, access.guarded])
    app[DESK] = Desk(settings, accounts, ledger)
    app.router.add_static("/static", STATIC)
    app.add_routes(
        [
            web.get("", overview.show),
            web.get("/", overview.show),
            web.get("/accounts", overview.part),
            web.get("/login", login.form),
            web.post("/login", login.login),
            web.post("/logout", login.logout),
            web.get("/language", login.language),
            web.get("/dead", dead.index),
            web.get("/dead/plan", dead.plan),
            web.post("/dead/plan", dead.plan_edited),
            web.post("/dead/start", dead.start),
            web.get("/dead/{letter}", dead.letter),
            web.post("/dead/{letter}", dead.reveal),
            web.get("/trace", dead.trace),
            web.get("/runs", runs.index),
            web.get("/runs/{run}", runs.show),
            web.get("/runs/{run}/progress", runs.progress),
            web.post("/runs/{run}/{act:pause|resume|cancel}", runs.act),
            web.get("/audit", audit.index),
        ]
    )
    return app
