"""The overview 总览: how every account stands, in words and in figures."""

from collections import Counter
from typing import Any

from aiohttp import web
from prometheus_client import REGISTRY

from gateway import platform
from gateway.account import Account
from gateway.console.desk import DESK
from gateway.console.figures import Figures, Samples, oldest_age, queue_depths, token_state
from gateway.ledger.recent import Recent
from gateway.operating import AccountState, Filter


async def show(request: web.Request) -> web.StreamResponse:
    """The page; its figures renew themselves where scripts run."""
    return request.app[DESK].page(request, "overview.html", **await _values(request))


async def part(request: web.Request) -> web.StreamResponse:
    """The part of it that renews itself."""
    return request.app[DESK].page(request, "overview_accounts.html", **await _values(request))


async def _values(request: web.Request) -> dict[str, Any]:
    desk = request.app[DESK]
    operator = desk.operator(request)
    states = {state.account: state for state in await operator.accounts()}
    dead = Counter[str]()
    for group in await operator.groups(Filter()):
        dead[group.account] += group.count
    recent = await desk.ledger.recent()
    samples = Samples.of(REGISTRY.collect())
    figures = [
        _figures(account, states[str(account)], dead[str(account)], samples, recent.get(_whose(account), Recent()))
        for account in desk.accounts
    ]
    runs = await operator.runs(unfinished=True)
    return {"figures": figures, "runs": runs, "broker": samples.get("gateway_broker_up")}


def _figures(account: Account, state: AccountState, dead: int, samples: Samples, recent: Recent) -> Figures:
    whose = _whose(account)
    labels = {"platform": account.platform, "account": account.name}
    return Figures(
        account=str(account),
        title=platform.load(account.platform).title,
        state=state,
        queues=queue_depths(samples, *whose),
        dead=dead,
        oldest=oldest_age(samples, *whose),
        token_state=token_state(samples, *whose),
        token_age=samples.get("gateway_token_age_seconds", **labels),
        breaker=samples.get("gateway_breaker_state", **labels),
        rate_limit=account.settings.rate_per_second,
        recent=recent,
    )


def _whose(account: Account) -> tuple[str, str]:
    return account.platform, account.name
