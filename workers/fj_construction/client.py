"""Calling the platform: its own interfaces, and behind remoteAddr the two that go to the ministry."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import aiohttp
import orjson
from aiohttp import ClientMiddlewareType
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway.classify import by_code
from gateway.outcome import Accepted, Answer, Category, Code, Dead, Ending, Paused, Unavailable, Verdict
from gateway.platform import Context
from gateway.token import LoginFailedError, TokenKeeper, no_token
from gateway.token_auth import token_auth
from gateway.transport import AnswerLostError, NotSentError, Reply, exchange, refused_by_http, session
from workers.fj_construction import grants
from workers.fj_construction.answers import Json, ministry, parsed, token_refused
from workers.fj_construction.codes import CODES, LOGIN_CODES
from workers.fj_construction.grants import CERTIFICATES, FILES, REMOTE, Grant
from workers.fj_construction.hours import BEIJING, Hours, seconds_until
from workers.fj_construction.qrcode import load_key
from workers.fj_construction.settings import Settings
from workers.fj_construction.soap import FaultError, envelope


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of the 应用支撑平台 itself."""

    title: str
    method: Literal["GET", "POST"]
    path: str
    codes: Mapping[str, Code]


LOGIN = Interface("获取接口地址和token", "GET", "/gaia-asp-gateway/api/token/getInterfaceTokenInfo", LOGIN_CODES)
VALIDATE = Interface("授权校验", "GET", "/gaia-asp-gateway/api/token/validateToken", CODES)
LOG = Interface("获取响应日志", "POST", "/gaia-asp-gateway/api/log/requestResponseLog", CODES)

Auth = Mapping[str, ClientMiddlewareType]


def _now() -> datetime:
    return datetime.now(BEIJING)


