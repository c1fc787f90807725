"""A platform as the interface document describes it, which remembers every call and can have any mood."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from random import Random
from time import monotonic
from typing import Any, Literal

from tests.faults.oracle import http, numbered
from tests.faults.oracle.history import (
    ACCEPTED,
    DEAD_TOKEN,
    DUPLICATE,
    EXPIRY,
    LOGIN,
    REFUSED,
    UNLISTED,
    Call,
    Trouble,
)
from tests.faults.oracle.http import Connection, Request

APP_ID = "oracle"
SECRET = "synthetic-secret"
LOGIN_PATH = "/intf/login"
BUSY = "C0508"
Mood = Literal["well", "hang", "html", "garbage", "error", "busy", "limit", "drop"]
LoginTrap = Literal["before", "after"]


class Platform:
    """One institution's account at the platform. Answers take `thinking` seconds, from and to.

    `hold` keeps answers back until it is set, `login_trap` logins until their caller is gone, before or after a
    new token is made; `held` is then the address of whoever waits.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._tokens = 0
        self._begged: set[str] = set()
        self._done: set[str] = set()
        self._token: str | None = None
        self.calls: list[Call] = []
        self.troubles: list[Trouble] = []
        self.port = 0
        self.mood: Mood = "well"
        self.thinking = (0.001, 0.008)
        self.idle_seconds: float | None = None
        self.mended = False
        self.hold: asyncio.Event | None = None
        self.login_trap: LoginTrap | None = None
        self.held: str | None = None

    async def open(self) -> None:
        """Listen on loopback."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    def expire_token(self) -> None:
        """30 minutes pass."""
        self._token = None
        now = monotonic()
        self.troubles.append(Trouble(EXPIRY, None, now, now, lease=False))

    def _connect(self) -> Connection:
        return Connection(self._answer, lambda: self.idle_seconds)

    async def _answer(self, request: Request, connection: Connection) -> bytes | None:
        call = _read(request, connection.peer)
        self.calls.append(call)
        try:
            await asyncio.sleep(self._random.uniform(*self.thinking))
            handle = self._log_in if call.operation == LOGIN else self._work
            return await self._in_mood(call, request, connection, handle)
        finally:
            call.ended = min(monotonic(), connection.gone.result() if connection.gone.done() else monotonic())

    async def _in_mood(self, call: Call, request: Request, connection: Connection, handle: "Handle") -> bytes | None:
        """What goes back: the platform may do what it is asked and still not say so."""
        mood = self.mood
        if mood in {"busy", "limit"}:
            return self._later(call, mood)
        if mood == "well" or self._random.random() < 1 / 2:
            body = await handle(call, request, connection)
            if mood == "well":
                call.answer = str(body["status"])
                return http.answer(body)
        call.answer = mood
        return await self._rudely(mood, connection)

    def _later(self, call: Call, mood: Mood) -> bytes:
        status = 503 if mood == "busy" else 429
        call.answer = str(status)
        return http.answer("<html>later</html>", status, *(["Retry-After: 1"] if mood == "limit" else []))

    async def _rudely(self, mood: Mood, connection: Connection) -> bytes | None:
        match mood:
            case "hang":
                await connection.gone
                return None
            case "drop":
                return None
            case "html":
                return http.answer("<html><body>系统维护中</body></html>")
            case "garbage":
                return http.answer('{"status": "200", "msg"')
            case _:
                return http.answer("<html>error</html>", 500)

    async def _log_in(self, call: Call, request: Request, connection: Connection) -> dict[str, Any]:
        given = json.loads(request.body)
        if (given.get("appId"), given.get("secret")) != (APP_ID, SECRET):
            return _say("A0210", "用户名/密码错误")
        if self.login_trap == "before":
            await self._keep(connection)
        self._tokens += 1
        self._token = call.token = f"token-{self._tokens}-{self._random.randbytes(8).hex()}"
        call.executed = monotonic()
        if self.login_trap == "after":
            await self._keep(connection)
        return _say(ACCEPTED, "登录成功", {"token": self._token})

    async def _keep(self, connection: Connection) -> None:
        """Let a login wait until its caller is gone."""
        self.held = connection.peer
        await connection.gone

    async def _work(self, call: Call, request: Request, connection: Connection) -> dict[str, Any]:
        if call.token is None or call.token != self._token:
            return _say(self._random.choice(sorted(DEAD_TOKEN)), "用户未认证")
        said = self._judge(call, json.loads(request.body))
        if self.hold is not None:
            self.held = connection.peer
            await connection.unless_gone(self.hold)
        return said

    def _judge(self, call: Call, data: dict[str, Any]) -> dict[str, Any]:
        event = numbered.read(call.operation, data)
        if event.wish == "ask":
            return _say(ACCEPTED, "成功", {"check": True})
        if event.wish == "refuse" and not self.mended:
            return _say(REFUSED, "请求参数校验失败")
        if event.wish == "unlisted":
            return _say(UNLISTED, "未知")
        if event.wish == "busy-once" and event.id not in self._begged:
            self._begged.add(event.id)
            return _say(BUSY, "用户请求服务异常")
        return self._take(call, event.id)

    def _take(self, call: Call, content: str) -> dict[str, Any]:
        if content in self._done:
            return _say(DUPLICATE, "用户重复请求")
        self._done.add(content)
        call.executed = monotonic()
        return _say(ACCEPTED, "成功", {"cancel": True})


Handle = Callable[[Call, Request, Connection], Awaitable[dict[str, Any]]]


def _read(request: Request, peer: str) -> Call:
    began = monotonic()
    if request.path == LOGIN_PATH:
        return Call(peer, LOGIN, None, None, 0, None, began)
    operation = numbered.PATHS[request.path]
    event = numbered.read(operation, json.loads(request.body))
    token = request.authorization.removeprefix("Bearer ") or None
    return Call(peer, operation, event.id, event.lane, event.number, token, began)


def _say(status: str, message: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"status": status, "msg": message, "data": data}
