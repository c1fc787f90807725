"""The overview 总览: how every account stands, in words and in figures."""

from time import time
from typing import Any

from aiohttp import web
from prometheus_client import REGISTRY

from gateway import platform
from gateway.account import Account
from gateway.console.desk import DESK
from gateway.console.figures import Figures, Samples, last_accepted, oldest_age, queue_depths, token_state
from gateway.ledger import Ledger
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
    dead = {str(account): await operator.count(Filter(account=str(account))) for account in desk.accounts}
    recent = await desk.ledger.recent()
    samples = Samples.of(REGISTRY.collect())
    used = {str(account): await _token_used(desk.ledger, account) for account in desk.accounts}
    figures = [
        _figures(
            account,
            states[str(account)],
            dead[str(account)],
            used[str(account)],
            samples,
            recent.get(_whose(account), Recent()),
        )
        for account in desk.accounts
    ]
    runs = await operator.runs(unfinished=True)
    return {"figures": figures, "runs": runs, "broker": samples.get("gateway_broker_up")}


async def _token_used(ledger: Ledger, account: Account) -> float | None:
    """Seconds since somebody called with the account's token; None without one."""
    token = await ledger.tokens(account).load_token()
    return None if token is None else max(0.0, time() - token.used_at)


def _figures(
    account: Account, state: AccountState, dead: int, used: float | None, samples: Samples, recent: Recent
) -> Figures:
    whose = _whose(account)
    return Figures(
        account=str(account),
        title=platform.load(account.platform).title,
        state=state,
        queues=queue_depths(samples, *whose),
        dead=dead,
        oldest=oldest_age(samples, *whose),
        token_state=token_state(samples, *whose),
        token_age=samples.get("gateway_token_age_seconds", platform=account.platform, account=account.name),
        token_used=used,
        last_accepted=last_accepted(samples, *whose, recent, time()),
        rate_limit=account.settings.rate_per_second,
        recent=recent,
    )


def _whose(account: Account) -> tuple[str, str]:
    return account.platform, account.name
