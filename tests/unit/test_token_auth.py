"""The token on the wire: keeper and middleware against a real server, where a new login kills the old token."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.account import AccountSettings
from gateway.contest import Contest
from gateway.outcome import Accepted, Category, Dead, Ending, Expired, Paused, Rejected, Retry, Stopped
from gateway.token import Clock, LoginFailedError, Token, TokenKeeper, no_token
from gateway.token_auth import token_auth
from gateway.transport import AnswerLostError, NotSentError, exchange, session
from tests.unit.wire import MemoryStore

TIMEOUT = 0.4


class Platform:
    """A server with one valid token; it remembers every request, and the bodies as they came."""

    def __init__(self) -> None:
        self.logins = 0
        self.valid: str | None = None
        self.refuses_all = False
        self.drops_repeats = False
        self.login_seconds = 0.0
        self.calls: list[tuple[str, bytes]] = []

    async def login(self, _: web.Request) -> web.Response:
        self.logins += 1
        await asyncio.sleep(self.login_seconds)
        self.valid = f"token-{self.logins}"
        return web.json_response({"token": self.valid})

    async def call(self, request: web.Request) -> web.Response:
        token = request.headers.get("Authorization", "")
        self.calls.append((token, await request.read()))
        if self.drops_repeats and len(self.calls) > 1:
            assert request.transport is not None
            request.transport.close()
        if token != f"Bearer {self.valid}" or self.refuses_all:
            return web.json_response({"status": "A0311"})
        return web.json_response({"status": "200", "data": "x" * 100_000})

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes([web.post("/login", self.login), web.route("*", "/call", self.call)])
        return app


class Bench:
    """An account's session as a platform's client makes it."""

    def __init__(self, platform: Platform, plain: aiohttp.ClientSession, base: str) -> None:
        self.platform = platform
        self.url = f"{base}/call"
        self._plain = plain
        self._login_url = f"{base}/login"
        self.store = MemoryStore()
        self.now = 0.0
        contest = Contest(AccountSettings())
        clock = Clock(lambda: self.now, lambda: self.now)
        self.keeper = TokenKeeper(self.login, self.store, contest, sliding_seconds=1000, clock=clock)
        auth = token_auth(self.keeper, self._apply, lambda body: b"A0311" in body)
        self.http = session(source_address=None, timeout_seconds=TIMEOUT, middlewares=(auth,))

    async def login(self) -> str:
        value: str = (await exchange(self._plain, "POST", self._login_url)).json["token"]
        return value

    def _apply(self, request: aiohttp.ClientRequest, token: str) -> None:
        request.headers["Authorization"] = f"Bearer {token}"

    async def call(self, method: str = "POST", **request: Any) -> str:
        reply = await exchange(self.http, method, self.url, **request)
        return str(reply.json["status"])


@pytest.fixture
async def platform() -> Platform:
    return Platform()


@pytest.fixture
async def bench(platform: Platform) -> AsyncIterator[Bench]:
    async with (
        TestServer(platform.app()) as server,
        session(source_address=None, timeout_seconds=5) as plain,
    ):
        made = Bench(platform, plain, str(server.make_url("")).rstrip("/"))
        async with made.http:
            yield made
        await made.keeper.close()


async def test_every_request_carries_the_token_and_one_login_serves_all(bench: Bench) -> None:
    assert await asyncio.gather(*(bench.call() for _ in range(30))) == ["200"] * 30
    assert bench.platform.logins == 1
    assert {token for token, _ in bench.platform.calls} == {"Bearer token-1"}
    assert len(bench.platform.calls) == 30


async def test_the_answer_is_handed_on_whole(bench: Bench) -> None:
    reply = await exchange(bench.http, "POST", bench.url)
    assert reply.json == {"status": "200", "data": "x" * 100_000}


@pytest.mark.parametrize(
    "request_",
    [
        {"data": orjson.dumps({"ticket": "学员"}), "headers": {"Content-Type": "application/json"}},
        {"data": {"ticket": "学员", "year": "2022"}},
        {"json": {"ticket": "学员"}},
        {"data": b""},
    ],
    ids=["bytes", "form", "json", "empty"],
)
async def test_a_refused_token_is_replaced_once_and_the_same_request_is_sent_again(
    bench: Bench, request_: dict[str, Any]
) -> None:
    await bench.call()
    bench.platform.valid = "somebody else's"
    bench.platform.calls.clear()
    assert await bench.call(**request_) == "200"
    (first, body), (second, again) = bench.platform.calls
    assert (first, second, bench.platform.logins) == ("Bearer token-1", "Bearer token-2", 2)
    assert body == again


async def test_a_file_is_sent_again_whole(bench: Bench) -> None:
    await bench.call()
    bench.platform.valid = "somebody else's"
    bench.platform.calls.clear()
    form = aiohttp.FormData()
    form.add_field("file", b"\xff\xd8" + b"x" * 200_000, filename="photo.jpg")
    assert await bench.call(data=form) == "200"
    (_, body), (_, again) = bench.platform.calls
    assert body == again
    assert len(again) > 200_000


async def test_a_second_refusal_is_the_answer_and_there_is_no_third_call(bench: Bench) -> None:
    bench.platform.refuses_all = True
    assert await bench.call() == "A0311"
    assert (len(bench.platform.calls), bench.platform.logins) == (2, 2)


async def test_many_calls_refused_at_once_log_in_once(bench: Bench) -> None:
    await bench.call()
    bench.platform.valid = "somebody else's"
    bench.platform.calls.clear()
    assert await asyncio.gather(*(bench.call() for _ in range(20))) == ["200"] * 20
    assert bench.platform.logins == 2
    assert len(bench.platform.calls) <= 40


async def test_a_late_refusal_of_the_old_token_does_not_cost_a_login(bench: Bench) -> None:
    await bench.call()
    old = await bench.keeper.current()
    bench.platform.valid = "somebody else's"
    await bench.call()
    bench.keeper.refuse(old)
    assert await bench.call() == "200"
    assert bench.platform.logins == 2


async def test_every_call_keeps_the_token_alive_and_without_calls_it_is_renewed(bench: Bench) -> None:
    for _ in range(5):
        await bench.call()
        bench.now += 900
    assert bench.platform.logins == 1
    bench.now += 900
    assert await bench.call() == "200"
    assert bench.platform.logins == 2


async def test_the_recorded_token_is_used_by_the_next_process(bench: Bench) -> None:
    bench.platform.valid = "recorded"
    bench.store.token = Token("recorded", 3, used_at=0.0)
    await bench.keeper.adopt()
    assert await bench.call() == "200"
    assert bench.platform.logins == 0


async def test_a_refused_login_reaches_the_caller_and_nothing_is_sent(bench: Bench) -> None:
    async def refused() -> str:
        raise LoginFailedError(Stopped("A0210", "wrong password"))

    bench.keeper._login = refused
    for _ in range(2):
        with pytest.raises(LoginFailedError) as caught:
            await bench.call()
        assert caught.value.ending == Stopped("A0210", "wrong password")
    assert bench.platform.calls == []


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_an_answer_lost_after_a_fresh_login_is_lost_and_not_asked_for_again(bench: Bench, method: str) -> None:
    await bench.call()
    bench.platform.valid = "somebody else's"
    bench.platform.calls.clear()
    bench.platform.drops_repeats = True
    with pytest.raises(AnswerLostError):
        await bench.call(method)
    assert len(bench.platform.calls) == 2


async def test_a_call_whose_time_is_used_up_by_the_login_was_not_sent(bench: Bench) -> None:
    """Judged as lost it would be dead as `uncertain` where it must not be repeated, and nothing is uncertain."""
    bench.platform.login_seconds = TIMEOUT * 2
    with pytest.raises((NotSentError, LoginFailedError)):
        await bench.call()
    assert bench.platform.calls == []


async def test_a_call_whose_time_is_used_up_by_the_login_after_a_refusal_was_not_sent_either(bench: Bench) -> None:
    """The first request was answered: the platform refused it and has done nothing."""
    await bench.call()
    bench.platform.valid = "somebody else's"
    bench.platform.calls.clear()
    bench.platform.login_seconds = TIMEOUT * 2
    with pytest.raises(NotSentError):
        await bench.call()
    assert len(bench.platform.calls) == 1


async def test_a_login_that_outlasts_its_caller_serves_the_next_one(bench: Bench) -> None:
    bench.platform.login_seconds = TIMEOUT * 1.25
    with pytest.raises((NotSentError, AnswerLostError, LoginFailedError)):  # which one, the test above says
        await bench.call()
    assert await bench.call() == "200"
    assert bench.platform.logins == 1


@pytest.mark.parametrize(
    ("ending", "meaning"),
    [
        (Retry("500", "busy"), Retry("500", "busy")),
        (Paused("A0508", "closed"), Paused("A0508", "closed")),
        (Stopped("A0210", "wrong"), Stopped("A0210", "wrong")),
        (Accepted("200", "no token in it"), Stopped("200", "the login was refused: no token in it")),
        (Rejected("A0415", "no"), Stopped("A0415", "the login was refused: no")),
        (Dead("X", "?", Category.UNKNOWN), Stopped("X", "the login was refused: ?")),
        (Expired("late", "l"), Stopped("late", "the login was refused: l")),
    ],
)
def test_only_what_passes_by_itself_leads_to_another_login(ending: Ending, meaning: Ending) -> None:
    assert no_token(ending).ending == meaning


def test_neither_token_nor_failed_login_show_what_they_carry() -> None:
    assert "s3cret" not in repr(Token("s3cret", 1, 0.0))
    assert str(LoginFailedError(Stopped("A0210", "message"))) == "A0210"
