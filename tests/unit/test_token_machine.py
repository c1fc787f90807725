"""The keeper of the token under any sequence of calls, refusals, failing logins and cancellations."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from gateway.outcome import Retry, Stopped
from gateway.token import LoginFailedError, Token, TokenKeeper
from tests.unit.wire import MemoryStore

ADOPTED = Token("adopted", 5, used_at=0.0)
FRESH_FOR = 90.0


class KeeperMachine(RuleBasedStateMachine):
    """The platform is a future that a rule resolves; a model beside it says what must come of every step."""

    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 0.0
        self.login: asyncio.Future[str] | None = None
        self.logins = 0
        self.stopped = False
        self.valid: Token | None = ADOPTED
        self.used_at = 0.0
        self.handed: list[Token] = []
        self.callers: list[asyncio.Task[Token]] = []
        self.store = MemoryStore(ADOPTED)
        self.keeper = TokenKeeper(
            self._log_in, self.store, sliding_seconds=100, margin_seconds=10, clock=lambda: self.now
        )
        self.loop.run_until_complete(self.keeper.adopt())

    async def _log_in(self) -> str:
        assert self.login is None, "a second login while one is under way"
        assert not self.stopped, "a login after the platform had refused the account"
        assert self.valid is None or self.now - self.used_at >= FRESH_FOR, "a login though the token is good"
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
        self.callers.append(self.loop.create_task(self.keeper.current()))
        self._settle()

    @precondition(lambda self: any(not caller.done() for caller in self.callers))
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from([caller for caller in self.callers if not caller.done()])).cancel()
        self._settle()

    @precondition(lambda self: any(caller.done() for caller in self.callers))
    @rule(target=tokens)
    def receive(self) -> Token:
        """What a caller got: the token that is valid, or the refusal of the login."""
        caller = next(caller for caller in self.callers if caller.done())
        self.callers.remove(caller)
        if caller.cancelled() or caller.exception() is not None:
            assert caller.cancelled() or isinstance(caller.exception(), LoginFailedError)
            return self.handed[-1] if self.handed else ADOPTED
        self.handed.append(caller.result())
        return caller.result()

    @precondition(lambda self: self.login is not None)
    @rule()
    def let_in(self) -> None:
        assert self.login is not None
        self.login.set_result(f"token {self.logins}")
        self._settle()
        token = self.store.token
        assert token is not None
        assert token.value == f"token {self.logins}"
        assert self.valid is None or token.generation > self.valid.generation
        self.valid, self.used_at = token, self.now

    @precondition(lambda self: self.login is not None)
    @rule(stops=st.booleans())
    def turn_away(self, stops: bool) -> None:
        assert self.login is not None
        ending = Stopped("A0210", "wrong") if stops else Retry("500", "busy")
        self.login.set_exception(LoginFailedError(ending))
        self._settle()
        self.stopped = self.stopped or stops

    @rule(token=tokens)
    def refuse(self, token: Token) -> None:
        self.keeper.refuse(token)
        if self.valid is not None and self.valid.generation == token.generation:
            self.valid = None

    @rule(token=consumes(tokens))
    def use(self, token: Token) -> None:
        self.keeper.used(token)
        if self.valid is not None and self.valid.generation == token.generation:
            self.used_at = self.now

    @rule(seconds=st.sampled_from([1.0, 89.0, 91.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def the_next_caller_gets_what_is_due(self) -> None:
        """The valid token at once, the standing refusal at once, or the login under way."""
        good = self.valid is not None and self.now - self.used_at < FRESH_FOR
        if not (self.stopped or good):
            return
        caller = self.loop.create_task(self.keeper.current())
        self._settle()
        assert caller.done()
        if self.stopped:
            assert isinstance(caller.exception(), LoginFailedError)
        else:
            assert caller.result() == self.valid

    @invariant()
    def generations_rise_with_every_token_handed_out(self) -> None:
        values = {token.generation: token.value for token in (ADOPTED, *self.handed)}
        assert len(set(values.values())) == len(values)

    def teardown(self) -> None:
        if self.login is not None:
            self.login.set_result("last")
        self.loop.run_until_complete(self.keeper.close())
        self._settle()
        assert all(caller.done() for caller in self.callers), "nobody waits for ever"
        for caller in self.callers:
            assert caller.cancelled() or caller.exception() is None or self.logins
        self.loop.close()


TestTokenKeeper = KeeperMachine.TestCase
TestTokenKeeper.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
