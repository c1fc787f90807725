"""模拟登录接口, section 2: a learner comes from the platform with an authorisation code and goes on to the school."""

from collections.abc import Iterable, Mapping
from secrets import token_urlsafe
from typing import Any

import structlog
from aiohttp import web
from pydantic import ValidationError
from yarl import URL

from gateway.account import Account
from gateway.attempt import attempt
from gateway.outcome import Accepted, Ending, Rejected
from gateway.platform import Inbound
from gateway.steps import no_steps
from schemas.gd_accounting.events import LearnerArrived, LoginResolve
from workers.gd_accounting.client import anonymous_client
from workers.gd_accounting.operations import OPERATIONS
from workers.gd_accounting.settings import Settings

log = structlog.get_logger()

EVENT = "learner-arrived"
USED = "this authorizationCode 授权码 was used before; start again from the platform"


def routes(inbound: Inbound) -> Iterable[web.RouteDef]:
    """The address to register with the platform (机构备案): `…/inbound/gd_accounting/<account>/login`."""

    async def login(request: web.Request) -> web.Response:
        return await _arrive(inbound, request.match_info["account"], request.query.get("authorizationCode", ""))

    return [web.get("/inbound/gd_accounting/{account}/login", login, allow_head=False)]


async def _arrive(inbound: Inbound, name: str, code: str) -> web.Response:
    account = inbound.account(name)
    settings = account.settings
    if not isinstance(settings, Settings) or settings.landing_url is None:
        return _refuse(404, "no landing_url is configured for this account 未配置跳转地址")
    try:
        asked = LoginResolve(authorizationCode=code)
    except ValidationError:
        return _refuse(400, "authorizationCode 授权码 must have 1 to 1024 bytes of text")
    if await inbound.kept(account, EVENT, code):
        return _refuse(403, USED)
    async with anonymous_client(settings) as client:
        ending = await attempt(OPERATIONS["login-resolve"], client, asked, no_steps())
    if isinstance(ending, Accepted) and ending.response is not None:
        return await _let_in(inbound, account, settings.landing_url, code, ending.response)
    return _keep_out(name, ending)


async def _let_in(
    inbound: Inbound, account: Account, landing: str, code: str, response: Mapping[str, Any]
) -> web.Response:
    """Send the learner on once the event is kept, whether the broker is there or not.

    The document knows no repeat: who is turned away has to begin at the platform again, for a code may be good for
    one getData. So that happens only without the ledger.
    """
    arrival = token_urlsafe(24)
    try:
        learner = LearnerArrived.model_validate({**response, "arrival": arrival})
    except ValidationError as error:
        log.error("learner.unreadable", account=account.name, fields=[item["loc"] for item in error.errors()])
        return _refuse(502, "the platform's data is not as its document says 登录信息不符合接口规范")
    if not await inbound.keep(account, EVENT, None, learner, code):
        return _refuse(403, USED)
    return web.Response(status=302, headers={"Location": str(URL(landing).update_query(arrival=arrival))})


def _keep_out(name: str, ending: Ending) -> web.Response:
    code = getattr(ending, "code", None)
    if isinstance(ending, Rejected):
        log.warning("learner.refused", account=name, code=code)
        return _refuse(403, "the platform's data could not be trusted 登录信息校验失败")
    log.warning("learner.unresolved", account=name, code=code)
    return _refuse(503, "the platform cannot be asked now 平台暂时不可用; try again")


def _refuse(status: int, reason: str) -> web.Response:
    return web.Response(status=status, text=reason + "\n")
