"""A keeper with everything around it, and a clock that only tests move."""

import asyncio
from typing import Any

from gateway.account import AccountSettings
from gateway.contest import Contest
from gateway.outcome import Retry, Stopped
from gateway.token import Clock, LoginFailedError, Token, TokenKeeper
from tests.unit.wire import MemoryStore

EPOCH = 1_772_000_000.0
"""What the wall clock shows at 0 of the monotonic one, until somebody sets it."""

WRONG_PASSWORD = LoginFailedError(Stopped("A0210", "用户名/密码错误"))
BUSY = LoginFailedError(Retry("500", "服务异常"))


class Platform:
    """Logs in when it is allowed to; answers in the order of `answers`, then with tokens of its own."""

    def __init__(self) -> None:
        self.logins = 0
        self.under_way = 0
        self.most = 0
        self.answers: list[str | Exception] = []
        self.open = asyncio.Event()
        self.open.set()

    async def login(self) -> str:
        self.logins += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        answer = self.answers.pop(0) if self.answers else f"token {self.logins}"
        try:
            await self.open.wait()
        finally:
            self.under_way -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer


class Bench:
    """A keeper; tokens live 150 s unused, and are renewed a minute before that. `limits`: of forced logins."""

    def __init__(self, recorded: Token | None = None, **limits: Any) -> None:
        self.now = 1000.0
        self.wall_is_off = 0.0
        self.platform = Platform()
        self.store = MemoryStore(recorded)
        self.told: list[str] = []
        self.states: list[str] = []
        self.contest = Contest(AccountSettings(**limits))
        self.keeper = self.another_keeper()

    @property
    def wall(self) -> float:
        return EPOCH + self.now + self.wall_is_off

    def another_keeper(self) -> TokenKeeper:
        """As under the next lease, in the same process."""
        return TokenKeeper(
            self.platform.login,
            self.store,
            self.contest,
            sliding_seconds=150,
            on_login=self.told.append,
            on_state=self.states.append,
            clock=Clock(lambda: self.now, lambda: self.wall),
        )

    def start(self) -> asyncio.Task[Token]:
        return asyncio.create_task(self.keeper.current())

    async def die(self) -> None:
        """The current token is refused as soon as it is used, logging in for one where there is none."""
        self.keeper.refuse(await self.keeper.current())


def recorded(unused: float, generation: int = 7) -> Token:
    """A token that an earlier process left, not used for so many seconds when the bench begins."""
    return Token("recorded", generation, used_at=EPOCH + 1000.0 - unused)


async def step() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
