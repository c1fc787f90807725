"""Faults that only this platform knows."""

from typing import Any

from aiohttp import web

from gateway.simulation import Fault, FaultKind, Handler, NoOptions, json_answer
from workers.fj_construction.simulator.access import MESSAGES, Access


class CodeOptions(NoOptions):
    """Any ResultCode, also one the document does not list; `message` is the document's text unless given."""

    code: int
    message: str | None = None
    data: Any = None


class ReturnCodeOptions(NoOptions):
    """Any answer of the ministry."""

    code: str
    message: str = ""
    data: Any = None


def kinds(access: Access) -> dict[str, FaultKind]:
    """closed: 1214; code: a ResultCode; return-code: the ministry's; kill-token: our token dies before the call."""

    async def kill_token(request: web.Request, _fault: Fault, go_on: Handler) -> web.StreamResponse:
        held = access.valid(*credentials(request))
        if held is not None:
            access.usurp(held.system_id, held.key)
        return await go_on(request)

    def has_live_token(request: web.Request) -> bool:
        return access.valid(*credentials(request)) is not None

    return {
        "closed": FaultKind(_closed),
        "code": FaultKind(_code, CodeOptions),
        "return-code": FaultKind(_return_code, ReturnCodeOptions),
        "kill-token": FaultKind(kill_token, applies=has_live_token),
    }


def credentials(request: web.Request) -> tuple[str | None, str | None]:
    """G-I-System-Id and G-I-Access-Token."""
    return request.headers.get("G-I-System-Id"), request.headers.get("G-I-Access-Token")


def result(code: int, data: Any = None, message: str | None = None) -> web.Response:
    """An answer of the 应用支撑平台."""
    text = MESSAGES.get(code, "") if message is None else message
    return json_answer({"code": code, "message": text, "data": data}, str(code))


async def _closed(_request: web.Request, _fault: Fault, _go_on: Handler) -> web.StreamResponse:
    return result(1214)


async def _code(_request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    return result(fault.options.code, fault.options.data, fault.options.message)


async def _return_code(_request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    options = fault.options
    body = {"ReturnCode": options.code, "ReturnMsg": options.message}
    return json_answer(body if options.data is None else {**body, "ReturnData": options.data}, options.code)