class Client:
    """Calls of one account. `auth` holds for each grant what puts it on a request; empty, only the login works."""

    def __init__(
        self,
        settings: Settings,
        http: aiohttp.ClientSession,
        auth: Auth,
        *,
        province_key: RSAPrivateKey | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.settings = settings
        self.province_key = province_key
        self._http = http
        self._auth = auth
        self._now = now
        self._hours = Hours.read(settings.allowed_hours) if settings.allowed_hours else None

    async def ask(self, interface: Interface, values: Mapping[str, Any]) -> Ending:
        """Call an interface of the platform once; an accepted answer carries the document's `data` as response.

        Raises NotSentError, AnswerLostError, LoginFailedError.
        """
        how: dict[str, Any] = {"params": values} if interface.method == "GET" else _json_body(values)
        if interface is not LOGIN:
            how["middlewares"] = (self._auth[CERTIFICATES],)
        url = self.settings.base_url.rstrip("/") + interface.path
        reply = await exchange(self._http, interface.method, url, **how)
        heard = self._heard(reply, interface.codes)
        return self._by_code(heard, reply, interface.codes) if isinstance(heard, Mapping) else heard

    async def collect(self, grant: str, body: Mapping[str, Any]) -> Json | Ending:
        """Send certificates once: the ministry's answer, or the ending of a call that did not get that far.

        Raises NotSentError, AnswerLostError, LoginFailedError.
        """
        how = self._carry(grant, body) | {"middlewares": (self._auth[grant],)}
        reply = await exchange(self._http, "POST", self._remote(grant), **how)
        heard = self._heard(reply, CODES)
        if not isinstance(heard, Mapping):
            return heard
        return ministry(heard) or self._unexpected(heard, reply)

    async def login(self) -> str:
        """获取接口地址和token, for every key of the account; the value holds all grants. Raises LoginFailedError."""
        found = {name: await self._grant(key.get_secret_value()) for name, key in grants.keys(self.settings).items()}
        return grants.pack(self.settings, found)

    async def _grant(self, key: str) -> Grant:
        try:
            ending = await self.ask(LOGIN, {"systemId": self.settings.system_id, "key": key})
        except (NotSentError, AnswerLostError) as error:
            raise LoginFailedError(Unavailable(error.code, "the login did not get through")) from error
        grant = grants.grant_in((ending.response or {}).get("data")) if isinstance(ending, Accepted) else None
        if grant is None:
            raise no_token(ending)
        return grant

    def _remote(self, grant: str) -> str:
        path = self.settings.certificate_file_path if grant == FILES else self.settings.certificate_path
        return f"{REMOTE}/{path.strip('/')}"

    def _carry(self, grant: str, body: Mapping[str, Any]) -> dict[str, Any]:
        settings = self.settings
        if settings.body_format == "json":
            return _json_body(body)
        method = settings.soap_certificate_file_method if grant == FILES else settings.soap_certificate_method
        headers = {"Content-Type": "text/xml;charset=UTF-8"}
        return {"data": envelope(method or "", body), "headers": headers}

    def _heard(self, reply: Reply, table: Mapping[str, Code]) -> Json | Ending:
        """The answer, empty where there is none to read, or the ending where it is a refusal of any kind."""
        try:
            answer = parsed(reply.body)
        except FaultError as fault:
            return _fault(fault)
        return self._refused(answer, table) or refused_by_http(reply) or answer

    def _refused(self, answer: Json, table: Mapping[str, Code]) -> Ending | None:
        """A refusal that the table lists, whatever the HTTP status says."""
        known = table.get(str(answer.get("code")))
        if known is None or known.verdict is Verdict.ACCEPTED:
            return None
        ending = by_code(table, _answer(answer))
        if isinstance(ending, Paused):
            return replace(ending, seconds=seconds_until(self._hours, self._now()))
        return ending

    def _by_code(self, answer: Json, reply: Reply, table: Mapping[str, Code]) -> Ending:
        if "code" not in answer:
            return _unreadable(reply)
        return by_code(table, _answer(answer))

    def _unexpected(self, answer: Json, reply: Reply) -> Ending:
        """An answer without ReturnCode: a code that is not listed, or a success that says nothing."""
        ending = self._by_code(answer, reply, CODES)
        return _unreadable(reply) if isinstance(ending, Accepted) else ending


@asynccontextmanager
async def connect(context: Context, now: Callable[[], datetime] = _now) -> AsyncIterator[Client]:
    """The client of an account that holds its lease: adopts the recorded token and keeps it up to date."""
    settings = _settings(context)
    async with _session(settings) as http:
        keeper = _keeper(context, settings, http, now)
        await keeper.adopt()
        auth = {
            name: token_auth(keeper, grants.authorize(settings, name), token_refused)
            for name in (CERTIFICATES, FILES)
        }
        key_file = settings.province_private_key_file
        key = load_key(key_file) if key_file else None
        try:
            yield Client(settings, http, auth, province_key=key, now=now)
        finally:
            await keeper.close()


async def log_in(context: Context) -> None:
    """Log in once and record the token; for who holds the account's lease. Raises LoginFailedError."""
    settings = _settings(context)
    async with _session(settings) as http:
        keeper = _keeper(context, settings, http, _now)
        try:
            await keeper.current()
        finally:
            await keeper.close()


def _settings(context: Context) -> Settings:
    settings = context.account.settings
    if not isinstance(settings, Settings):
        raise TypeError("these are not the settings of fj_construction")
    return settings


def _session(settings: Settings) -> aiohttp.ClientSession:
    address = settings.source_address
    return session(source_address=str(address) if address else None, timeout_seconds=settings.timeout_seconds)


def _keeper(
    context: Context, settings: Settings, http: aiohttp.ClientSession, now: Callable[[], datetime]
) -> TokenKeeper:
    return TokenKeeper(
        Client(settings, http, {}, now=now).login,
        grants.Fitting(context.tokens, settings),
        context.contest,
        sliding_seconds=settings.token_lifetime_seconds,
        on_login=context.on_login,
        on_state=context.on_token_state,
    )


def _json_body(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": aiohttp.BytesPayload(orjson.dumps(body), content_type="application/json;charset=UTF-8")}


def _fault(fault: FaultError) -> Ending:
    """Raises AnswerLostError where it is the server's own: that one may have acted on the request."""
    if fault.server:
        raise AnswerLostError("soap-fault")
    return Dead("soap-fault", str(fault) or "a SOAP fault", Category.UNKNOWN)


def _answer(answer: Json) -> Answer:
    message = answer.get("message")
    return Answer(str(answer["code"]), message if isinstance(message, str) else "", {"data": answer.get("data")})


def _unreadable(reply: Reply) -> Ending:
    if reply.status == 200:  # noqa: PLR2004 - HTTP's own OK
        raise AnswerLostError("unreadable-answer")
    return Dead(f"http-{reply.status}", "an answer that the document does not describe", Category.UNKNOWN)
