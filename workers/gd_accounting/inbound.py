"""模拟登录接口, section 2: a learner comes from the platform with an authorisation code and goes on to the school."""

from collections.abc import Iterable
from secrets import token_urlsafe

import structlog
from aiohttp import web
from pydantic import ValidationError
from yarl import URL

from gateway.attempt import attempt
from gateway.outcome import Accepted, Rejected
from gateway.platform import Inbound
from gateway.steps import no_steps
from schemas.gd_accounting.events import LearnerArrived, LoginResolve
from workers.gd_accounting.client import anonymous_client
from workers.gd_accounting.operations import OPERATIONS
from workers.gd_accounting.settings import Settings

log = structlog.get_logger()


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
    if not await inbound.claim(account, "authorizationCode", code):
        return _refuse(403, "this authorizationCode 授权码 was used before; start again from the platform")
    try:
        response, kept = await _resolve(inbound, settings, name, asked)
    except BaseException:
        await inbound.release(account, "authorizationCode", code)
        raise
    if not kept:
        await inbound.release(account, "authorizationCode", code)
    return response


async def _resolve(inbound: Inbound, settings: Settings, name: str, asked: LoginResolve) -> tuple[web.Response, bool]:
    """The answer, and whether the code counts as used."""
    async with anonymous_client(settings) as client:
        ending = await attempt(OPERATIONS["login-resolve"], client, asked, no_steps())
    match ending:
        case Accepted(response=response) if response is not None:
            arrival = token_urlsafe(24)
            try:
                learner = LearnerArrived.model_validate({**response, "arrival": arrival})
            except ValidationError as error:
                log.error("learner.unreadable", account=name, fields=[item["loc"] for item in error.errors()])
                return _refuse(502, "the platform's data is not as its document says 登录信息不符合接口规范"), False
            await inbound.publish(inbound.account(name), "learner-arrived", None, learner)
            landing = URL(settings.landing_url or "").update_query(arrival=arrival)
            return web.Response(status=302, headers={"Location": str(landing)}), True
        case Rejected(code=reason):
            log.warning("learner.refused", account=name, code=reason)
            return _refuse(403, "the platform's data could not be trusted 登录信息校验失败"), True
        case _:
            log.warning("learner.unresolved", account=name, code=getattr(ending, "code", None))
            return _refuse(503, "the platform cannot be asked now 平台暂时不可用; try again"), False


def _refuse(status: int, reason: str) -> web.Response:
    return web.Response(status=status, text=reason + "\n")
