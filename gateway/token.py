"""One token per account, where a new login kills the old token. The keeper is the only place that logs in."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from time import monotonic, time
from typing import Literal, Protocol, assert_never, get_args

import structlog

from gateway.contest import Contest
from gateway.errors import UnavailableError
from gateway.outcome import Accepted, Contested, Dead, Ending, Expired, Paused, Rejected, Retry, Stopped

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Token:
    """What one login gave. Generations rise, also across processes; `used_at` is Unix seconds, for the next one."""

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
    """Where an account's token outlives the process. Each of these raises UnavailableError when it cannot."""

    async def load_token(self) -> Token | None:
        """The token last saved; None when there is none, or when a login was begun since: it is dead then."""

    async def reserve(self) -> int:
        """Note that a login begins, and return the generation of its token: one more than any before."""

    async def save_token(self, token: Token) -> None:
        """Keep the token, unless a later generation has been reserved or saved."""


CLOSE_SECONDS = 3.0
"""How long a login under way may still take when the account is given up."""

MARGIN_SECONDS = 60.0
"""So long before its sliding expiry a token is renewed, instead of being tried when it may be dead."""

RECORD_AGAIN_SECONDS = 1.0
"""How often a token is offered to a store that is down."""

TokenState = Literal["held", "renewing", "none", "stopped", "contested"]
TOKEN_STATES: tuple[TokenState, ...] = get_args(TokenState)

Login = Callable[[], Awaitable[str]]
"""Logs in once and returns the token's value; raises LoginFailedError."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds: of this process, where nobody can set them, and of the wall, for what another process reads."""

    monotonic: Callable[[], float] = monotonic
    wall: Callable[[], float] = time


class TokenKeeper:
    """Hands out the account's token: one login at a time, shared by everybody who waits for it.

    `sliding_seconds` is how long the platform keeps a token that is not used.
    No login is made that the store has not noted before, so that no process takes a dead token for a good one;
    nor one that the contest forbids; nor a second one after the platform refused the account (a wrong password).
    """

    def __init__(
        self,
        login: Login,
        store: TokenStore,
        contest: Contest,
        *,
        sliding_seconds: float,
        on_login: Callable[[str], None] = lambda result: None,
        on_state: Callable[[TokenState], None] = lambda state: None,
        clock: Clock = Clock(),
    ) -> None:
        self._login = login
        self._store = store
        self._contest = contest
        self._fresh_for = sliding_seconds - MARGIN_SECONDS
        self._on_login = on_login
        self._on_state = on_state
        self._clock = clock
        self._token: Token | None = None
        self._since = self._used_at = 0.0
        self._forced = False
        self._stopped: Stopped | None = None
        self._renewal: asyncio.Task[Token] | None = None
        self._recording: asyncio.Task[None] | None = None
        self.state: TokenState = "none"
        on_state(self.state)

    async def adopt(self) -> None:
        """Take over the token that an earlier process recorded. Call once, before the first request."""
        token = await self._store.load_token()
        if token is not None:
            self._hold(token, unused=max(0.0, self._clock.wall() - token.used_at))

    async def current(self) -> Token:
        """A token believed to be alive, logging in when there is none.

        Raises LoginFailedError, and UnavailableError when the store is down and a login would be needed.
        """
        renewed: Token | None = None
        while True:
            if self._token is not None and (self._token is renewed or self._is_fresh()):
                return self._token
            if self._renewal is None or self._renewal.done():
                self._check_allowed()
                self._renewal = asyncio.create_task(self._renew())
                self._renewal.add_done_callback(self._renewed)
            renewed = await asyncio.shield(self._renewal)  # and look again: it may have been refused meanwhile

    def used(self, token: Token) -> None:
        """The platform took a call with this token, which slides its expiry."""
        if self._holds(token):
            self._used_at = self._clock.monotonic()

    def refuse(self, token: Token) -> None:
        """The platform refused this token. Only this one is given up, never a newer one."""
        if not self._holds(token):
            return
        self._token = None
        contested = self._is_fresh() and self._died_early()
        self._enter("contested" if contested else "none")
        log.warning("token.refused", generation=token.generation, contested=contested)

    async def close(self) -> None:
        """Record when the token was last used, for whoever adopts it; wait for a login under way."""
        if self._renewal is not None:
            await asyncio.wait([self._renewal], timeout=CLOSE_SECONDS)
        await self._stop_recording()
        if self._token is not None:
            await self._recorded(self._token)
        self._enter("none")

    def _hold(self, token: Token, unused: float = 0.0) -> None:
        self._token = token
        self._since = self._used_at = self._clock.monotonic() - unused
        self._enter("held")

    def _holds(self, token: Token) -> bool:
        return token == self._token

    def _is_fresh(self) -> bool:
        return self._clock.monotonic() - self._used_at < self._fresh_for

    def _died_early(self) -> bool:
        """The token should have been alive, so the next login is a forced one; True when the account is contested."""
        self._forced = True
        now = self._clock.monotonic()
        return self._contest.refused(now, now - self._since)

    def _check_allowed(self) -> None:
        forbidden = self._stopped or self._contest.forbids(self._clock.monotonic())
        if isinstance(forbidden, Contested):
            self._enter("contested")
        if forbidden is not None:
            raise LoginFailedError(forbidden)

    async def _renew(self) -> Token:
        self._token = None
        self._enter("renewing")
        await self._stop_recording()
        generation = await self._store.reserve()
        try:
            value = await self._login()
        except LoginFailedError as error:
            self._failed(error.ending)
            raise
        token = Token(value, generation, self._clock.wall())
        self._hold(token)
        self._count()
        self._recording = asyncio.create_task(self._record(token))
        return token

    def _count(self) -> None:
        log.info("token.renewed", forced=self._forced)
        self._on_login("ok")
        if self._forced:
            self._contest.logged_in(self._clock.monotonic())
        self._forced = False

    def _failed(self, ending: Ending) -> None:
        if isinstance(ending, Stopped):
            self._stopped = ending
            self._enter("stopped")
        self._on_login("stopped" if self._stopped else "failed")
        log.warning("token.login_failed", code=getattr(ending, "code", None), stopped=self._stopped is not None)

    def _renewed(self, task: asyncio.Task[Token]) -> None:
        if self._renewal is task:
            self._renewal = None
            if self.state == "renewing":
                self._enter("none")
        if not task.cancelled():
            task.exception()  # whoever waited has it; with nobody waiting it is logged already

    async def _record(self, token: Token) -> None:
        """Until it is done: the store may be down just now, and this is the only token that is valid."""
        while self._holds(token):
            if await self._recorded(token):
                return
            await asyncio.sleep(RECORD_AGAIN_SECONDS)

    async def _recorded(self, token: Token) -> bool:
        unused = self._clock.monotonic() - self._used_at
        try:
            await self._store.save_token(replace(token, used_at=self._clock.wall() - unused))
        except UnavailableError as error:
            log.warning("token.unrecorded", generation=token.generation, reason=str(error))
            return False
        return True

    async def _stop_recording(self) -> None:
        if self._recording is not None:
            self._recording.cancel()
            await asyncio.wait([self._recording])

    def _enter(self, state: TokenState) -> None:
        if state != self.state:
            self.state = state
            self._on_state(state)
