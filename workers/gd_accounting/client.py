"""Calling the platform: addresses, content type, token, and reading `{status, msg, data}`."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import aiohttp
import orjson
from aiohttp import ClientRequest

from gateway.classify import by_code
from gateway.outcome import Accepted, Answer, Category, Code, Dead, Ending, Unavailable
from gateway.platform import Context
from gateway.token import LoginFailedError, TokenKeeper, no_token
from gateway.token_auth import token_auth
from gateway.transport import AnswerLostError, NotSentError, Reply, exchange, refused_by_http, session
from schemas.fields import two_places_text
from workers.gd_accounting.codes import READINGS, TOKEN_REFUSED
from workers.gd_accounting.settings import Settings


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of the document. `login`: whether it wants the token; `codes`: what means something else here."""

    section: str
    title: str
    method: Literal["GET", "POST"]
    path: str
    login: bool = True
    codes: Mapping[str, Code] = field(default_factory=dict)


LOGIN = Interface("11", "获取token", "POST", "/intf/login", login=False)


class Client:
    """Calls of one account. `http` puts the token on, `anonymous` does not."""

    def __init__(self, settings: Settings, http: aiohttp.ClientSession, anonymous: aiohttp.ClientSession) -> None:
        self.settings = settings
        self._http = http
        self._anonymous = anonymous

    async def ask(self, interface: Interface, parameters: Mapping[str, Any]) -> Ending:
        """Call once; an accepted answer carries the document's `data` as response, under that name.

        Raises NotSentError, AnswerLostError, LoginFailedError.
        """
        http = self._http if interface.login else self._anonymous
        url = self.settings.base_url.rstrip("/") + interface.path
        reply = await exchange(http, interface.method, url, **self._carry(interface, parameters))
        return refused_by_http(reply) or self._read(interface, reply)

    async def login(self) -> str:
        """获取token接口, section 11. Raises LoginFailedError."""
        secret = self.settings.secret.get_secret_value()
        try:
            ending = await self.ask(LOGIN, {"appId": self.settings.app_id, "secret": secret})
        except (NotSentError, AnswerLostError) as error:
            raise LoginFailedError(Unavailable(error.code, "the login did not get through")) from error
        data = (ending.response or {}).get("data") if isinstance(ending, Accepted) else None
        token = data.get("token") if isinstance(data, dict) else None
        if not isinstance(token, str) or not token:
            raise no_token(ending)
        return token

    def _carry(self, interface: Interface, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if interface.method == "GET":
            return {"params": {name: _text(value) for name, value in parameters.items()}}
        if self.settings.content_type == "form":
            return {"data": {name: _text(value) for name, value in parameters.items()}}
        body = orjson.dumps(parameters, default=_exact)
        return {"data": aiohttp.BytesPayload(body, content_type="application/json;charset=UTF-8")}

    def _read(self, interface: Interface, reply: Reply) -> Ending:
        body = reply.json
        if not isinstance(body, dict) or "status" not in body:
            if reply.status == 200:  # noqa: PLR2004 - HTTP's own OK
                raise AnswerLostError("unreadable-answer")
            return Dead(f"http-{reply.status}", "an answer that the document does not describe", Category.UNKNOWN)
        message = body.get("msg")
        answer = Answer(str(body["status"]), message if isinstance(message, str) else "", {"data": body.get("data")})
        table = READINGS[self.settings.duplicate_request]
        return by_code({**table, **interface.codes} if interface.codes else table, answer)


@asynccontextmanager
async def anonymous_client(settings: Settings) -> AsyncIterator[Client]:
    """A client for the interfaces that want no login (无需登录)."""
    async with _session(settings) as http:
        yield Client(settings, http, http)


@asynccontextmanager
async def connect(context: Context) -> AsyncIterator[Client]:
    """The client of an account that holds its lease: adopts the recorded token and keeps it up to date."""
    settings = _settings(context)
    async with _session(settings) as plain:
        keeper = _keeper(context, settings, plain)
        await keeper.adopt()
        try:
            auth = token_auth(keeper, _authorize(settings.authorization), token_refused)
            async with _session(settings, middlewares=(auth,)) as http:
                yield Client(settings, http, plain)
        finally:
            await keeper.close()


async def log_in(context: Context) -> None:
    """Log in once and record the token; for who holds the account's lease. Raises LoginFailedError."""
    settings = _settings(context)
    async with _session(settings) as plain:
        keeper = _keeper(context, settings, plain)
        try:
            await keeper.current()
        finally:
            await keeper.close()


def _settings(context: Context) -> Settings:
    settings = context.account.settings
    if not isinstance(settings, Settings):
        raise TypeError("these are not the settings of gd_accounting")
    return settings


def _keeper(context: Context, settings: Settings, plain: aiohttp.ClientSession) -> TokenKeeper:
    return TokenKeeper(
        Client(settings, plain, plain).login,
        context.tokens,
        context.contest,
        sliding_seconds=settings.token_lifetime_seconds,
        on_login=context.on_login,
        on_state=context.on_token_state,
    )


def token_refused(body: bytes) -> bool:
    """Whether an answer refuses the token it was asked with."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(answer, dict) and str(answer.get("status")) in TOKEN_REFUSED


def _authorize(template: str) -> Callable[[ClientRequest, str], None]:
    def apply(request: ClientRequest, token: str) -> None:
        request.headers["Authorization"] = template.replace("{token}", token)

    return apply


def _session(settings: Settings, **options: Any) -> aiohttp.ClientSession:
    address = settings.source_address
    return session(
        source_address=str(address) if address else None, timeout_seconds=settings.timeout_seconds, **options
    )


def _text(value: object) -> str:
    return two_places_text(value) if isinstance(value, Decimal) else str(value)


def _exact(value: object) -> orjson.Fragment:
    """A credit as the number it is, with two decimals, and never by way of a float."""
    if isinstance(value, Decimal):
        return orjson.Fragment(two_places_text(value))
    raise TypeError(type(value).__name__)
