"""附件二 回调接口: the platform tells that a student has scanned our code, and gets 通用应答 as answer."""

from collections.abc import Iterable
from time import time
from typing import Any

import orjson
import structlog
from aiohttp import web
from pydantic import ValidationError

from gateway.account import Account
from gateway.errors import UnavailableError
from gateway.platform import Inbound
from schemas.gd_driving.events import TrainingSigned
from workers.gd_driving.codes import CODES
from workers.gd_driving.qrcode import Callbacks, NotOursError, OutdatedError, callbacks
from workers.gd_driving.settings import Settings

log = structlog.get_logger()

EVENT = "training-signed"
DONE, FAILED, NO_SUCH_SERVICE, UNREADABLE, REPEATED = "0", "1", "100", "200", "201"


class RefusedError(Exception):
    """The call is answered with this code and reason."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


def routes(inbound: Inbound) -> Iterable[web.RouteDef]:
    """The address to report to the platform (回调地址): `…/inbound/gd_driving/<account>/training-callback`."""

    async def training_callback(request: web.Request) -> web.Response:
        name = request.match_info["account"]
        try:
            await _take(inbound, name, await _body(request))
        except RefusedError as error:
            log.warning("callback.refused", account=name, code=error.code, reason=error.reason)
            return _answer(error.code, error.reason)
        return _answer(DONE)

    return [web.post("/inbound/gd_driving/{account}/training-callback", training_callback)]


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise RefusedError(UNREADABLE, "the body is too large") from None


async def _take(inbound: Inbound, name: str, body: bytes) -> None:
    """Return once the event is kept. Raises RefusedError.

    附件二 does not say that the platform repeats a call it was refused, and a call that is lost is a lesson without
    its 签到 or 签退. So it is kept whether the broker is there or not; only without the ledger is it refused.
    """
    account, settings, ours = _account(inbound, name)
    signed, value = _read(body)
    callback = _asked_for(ours, value, settings.callback_valid_seconds)
    signed = signed.model_copy(update={"callback": callback})
    once = value if settings.callback_single_use else f"{value}\n{signed.code}\n{signed.stunum}"
    try:
        fresh = await inbound.keep(account, EVENT, signed.stunum, signed, once)
    except UnavailableError as error:
        log.error("callback.not_kept", account=name, reason=str(error))
        raise RefusedError(FAILED, "it cannot be kept now 暂时无法受理; try again") from error
    if not fresh:
        raise RefusedError(REPEATED, "this callback was taken before")


def _account(inbound: Inbound, name: str) -> tuple[Account, Settings, Callbacks]:
    try:
        account = inbound.account(name)
    except web.HTTPNotFound:
        raise RefusedError(NO_SUCH_SERVICE, "no such account is configured") from None
    settings = account.settings
    ours = callbacks(account, settings) if isinstance(settings, Settings) else None
    if ours is None or not isinstance(settings, Settings):
        raise RefusedError(NO_SUCH_SERVICE, "no callback is configured for this account")
    return account, settings, ours


def _read(body: bytes) -> tuple[TrainingSigned, str]:
    """The request and its callback value as it came, which the event will not carry."""
    try:
        values: Any = orjson.loads(body)
        value = values.pop("callback") if isinstance(values, dict) else None
        if not isinstance(value, str):
            raise RefusedError(UNREADABLE, "the body is no object with a callback of ours")
        return TrainingSigned.model_validate(values), value
    except (orjson.JSONDecodeError, KeyError):
        raise RefusedError(UNREADABLE, "the body is no JSON object of the four fields") from None
    except ValidationError as error:
        wrong = ", ".join(sorted({str(item["loc"][0]) for item in error.errors(include_input=False)}))
        raise RefusedError(UNREADABLE, f"not as 附件二 has them: {wrong}") from None


def _asked_for(ours: Callbacks, value: str, valid_seconds: float) -> str | None:
    """The callback parameter that was asked for. Who never saw a code of ours cannot make one up."""
    try:
        return ours.read(value, time(), valid_seconds)
    except NotOursError:
        raise RefusedError(FAILED, "callback 回调参数 is not one that this platform gave out") from None
    except OutdatedError:
        raise RefusedError(REPEATED, "callback 回调参数 is outdated") from None


def _answer(code: str, reason: str = "") -> web.Response:
    """通用应答. HTTP 200 whatever the code, but for an address that does not exist."""
    meaning = CODES[code].meaning
    body = {"errorcode": int(code), "message": f"{meaning}: {reason}" if reason else meaning, "data": None}
    status = 404 if code == NO_SUCH_SERVICE else 200
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", charset="utf-8")
