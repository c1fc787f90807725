"""The simulated platform as an aiohttp application."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.simulation import Clock, Simulation, json_answer
from workers.fj_construction.simulator import control, soap
from workers.fj_construction.simulator.access import Access, Refused
from workers.fj_construction.simulator.demo import ISSUED, KEY, PROVINCE, SYSTEM_ID
from workers.fj_construction.simulator.faults import credentials, kinds, result
from workers.fj_construction.simulator.keys import synthetic_key
from workers.fj_construction.simulator.records import Records
from workers.fj_construction.simulator.tables import LOG

API = "/gaia-asp-gateway/api"
LOGIN, VALIDATE = f"{API}/token/getInterfaceTokenInfo", f"{API}/token/validateToken"
SHARES = "/gaia-asp-gateway/share"
BOTH, CERTIFICATES, FILES = "both", "certificates", "files"
LARGEST_BODY = 32 * 1024 * 1024  # bytes: a hundred certificates with photos

PLATFORM = web.AppKey("fj_construction_platform", Records)
"""Where a test in the same process finds what the ministry took."""


def create_app(
    *,
    system_id: str = SYSTEM_ID,
    key: str = KEY,
    file_key: str | None = None,
    province_key: RSAPublicKey | None = None,
    token_ttl: float = 2 * 60 * 60,
    clock: Callable[[], float] = time.time,
) -> web.Application:
    """The platform with one system. With `file_key`, each key opens its own interface only.

    token_ttl: seconds that a token lives (the document gives none). clock: seconds since the epoch.
    province_key: what QR codes are encrypted for, by default the synthetic key of `demo_settings`.
    """
    now = Clock(clock)
    shares = {key: BOTH} if file_key is None else {key: CERTIFICATES, file_key: FILES}
    access = Access({system_id: shares}, clock=now, token_ttl=token_ttl)
    records = Records(province_key or synthetic_key(PROVINCE).public_key(), ISSUED)
    app = web.Application(client_max_size=LARGEST_BODY)
    app[PLATFORM] = records
    _Endpoints(access, records).install(app)
    control.install(app, records)

    def reset() -> None:
        access.reset()
        records.reset()

    Simulation(
        state=lambda: _snapshot(access, records),
        reset=reset,
        clock=now,
        kinds=kinds(access),
        hidden=frozenset({"key", "token", "accessToken"}),
        credential_header="G-I-Access-Token",
    ).install(app)
    return app


class _Endpoints:
    def __init__(self, access: Access, records: Records) -> None:
        self._access = access
        self._records = records

    def install(self, app: web.Application) -> None:
        app.router.add_get(LOGIN, self._guarded(self._login))
        app.router.add_get(VALIDATE, self._guarded(self._validate))
        app.router.add_post(f"{API}/log/requestResponseLog", self._guarded(self._log))
        app.router.add_post(f"{SHARES}/{{share}}", self._guarded(self._collect))

    def _guarded(self, answer: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                response: web.StreamResponse = await answer(request)
            except Refused as refusal:
                return result(refusal.code)
            return response

        return handle

    async def _login(self, request: web.Request) -> web.Response:
        token, share = self._access.login(request.query.get("systemId", ""), request.query.get("key", ""))
        here = str(request.url.with_query(None)).removesuffix(LOGIN)
        return result(1, {"token": token, "remoteAddr": f"{here}{SHARES}/{share}"})

    async def _validate(self, request: web.Request) -> web.Response:
        self._access.admit(*credentials(request))
        system_id, token = request.query.get("systemId"), request.query.get("token")
        if not system_id or not token:
            raise Refused(1000)
        return result(1, self._access.valid(system_id, token) is not None)

    async def _log(self, request: web.Request) -> web.Response:
        self._access.admit(*credentials(request))
        log = await _json(request)
        if any(not log.get(name) for name in LOG):
            raise Refused(1000)
        self._records.logs.append({name: log[name] for name in ("logId", "interfaceId")})
        return result(1, True)

    async def _collect(self, request: web.Request) -> web.Response:
        share = request.match_info["share"]
        self._access.admit(*credentials(request), share)
        if request.content_type == "text/xml":
            try:
                body = soap.parameters(await request.read())
            except ValueError:
                raise Refused(1000) from None
            reply = self._answer(share, body)
            return soap.answer(reply, reply["ReturnCode"])
        reply = self._answer(share, await _json(request))
        return json_answer(reply, reply["ReturnCode"])

    def _answer(self, share: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Where one address serves both interfaces, the request with `parameter` is about files."""
        files = share == FILES or (share == BOTH and "parameter" in body)
        return self._records.answer(body, files=files)


async def _json(request: web.Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise Refused(1000) from None
    if not isinstance(body, dict):
        raise Refused(1000)
    return body


def _snapshot(access: Access, records: Records) -> Mapping[str, Any]:
    counts = access.counts
    return {
        "logins": {"succeeded": counts["logins_succeeded"], "failed": counts["logins_failed"]},
        "dead_token_calls": counts["dead_token_calls"],
        "sent": dict(records.sent),
        "certificates": {guid: asdict(each) for guid, each in records.certificates.items()},
        "files": dict(records.files),
        "logs": list(records.logs),
    }
