"""The keeper of the token under any sequence of calls, thefts, expiries, failures, crashes and clocks set wrong."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway import token as module
from gateway.account import AccountSettings
from gateway.contest import Contest
from gateway.ledger import LedgerError
from gateway.outcome import Contested, Retry, Stopped
from gateway.token import Clock, LoginFailedError, Token, TokenKeeper, TokenState
from tests.unit.token_bench import EPOCH
from tests.unit.wire import MemoryStore

BUDGET, WINDOW, PAUSE, SHARE = 2, 100.0, 60.0, 50.0
LIMITS = AccountSettings(forced_logins=BUDGET, forced_logins_seconds=WINDOW, contested_seconds=PAUSE)
SLIDING, FRESH_FOR = 150.0, 90.0

which = st.integers(0, 3)


class Platform:
    """Takes one token, until a login, another system, or the time since its last call kills it."""

    def __init__(self) -> None:
        self.valid: str | None = None
        self.used_at = 0.0

    def issue(self, value: str, now: float) -> None:
        self.valid, self.used_at = value, now

    def takes(self, value: str, now: float) -> bool:
        if value != self.valid or now - self.used_at > SLIDING:
            return False
        self.used_at = now
        return True


class KeeperMachine(RuleBasedStateMachine):
    """A login is a future that a rule resolves; a model beside the keeper says what must come of every step.

    `good` and what `_log_in` asserts are the promises; the store's failures, thefts and crashes try to break them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.usual = module.RECORD_AGAIN_SECONDS, module.CLOSE_SECONDS
        module.RECORD_AGAIN_SECONDS = module.CLOSE_SECONDS = 0.0
        self.loop = asyncio.new_event_loop()
        self.now = self.wall_is_off = 0.0
        self.platform = Platform()
        self.store = MemoryStore()
        self.logins = 0
        self.stopped = False
        self.earlier: list[TokenKeeper] = []
        self.late_login: asyncio.Future[str] | None = None
        self.generation = 0
        self._begin_process()

    def _begin_process(self) -> None:
        """What a process knows of itself, and what it finds in the store."""
        self.contest = Contest(LIMITS)
        self.forced: list[float] = []
        self.contested_at: float | None = None
        self.on_trial = self.refusing = False
        self._begin_lease()

    def _begin_lease(self) -> None:
        self.login: asyncio.Future[str] | None = None
        self.pending = False
        self.waiting: list[asyncio.Task[Token]] = []
        self.keeper = TokenKeeper(
            self._log_in,
            self.store,
            self.contest,
            sliding_seconds=SLIDING,
            on_state=self._state_begins,
            clock=Clock(lambda: self.now, lambda: EPOCH + self.now + self.wall_is_off),
        )
        self.loop.run_until_complete(self.keeper.adopt())
        self.held = self.store.token
        age = 0.0 if self.held is None else max(0.0, EPOCH + self.now + self.wall_is_off - self.held.used_at)
        self.since = self.used_at = self.now - age
        self.known = [self.held] if self.held else []

    # --- the promises

    @property
    def good(self) -> bool:
        """Whether there is a token that can be handed out without a login."""
        return self.held is not None and self.now - self.used_at < FRESH_FOR

    async def _log_in(self) -> str:
        assert self.login is None, "a second login while one is under way"
        assert not self.stopped, "a login after the platform had refused the account"
        assert not self.good, "a login though the token is good"
        assert self.store.up, "a login that the store could not note"
        assert self.store.token is None, "a login of which the next process would not know"
        assert self.store.generation > self.generation, "a login without a generation of its own"
        assert self.contested_at is None or self.now >= self.contested_at + PAUSE, "a login while contested"
        self.generation = self.store.generation
        self.held = None
        self.logins += 1
        self.login = self.loop.create_future()
        return await self.login

    def _state_begins(self, state: TokenState) -> None:
        if state != "contested":
            return
        if not self.refusing:  # told again, by a keeper or a dead token that comes in the middle of it
            assert self.contest.forbids(self.now), "contested for nothing"
            return
        recent = [at for at in self.forced if at > self.now - WINDOW]
        assert len(recent) == BUDGET or (self.on_trial and self.now - self.since < SHARE), "contested for nothing"
        self.contested_at, self.on_trial = self.now, True

    def _settle(self) -> None:
        async def rest() -> None:
            for _ in range(12):
                await asyncio.sleep(0)

        self.loop.run_until_complete(rest())

    # --- whoever wants to call

    @rule()
    def ask(self) -> None:
        """The token at once, or at once why there is none, or a place among those who wait for the login."""
        under_way, forbidden = self.login, self.contest.forbids(self.now)
        caller = self.loop.create_task(self.keeper.current())
        self._settle()
        if self.good:
            assert caller.result() == self.held
        elif under_way is not None:
            self.waiting.append(caller)
        elif self.stopped or forbidden:
            error = caller.exception()
            assert isinstance(error, LoginFailedError)
            assert isinstance(error.ending, Stopped if self.stopped else Contested)
        elif not self.store.up:
            assert isinstance(caller.exception(), LedgerError)
            self.held = None
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

    @precondition(lambda self: self.known)
    @rule(age=which)
    def call(self, age: int) -> None:
        """With the latest token, or with an older one, of which the refusal comes late."""
        token = self.known[-1 - age % len(self.known)]
        if self.platform.takes(token.value, self.now):
            self.keeper.used(token)
            if token == self.held:
                self.used_at = self.now
        else:
            self._refuse(token)

    def _refuse(self, token: Token) -> None:
        if token == self.held:
            self.pending = self.pending or self.good
            self.held = None
        self.refusing = self.contest.forbids(self.now) is None
        self.keeper.refuse(token)
        self.refusing = False

    # --- the platform

    @precondition(lambda self: self.login is not None)
    @rule()
    def let_in(self) -> None:
        assert self.login is not None
        value = f"token {self.logins}"
        self.platform.issue(value, self.now)
        self.login.set_result(value)
        self.login = None
        self._settle()
        self.held = Token(value, self.generation, EPOCH + self.now + self.wall_is_off)
        self.since = self.used_at = self.now
        self.known.append(self.held)
        assert [caller.result() for caller in self.waiting] == [self.held] * len(self.waiting)
        self.waiting.clear()
        if self.pending:
            self.forced.append(self.now)
            self.pending = False
        assert sum(at > self.now - WINDOW for at in self.forced) <= BUDGET, "more forced logins than the budget"

    @precondition(lambda self: self.login is not None)
    @rule(how=st.sampled_from(["busy", "busy", "lost", "lost", "wrong password"]))
    def turn_away(self, how: str) -> None:
        """`lost`: the platform has let us in, but its answer did not arrive."""
        assert self.login is not None
        if how == "lost":
            self.platform.issue("never seen", self.now)
        self.stopped = how == "wrong password"
        self.login.set_exception(LoginFailedError(Stopped("A0210", how) if self.stopped else Retry("500", how)))
        self.login = None
        self._settle()
        assert all(isinstance(caller.exception(), LoginFailedError) for caller in self.waiting)
        self.waiting.clear()

    @rule(by_another_system=st.booleans())
    def kill(self, by_another_system: bool) -> None:
        """What was valid dies: somebody else logs in, or the platform forgets it."""
        self.platform.issue("the rival's" if by_another_system else "", self.now)

    # --- what takes several steps, as it usually goes

    @rule()
    def work(self) -> None:
        """A call with whatever token there is, or can be had."""
        self.ask()
        self._end_login()
        if self.held is not None:
            self.call(0)

    @rule(times=st.integers(1, BUDGET + 1), seconds=st.sampled_from([0.0, 20.0, 55.0]))
    def rivalry(self, times: int, seconds: float) -> None:
        """Another system that logs in again so long after every call of ours."""
        for _ in range(times):
            self.work()
            self.now += seconds
            self.kill(by_another_system=True)
        self.call(0) if self.known else None
        self.ask()

    # --- everything else

    @rule(seconds=st.sampled_from([1.0, 30.0, 60.0, 95.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(seconds=st.sampled_from([-5000.0, 5000.0]))
    def set_the_clock(self, seconds: float) -> None:
        self.wall_is_off += seconds

    @rule(up=st.sampled_from([True, True, False]))
    def the_store(self, up: bool) -> None:
        self.store.up = up
        self._settle()

    @precondition(lambda self: self.store.up and not self.stopped)
    @rule(how=st.sampled_from(["lease", "crash", "late"]))
    def the_next(self, how: str) -> None:
        """A lease of the same process, which remembers the contest; or a process, the one before having been
        killed, or believing for a while that it is still in charge."""
        if how == "lease":
            self._end_login()
            self.loop.run_until_complete(self.keeper.close())
            self._begin_lease()
            return
        if how == "crash":
            self._cancel_all()
        else:
            self.earlier.append(self.keeper)
            self.late_login = self.login or self.late_login
        self._begin_process()

    @precondition(lambda self: self.late_login or self.earlier)
    @rule()
    def an_earlier_process_goes_on(self) -> None:
        """Its login is answered, or it ends."""
        with self._nothing_newer_is_replaced():
            if self.late_login is None:
                self.loop.run_until_complete(self.earlier.pop().close())
            elif not self.late_login.done():
                self.platform.issue("late", self.now)
                self.late_login.set_result("late")
                self._settle()
        self.late_login = None

    @contextmanager
    def _nothing_newer_is_replaced(self) -> Iterator[None]:
        token, generation = self.store.token, self.store.generation
        yield
        assert self.store.generation == generation
        if token is not None and self.store.token is not None:
            assert self.store.token.value == token.value

    @invariant()
    def somebody_who_asks_now_gets_what_is_due(self) -> None:
        if self.stopped or self.good or self.contest.forbids(self.now):
            self.ask()

    @invariant()
    def the_token_is_recorded_as_soon_as_it_can_be(self) -> None:
        self._settle()
        if self.held is not None and self.store.up and self.held.generation == self.store.generation:
            assert self.store.token is not None
            assert self.store.token.value == self.held.value

    def teardown(self) -> None:
        try:
            self._end()
        finally:
            self._cancel_all()
            self.loop.close()
            module.RECORD_AGAIN_SECONDS, module.CLOSE_SECONDS = self.usual

    def _cancel_all(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self._settle()
        self.late_login = None
        self.earlier.clear()

    def _end_login(self) -> None:
        if self.login is not None:
            self.let_in()

    def _end(self) -> None:
        self._end_login()
        if not self.stopped:
            self._left_alone_the_account_recovers()
        self.loop.run_until_complete(self.keeper.close())
        assert all(caller.done() for caller in self.waiting), "nobody waits for ever"

    def _left_alone_the_account_recovers(self) -> None:
        self.the_store(up=True)
        self.now += WINDOW + PAUSE
        logins = self.logins
        for _ in range(2):
            self.work()
        assert self.keeper.state == "held"
        assert self.good
        assert self.logins - logins <= 1
        for age in range(1, len(self.known)):
            self.call(age)
        assert self.good, "an older token's refusal has killed the new one"
        self.ask()


TestTokenKeeper = KeeperMachine.TestCase
TestTokenKeeper.settings = settings(max_examples=80, stateful_step_count=30)
