"""Faults that only this platform knows."""

from typing import Any

from aiohttp import web

from gateway.simulation import Fault, FaultKind, Handler, NoOptions
from workers.gd_accounting.simulator.codes import DESCRIPTIONS, Code
from workers.gd_accounting.simulator.replies import reply
from workers.gd_accounting.simulator.requests import bearer
from workers.gd_accounting.simulator.state import Platform


class CodeOptions(NoOptions):
    """Any code, also one the document does not list; `msg` is the document's text unless given."""

    code: str
    msg: str | None = None
    data: Any = None


def kinds(platform: Platform) -> dict[str, FaultKind]:
    """closed: every call answers A0508; code: it answers a given code; kill-token: our token dies before it.

    kill-token is another system that logs in with the same account. It strikes calls with a live token only.
    """

    async def kill_token(request: web.Request, _fault: Fault, go_on: Handler) -> web.StreamResponse:
        institution = platform.accounts.holder(bearer(request))
        if institution is not None:
            platform.accounts.usurp(institution)
        return await go_on(request)

    def has_live_token(request: web.Request) -> bool:
        return platform.accounts.holder(bearer(request)) is not None

    return {
        "closed": FaultKind(_closed),
        "code": FaultKind(_code, CodeOptions),
        "kill-token": FaultKind(kill_token, applies=has_live_token),
    }


async def _closed(_request: web.Request, _fault: Fault, _go_on: Handler) -> web.StreamResponse:
    return reply(Code.CLOSED, DESCRIPTIONS[Code.CLOSED])


async def _code(_request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    code, message = fault.options.code, fault.options.msg
    return reply(code, DESCRIPTIONS.get(code, "") if message is None else message, fault.options.data)
