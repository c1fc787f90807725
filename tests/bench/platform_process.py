"""The platform of the bench, in a process of its own: `python -m tests.bench.platform_process`.

It says its two ports on standard output, the platform's and the one to control it by, and ends with its input.
See tests.bench.platform for whoever starts it.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from time import time

import orjson
import uvloop

from tests.bench.http import Connection, Request

LOGIN = b"/intf/login"
QR_CODE = b"/intf/org/getQRCode"
OK, TOKEN_EXPIRED = "200", "A0311"
KINDS = ("calls", "answers", "refusals", "logins", "expiries", "turned_away", "cut_off")
"""What is counted, each with its time, in Unix seconds. `answers` do not refuse a token; `turned_away` are
connections that were closed as soon as they were opened, `cut_off` calls that were never answered."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`code`: what answers say; `expire_every`: calls between two expiries of a token, on average."""

    delay_seconds: float = 0.0
    code: str = OK
    expire_every: float | None = None
    seed: str = ""


@dataclass
class Platform:
    """All accounts of the platform. A token is judged when the answer is given, so that late ones are refused."""

    behaviour: Behaviour = Behaviour()
    down: bool = False
    callers: "set[Caller]" = field(default_factory=set)
    tokens: dict[str, bytes] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    _random: Random = field(default_factory=Random)
    _calls_to_expiry: float = float("inf")

    def behave(self, behaviour: Behaviour) -> None:
        """From now on like this."""
        self.behaviour = behaviour
        self._random = Random(behaviour.seed)
        self._draw()

    def forget(self) -> None:
        """Begin to count anew; tokens stay."""
        for found in self.times.values():
            found.clear()

    def go_down(self) -> None:
        """Drop everybody; who comes from now on is dropped at once."""
        self.down = True
        for caller in self.callers:
            if caller.busy:
                self.note("cut_off")
            caller.cut()

    def log_in(self, body: bytes) -> bytes:
        """A fresh token; the one before it dies."""
        app_id = str(orjson.loads(body)["appId"])
        token = f"{app_id}.{len(self.times['logins'])}.{time():.6f}"
        self.tokens[app_id] = token.encode()
        self.note("logins")
        return _said(OK, {"token": token})

    def judge(self, request: Request) -> bytes:
        """The answer to a call."""
        token = request.authorization.removeprefix(b"Bearer ")
        app_id = token.partition(b".")[0].decode()
        self._maybe_expire(app_id)
        if self.tokens.get(app_id) != token:
            self.note("refusals")
            return _said(TOKEN_EXPIRED, None)
        self.note("answers")
        picture = {"imageBase64": "aW1hZ2U=", "uuid": "5f0c7c1e9d3b4a7f8e2d6b1a0c9f8e7d", "validaty": 120}
        return _said(self.behaviour.code, picture if request.path == QR_CODE else None)

    def note(self, kind: str) -> None:
        """It happened now."""
        self.times[kind].append(time())

    def _maybe_expire(self, app_id: str) -> None:
        self._calls_to_expiry -= 1
        if self._calls_to_expiry <= 0 and app_id in self.tokens:
            del self.tokens[app_id]
            self.note("expiries")
            self._draw()

    def _draw(self) -> None:
        mean = self.behaviour.expire_every
        self._calls_to_expiry = float("inf") if mean is None else self._random.expovariate(1 / mean)


def _said(code: str, data: object) -> bytes:
    return orjson.dumps({"status": code, "msg": "ok" if code == OK else code, "data": data})


class Caller(Connection):
    """A gateway's connection."""

    def __init__(self, platform: Platform) -> None:
        super().__init__()
        self._platform = platform

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        super().connection_made(transport)
        if self._platform.down:
            self._platform.note("turned_away")
            self.cut()
        self._platform.callers.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """See asyncio.Protocol."""
        super().connection_lost(error)
        self._platform.callers.discard(self)

    def asked(self, request: Request) -> None:
        """Answer when the time for it has come. A login costs no time."""
        if self._platform.down:
            return
        if request.path == LOGIN:
            self.reply(self._platform.log_in(request.body))
            return
        self._platform.note("calls")
        if delay := self._platform.behaviour.delay_seconds:
            asyncio.get_running_loop().call_later(delay, self._answer, request)
        else:
            self._answer(request)

    def _answer(self, request: Request) -> None:
        if self.open:
            self.reply(self._platform.judge(request))


class Control(Connection):
    """Whoever tells the platform how to behave."""

    def __init__(self, platform: Platform) -> None:
        super().__init__()
        self._platform = platform

    def asked(self, request: Request) -> None:
        """Do it, and answer with what there is to know."""
        self.reply(orjson.dumps(COMMANDS[request.path](self._platform, orjson.loads(request.body or b"null"))))


Command = Callable[[Platform, object], object]


def _behave(platform: Platform, wanted: object) -> None:
    assert isinstance(wanted, dict)
    platform.behave(replace(platform.behaviour, **wanted))


def _up(platform: Platform, _: object) -> None:
    platform.down = False


COMMANDS: dict[bytes, Command] = {
    b"/control/behave": _behave,
    b"/control/down": lambda platform, _: platform.go_down(),
    b"/control/up": _up,
    b"/control/forget": lambda platform, _: platform.forget(),
    b"/control/counts": lambda platform, _: {kind: len(found) for kind, found in platform.times.items()},
    b"/control/times": lambda platform, kind: platform.times[str(kind)],
    b"/control/tokens": lambda platform, _: len(platform.tokens),
}


async def serve() -> None:
    """Until the input ends."""
    loop, platform = asyncio.get_running_loop(), Platform()
    servers = [
        await loop.create_server(lambda: Caller(platform), "127.0.0.1", 0, backlog=4096),
        await loop.create_server(lambda: Control(platform), "127.0.0.1", 0),
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    sys.stdout.write(f"{ports[0]} {ports[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve())
