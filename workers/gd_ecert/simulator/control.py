"""Control routes and faults of this platform: what its administrators and citizens do in reality."""

import secrets
from email.utils import formatdate
from typing import Any

import aiohttp
from aiohttp import web

from gateway.simulation import Fault, FaultKind, Handler, NoOptions, bad_control, control_input, json_answer
from workers.gd_ecert.simulator.gateway import Gateway, digest, failure
from workers.gd_ecert.simulator.licences import answer
from workers.gd_ecert.simulator.services import Services

INVOCATION_SECONDS = 15.0  # 网关默认的请求超时


class Errcode(NoOptions):
    """Any errcode, also one that nobody lists; `errmsg` is the usual one unless given."""

    code: str | int
    errmsg: str | None = None


class Ack(NoOptions):
    """An answer of the licence API with this ack_code and these errors."""

    ack_code: str = "FAILURE"
    errors: tuple[dict[str, Any], ...] = ()


class Unsubscribe(NoOptions):
    """From now on exactly these passids are not subscribed to."""

    passids: frozenset[str] = frozenset()


class Case(NoOptions):
    """Somebody submitted this case before."""

    caseNo: str  # noqa: N815 - the service's word


class Invoke(NoOptions):
    """A call of a service that the institution publishes, at `url`; with a user where `uid` is given."""

    url: str
    body: Any = None
    paas_id: str | None = None
    uid: str = ""
    uinfo: str = ""
    ext: str = ""
    wrong_signature: bool = False
    late: float = 0.0


class Control:
    """Routes under /_sandbox/ that act on the gateway and the services behind it."""

    def __init__(self, gateway: Gateway, services: Services) -> None:
        self._gateway = gateway
        self._services = services

    def install(self, app: web.Application) -> None:
        """Add the routes, and the gateway's own time to every answer."""
        app.router.add_post("/_sandbox/unsubscribe", self._unsubscribe)
        app.router.add_post("/_sandbox/cases", self._case)
        app.router.add_post("/_sandbox/invoke", self._invoke)
        app.on_response_prepare.append(self._date)

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        self._gateway.unsubscribed = set((await control_input(request, Unsubscribe)).passids)
        return json_answer({"unsubscribed": sorted(self._gateway.unsubscribed)}, "set")

    async def _case(self, request: web.Request) -> web.Response:
        case = await control_input(request, Case)
        self._services.cases[case.caseNo] = case.model_dump()
        return json_answer({"cases": len(self._services.cases)}, "set")

    async def _invoke(self, request: web.Request) -> web.Response:
        wanted = await control_input(request, Invoke)
        headers = self._signed(wanted)
        timeout = aiohttp.ClientTimeout(total=INVOCATION_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.post(wanted.url, json=wanted.body, headers=headers) as response,
            ):
                return json_answer({"status": response.status, "body": await response.text()}, "invoked")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise bad_control(f"url: {type(error).__name__}") from None

    def _signed(self, wanted: Invoke) -> dict[str, str]:
        paas_id = wanted.paas_id or next(iter(self._gateway.consumers))
        timestamp, nonce = str(int(self._gateway.clock() - wanted.late)), secrets.token_hex(8)
        user = (wanted.uid, wanted.uinfo, wanted.ext)
        token = self._gateway.consumers.get(paas_id, "") + ("-wrong" if wanted.wrong_signature else "")
        said = {
            "paasid": paas_id,
            "timestamp": timestamp,
            "nonce": nonce,
            "signature": digest(timestamp, token, nonce, user if wanted.uid else None),
        }
        said |= dict(zip(("uid", "uinfo", "ext"), user, strict=True)) if wanted.uid else {}
        return {f"{self._gateway.prefix}{name}": value for name, value in said.items()}

    async def _date(self, _request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(self._gateway.clock(), usegmt=True)


async def _errcode(_request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    code, message = fault.options.code, fault.options.errmsg
    if isinstance(code, int):
        return json_answer({"errcode": code, "errmsg": message or ""}, str(code))
    return failure(code, message)


async def _ack(_request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    given = {"ack_code": fault.options.ack_code, "errors": list(fault.options.errors)}
    return json_answer(answer(given), fault.options.ack_code)


KINDS = {"errcode": FaultKind(_errcode, Errcode), "ack": FaultKind(_ack, Ack)}
"""errcode: the gateway or a service answers with it. ack: the licence API does."""
