"""发布服务, section 3.3: the provincial gateway calls a service that we publish, and the call becomes an event."""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from time import time

import orjson
import structlog
from aiohttp import web

from gateway.account import Account
from gateway.errors import UnavailableError
from gateway.platform import Inbound
from schemas.gd_ecert.events import ServiceInvoked
from workers.gd_ecert.settings import Settings
from workers.gd_ecert.signature import BadSignatureError, IncompleteError, User, verify

log = structlog.get_logger()

REFUSED = 400001
"""code of a refusal; with its two texts it is a convention of backends here, not of the guide (facts A5)."""

LONGEST_TEXT = 12 * 1024 * 1024
"""Bytes of JSON: RabbitMQ 4 takes messages of 16 MiB, and control characters take six times their size."""

EVENT = "service-invoked"
INCOMPLETE = "鉴权参数不完整，请求不合法。"
BAD_SIGNATURE = "鉴权失败，鉴权信息有误。"


def routes(inbound: Inbound) -> Iterable[web.RouteDef]:
    """The 服务 URL to publish: `…/inbound/gd_ecert/<account>/<service>`."""

    async def invoke(request: web.Request) -> web.Response:
        return await _invoked(inbound, request, request.match_info["account"], request.match_info["service"])

    return [web.post("/inbound/gd_ecert/{account}/{service}", invoke)]


async def _invoked(inbound: Inbound, request: web.Request, name: str, service: str) -> web.Response:
    account = inbound.account(name)
    settings = account.settings
    if not isinstance(settings, Settings) or settings.paas_token is None:
        return _refuse(name, 503, "no paas_token is configured for this account 未配置鉴权信息")
    try:
        user = _verified(request, settings, settings.paas_token.get_secret_value())
    except IncompleteError:
        return _refuse(name, 401, INCOMPLETE)
    except BadSignatureError:
        return _refuse(name, 403, BAD_SIGNATURE)
    if service not in settings.inbound_services:
        return _refuse(name, 404, "this service is not accepted here 未配置该服务")
    return await _kept(inbound, request, account, settings, user)


async def _kept(
    inbound: Inbound, request: web.Request, account: Account, settings: Settings, user: User
) -> web.Response:
    """The answer, once the call is kept, whether the broker is there or not.

    The guide does not say that a call is repeated when we refuse it, so that happens only without the ledger. One
    that does come again, the very same, is no second event and answered like the first.
    """
    body = await _body(request, settings.body_limit)
    if body is None:
        return _refuse(account.name, 413, f"the body may have at most {settings.body_limit} bytes 请求包体超限")
    once = _once(request.headers[f"{settings.header_prefix}signature"], request.raw_path, body)
    event = _event(request, request.match_info["service"], user, body)
    try:
        await inbound.keep(account, EVENT, None, event, once)
    except UnavailableError as error:
        log.error("invocation.not_kept", account=account.name, reason=str(error))
        return _refuse(account.name, 503, "it cannot be kept now 暂时无法受理; try again")
    return web.json_response({"code": 0, "msg": "成功"})


def _once(signature: str, path: str, body: bytes) -> str:
    """What tells a call from others: its signature covers time, nonce and user, but neither address nor body."""
    return f"{signature.upper()} {path} {sha256(body).hexdigest()}"


def _verified(request: web.Request, settings: Settings, token: str) -> User:
    headers: dict[str, list[bytes]] = {}
    for name, value in request.raw_headers:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value)
    return verify(headers, settings.header_prefix, token, now=time(), empty_user=settings.empty_user)


async def _body(request: web.Request, limit: int) -> bytes | None:
    """The whole body, or None where it is larger; the server's own, lower limit is for other callers."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)


def _event(request: web.Request, service: str, user: User, body: bytes) -> ServiceInvoked:
    content, encoding = _as_text(body)
    content_type = next((value for name, value in request.raw_headers if name.lower() == b"content-type"), b"")
    return ServiceInvoked(
        service=service,
        uid=_opaque(user.uid),
        uinfo=_opaque(user.uinfo),
        ext=_opaque(user.ext),
        query=request.rel_url.raw_query_string,
        content_type=_opaque(content_type) or "",
        body=content,
        body_encoding="text" if encoding == "text" else "base64",
    )


def _opaque(value: bytes | None) -> str | None:
    """A header's bytes as text: UTF-8, and where they are none a character for each byte, so that none is lost."""
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _as_text(body: bytes) -> tuple[str, str]:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return b64encode(body).decode(), "base64"
    if "\0" in text or len(orjson.dumps(text)) > LONGEST_TEXT:
        return b64encode(body).decode(), "base64"
    return text, "text"


def _refuse(account: str, status: int, reason: str) -> web.Response:
    log.warning("invocation.refused", account=account, status=status)
    return web.json_response({"code": REFUSED, "msg": reason}, status=status)
