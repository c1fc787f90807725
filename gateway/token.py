"""One token per account, where a new login kills the old token.

The keeper is the only place that logs in, the middleware the only place that sees a token.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import time
from typing import Protocol, assert_never

import structlog
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse

from gateway.outcome import Accepted, Dead, Ending, Expired, Paused, Rejected, Retry, Stopped
from gateway.transport import answered

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the platform gave it. `generation` rises with every login, also across restarts."""

    value: str = field(repr=False)
    generation: int
    used_at: float


class LoginFailedError(Exception):
    """There is no token, and `ending` says what that means for the event that wanted to be sent."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(getattr(ending, "code", None))
        self.ending = ending


def no_token(ending: Ending) -> LoginFailedError:
    """What a login that gave no token means. Only what passes by itself is tried again: anything else
    stops the account, for a platform locks it after too many wrong logins."""
    match ending:
        case Retry() | Paused() | Stopped():
            return LoginFailedError(ending)
        case Accepted() | Rejected() | Dead() | Expired():
            return LoginFailedError(Stopped(ending.code, f"the login was refused: {ending.message}"))
        case unreachable:
            assert_never(unreachable)


class TokenStore(Protocol):
    """Where an account's token outlives the process."""

    async def load_token(self) -> Token | None:
        """The token last saved, or None."""

    async def save_token(self, token: Token) -> None:
        """Keep the token, unless one of a later generation is there already."""


CLOSE_SECONDS = 3.0
"""How long a login under way may still take when the account is given up."""

Login = Callable[[], Awaitable[str]]
"""Logs in once and returns the token's value; raises LoginFailedError."""


class TokenKeeper:
    """Hands out the account's token: one login at a time, shared by everybody who waits for it.

    `sliding_seconds` is how long the platform keeps a token that is not used; it is renewed
    `margin_seconds` before that, instead of being tried when it may be dead.
    A login that stops the account (a wrong password) is never tried a second time.
    """

    def __init__(
        self,
        login: Login,
        store: TokenStore,
        *,
        sliding_seconds: float,
        margin_seconds: float = 60.0,
        on_login: Callable[[str], None] = lambda result: None,
        clock: Callable[[], float] = time,
    ) -> None:
        self._login = login
        self._store = store
        self._fresh_for = sliding_seconds - margin_seconds
        self._on_login = on_login
        self._clock = clock
        self._token: Token | None = None
        self._used_at = 0.0
        self._generation = 0
        self._renewal: asyncio.Task[Token] | None = None
        self._stopped: LoginFailedError | None = None

    async def adopt(self) -> None:
        """Take over the token that an earlier process recorded. Call once, before the first request."""
        token = await self._store.load_token()
        if token is not None:
            self._token, self._used_at, self._generation = token, token.used_at, token.generation

    async def current(self) -> Token:
        """A token believed to be alive, logging in when there is none. Raises LoginFailedError."""
        renewed: Token | None = None
        while True:
            if self._stopped is not None:
                raise self._stopped
            if self._token is not None and (self._token is renewed or self._is_fresh()):
                return self._token
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._renew())
                self._renewal.add_done_callback(self._renewed)
            renewed = await asyncio.shield(self._renewal)  # and look again: it may have been refused meanwhile

    def used(self, token: Token) -> None:
        """The platform took a call with this token, which slides its expiry."""
        if self._token is not None and token.generation == self._token.generation:
            self._used_at = self._clock()

    def refuse(self, token: Token) -> None:
        """The platform refused this token. Only this one is given up, never a newer one."""
        if self._token is not None and token.generation == self._token.generation:
            self._token = None

    async def close(self) -> None:
        """Record when the token was last used, for whoever adopts it; wait for a login under way."""
        if self._renewal is not None:
            await asyncio.wait([self._renewal], timeout=CLOSE_SECONDS)
        if self._token is not None:
            await self._store.save_token(Token(self._token.value, self._token.generation, self._used_at))

    def _is_fresh(self) -> bool:
        return self._clock() - self._used_at < self._fresh_for

    async def _renew(self) -> Token:
        try:
            value = await self._login()
        except LoginFailedError as error:
            self._failed(error)
            raise
        self._generation += 1
        token = Token(value, self._generation, self._clock())
        self._token, self._used_at = token, token.used_at
        self._on_login("ok")
        log.info("token.renewed", generation=token.generation)
        await self._store.save_token(token)
        return token

    def _failed(self, error: LoginFailedError) -> None:
        code = getattr(error.ending, "code", None)
        if isinstance(error.ending, Stopped):
            self._stopped = error
        self._on_login("stopped" if self._stopped else "failed")
        log.warning("token.login_failed", code=code, stopped=self._stopped is not None)

    def _renewed(self, task: asyncio.Task[Token]) -> None:
        if self._renewal is task:
            self._renewal = None
        if not task.cancelled():
            task.exception()  # whoever waited has it; with nobody waiting it is logged already


def token_auth(
    keeper: TokenKeeper,
    apply: Callable[[ClientRequest, str], None],
    refused: Callable[[bytes], bool],
) -> ClientMiddlewareType:
    """A client middleware that puts the account's token on every request.

    An answer by which the platform refuses the token is not handed on: the call is made once more
    with a fresh token, and only that second answer counts.
    """

    async def send(request: ClientRequest, handler: ClientHandlerType) -> tuple[ClientResponse, bool]:
        token = await keeper.current()
        apply(request, token.value)
        response = await handler(request)
        if refused(await response.read()):
            keeper.refuse(token)
            return response, False
        keeper.used(token)
        return response, True

    async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        response, taken = await send(request, handler)
        if not taken:
            response.release()
            answered()
            response, _ = await send(request, handler)
        return response

    return middleware
