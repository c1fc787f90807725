"""The simulated platform as an aiohttp application."""

import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from typing import Any

from aiohttp import BodyPartReader, web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.simulation import Clock, Handler, Simulation
from workers.gd_driving.simulator.checks import check, parsed
from workers.gd_driving.simulator.control import Control
from workers.gd_driving.simulator.demo import demo_certificates
from workers.gd_driving.simulator.faults import kinds
from workers.gd_driving.simulator.replies import FAILED, MALFORMED, MEANINGS, NO_SERVICE, OK, Refused, reply
from workers.gd_driving.simulator.signatures import Gatekeeper
from workers.gd_driving.simulator.state import Platform
from workers.gd_driving.simulator.tables import FILES, SERVICES

LARGEST_BODY = 64 * 1024 * 1024

Work = Callable[[web.Request], Awaitable[Any]]


def create_app(
    *, certificates: Mapping[str, RSAPublicKey] | None = None, clock: Callable[[], float] = time.time
) -> web.Application:
    """The platform with the certificates on file, by serial number in upper-case hex; else with the demo's.

    clock: seconds since the epoch, also for the Date header of its answers.
    """
    now = Clock(clock)
    platform = Platform(Gatekeeper(demo_certificates() if certificates is None else certificates, now))
    app = web.Application(client_max_size=LARGEST_BODY)
    for service in SERVICES:
        app.router.add_post(f"/{service}", _answering(now, _record(platform, service)))
    app.router.add_post("/imageup/{type}", _answering(now, _file(platform)))
    Control(platform, now).install(app)
    state = Simulation(
        state=platform.snapshot, reset=platform.reset, clock=now, kinds=kinds(), hidden={"sign", "logininfo"}
    )
    state.install(app)
    app.router.add_route("*", "/{anything:.*}", _answering(now, _nothing))
    return app


def _answering(now: Clock, work: Work) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            response = reply(OK, MEANINGS[OK], await work(request))
        except Refused as refusal:
            response = reply(refusal.code, refusal.message)
        response.headers["Date"] = formatdate(now(), usegmt=True)
        return response

    return handle


def _record(platform: Platform, service: str) -> Work:
    async def take(request: web.Request) -> None:
        body = await request.read()
        platform.gatekeeper.check(request.query, body)
        values = parsed(body)
        check(service, values, platform.file_type)
        platform.keep(service, values)

    return take


def _file(platform: Platform) -> Work:
    async def take(request: web.Request) -> dict[str, int]:
        kind = request.match_info["type"]
        name, content = await _part(request)
        platform.gatekeeper.check(request.query, content)
        if kind not in FILES:
            raise Refused(NO_SERVICE, "文件业务类型")
        return {"id": platform.store(kind, name, content)}

    return take


async def _part(request: web.Request) -> tuple[str, bytes]:
    """The one part `file` of the form, read in chunks: reading it whole is limited by the outermost application."""
    if not request.content_type.startswith("multipart/"):
        raise Refused(MALFORMED, "应为 multipart/form-data")
    form = await request.multipart()
    part = await form.next()
    if not isinstance(part, BodyPartReader) or part.name != "file":
        raise Refused(MALFORMED, "缺少 file")
    content = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        content += chunk
        if len(content) > LARGEST_BODY:
            raise Refused(FAILED, "文件过大")
    if await form.next() is not None:
        raise Refused(MALFORMED, "只能有一个 file")
    return part.filename or "", bytes(content)


async def _nothing(_request: web.Request) -> None:
    raise Refused(NO_SERVICE)
