"""The keeper of the token under any sequence of calls, refusals, failing logins and cancellations."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.outcome import Retry, Stopped
from gateway.token import LoginFailedError, Token, TokenKeeper
from tests.unit.wire import MemoryStore

ADOPTED = Token("adopted", 5, used_at=0.0)
FRESH_FOR = 90.0

which = st.integers(0, 3)


class KeeperMachine(RuleBasedStateMachine):
    """The platform is a future that a rule resolves; a model beside it says what must come of every step."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 0.0
        self.login: asyncio.Future[str] | None = None
        self.logins = 0
        self.stopped = False
        self.valid: Token | None = ADOPTED
        self.used_at = 0.0
        self.known = [ADOPTED]
        self.waiting: list[asyncio.Task[Token]] = []
        self.store = MemoryStore(ADOPTED)
        self.keeper = TokenKeeper(
            self._log_in, self.store, sliding_seconds=100, margin_seconds=10, clock=lambda: self.now
        )
        self.loop.run_until_complete(self.keeper.adopt())

    @property
    def good(self) -> bool:
        """Whether there is a token that can be handed out without a login."""
        return self.valid is not None and self.now - self.used_at < FRESH_FOR

    async def _log_in(self) -> str:
        assert self.login is None, "a second login while one is under way"
        assert not self.stopped, "a login after the platform had refused the account"
        assert not self.good, "a login though the token is good"
        self.logins += 1
        self.login = self.loop.create_future()
        try:
            return await self.login
        finally:
            self.login = None

    def _settle(self) -> None:
        async def rest() -> None:
            for _ in range(8):
                await asyncio.sleep(0)

        self.loop.run_until_complete(rest())

    @rule()
    def ask(self) -> None:
        """The token at once, the standing refusal at once, or a place among those who wait for the login."""
        caller = self.loop.create_task(self.keeper.current())
        self._settle()
        assert caller.done() == (self.stopped or self.good)
        if self.stopped:
            assert isinstance(caller.exception(), LoginFailedError)
        elif self.good:
            assert caller.result() == self.valid
        else:
            assert self.login is not None
            self.waiting.append(caller)

    @precondition(lambda self: self.waiting)
    @rule(number=which)
    def leave(self, number: int) -> None:
        """Whoever does not wait any longer takes neither the login nor the others along."""
        caller = self.waiting.pop(number % len(self.waiting))
        caller.cancel()
        self._settle()
        assert caller.cancelled()
        assert self.login is not None

    @precondition(lambda self: self.login is not None)
    @rule()
    def let_in(self) -> None:
        assert self.login is not None
        self.login.set_result(f"token {self.logins}")
        self._settle()
        token = self.store.token
        assert token is not None
        assert token.value == f"token {self.logins}"
        assert token.generation > self.known[-1].generation
        assert [caller.result() for caller in self.waiting] == [token] * len(self.waiting)
        self.valid, self.used_at = token, self.now
        self.known.append(token)
        self.waiting.clear()

    @precondition(lambda self: self.login is not None)
    @rule(stops=st.sampled_from([False, False, False, True]))
    def turn_away(self, stops: bool) -> None:
        assert self.login is not None
        ending = Stopped("A0210", "wrong") if stops else Retry("500", "busy")
        self.login.set_exception(LoginFailedError(ending))
        self._settle()
        assert all(isinstance(caller.exception(), LoginFailedError) for caller in self.waiting)
        self.stopped = stops
        self.waiting.clear()

    @rule(age=which)
    def refuse(self, age: int) -> None:
        """The latest token, or an older one of which the refusal comes late."""
        token = self.known[-1 - age % len(self.known)]
        self.keeper.refuse(token)
        if self.valid == token:
            self.valid = None

    @rule(age=which)
    def use(self, age: int) -> None:
        token = self.known[-1 - age % len(self.known)]
        self.keeper.used(token)
        if self.valid == token:
            self.used_at = self.now

    @rule(seconds=st.sampled_from([1.0, 60.0, 95.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def somebody_who_asks_now_gets_what_is_due(self) -> None:
        if self.stopped or self.good:
            self.ask()

    def teardown(self) -> None:
        if self.login is not None:
            self.login.set_result("last")
        self.loop.run_until_complete(self.keeper.close())
        self._settle()
        assert all(caller.done() for caller in self.waiting), "nobody waits for ever"
        self.loop.close()


TestTokenKeeper = KeeperMachine.TestCase
TestTokenKeeper.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
