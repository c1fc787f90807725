"""The client: one token per institution (section 11), and answers that the document does not describe."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger import open_ledger
from gateway.outcome import Accepted, Ending, Paused, Rejected, Retry, Stopped, Unavailable
from gateway.platform import Context
from gateway.token import LoginFailedError, Token
from gateway.transport import AnswerLostError, NotSentError
from tests.platforms.gd_accounting.support import (
    CHECK,
    LOGIN,
    NAMES,
    PATHS,
    Simulator,
    Store,
    account,
    ask,
    body,
    call,
    connected,
    said,
    scripted,
    simulated,
)
from workers.gd_accounting import PLATFORM
from workers.gd_accounting.client import Client

TOKEN_CODES = ["A0103", "A0200", "A0311"]
ANONYMOUS = ["login-resolve", "mobile-login-sync"]
LOST = "no usable answer came from the platform"
HTML = b"<!DOCTYPE html><html><body>\xe7\xbb\xb4\xe6\x8a\xa4</body></html>"


async def fifty(client: Client) -> list[Ending]:
    return await asyncio.gather(*(ask(client, "enrolment-check", ticket=f"learner-{n}") for n in range(50)))


# --- one token, shared


async def test_the_token_of_one_login_serves_every_call_and_is_kept_for_the_next_process() -> None:
    store = Store()
    async with simulated() as platform:
        async with connected(platform.url, store) as client:
            endings = [await ask(client, "enrolment-check") for _ in range(3)]
            kept = store.token
        async with connected(platform.url, store) as client:
            endings.append(await ask(client, "enrolment-check"))
        assert all(isinstance(ending, Accepted) for ending in endings)
        assert await platform.counts() == {LOGIN: 1, CHECK: 4}
    assert kept is not None
    assert store.token is not None
    assert (store.token.value, store.token.generation) == (kept.value, 1)
    assert kept.used_at < store.token.used_at < time.time()


async def test_every_login_is_counted_with_what_came_of_it() -> None:
    results: list[str] = []
    async with simulated() as platform:
        context = Context(account(platform.url), Store(), on_login=results.append)
        async with PLATFORM.client(context) as client:
            await platform.fault("code", LOGIN, code="500")
            endings = [await ask(client, "enrolment-check") for _ in range(2)]
            await platform.fault("code", LOGIN, code="A0210")
            await platform.fault("kill-token")
            endings.append(await ask(client, "enrolment-check"))
    assert [type(ending) for ending in endings] == [Unavailable, Accepted, Stopped]
    assert results == ["failed", "ok", "stopped"]


async def test_a_ledger_hands_the_token_from_one_process_to_the_next(tmp_path: Path) -> None:
    async with simulated() as platform:
        for _ in range(2):
            async with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
                whose = account(platform.url)
                async with PLATFORM.client(Context(whose, ledger.tokens(whose))) as client:
                    assert isinstance(await ask(client, "enrolment-check"), Accepted)
        assert await platform.logins() == {"succeeded": 1, "failed": 0}


async def test_fifty_first_calls_make_one_login() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        assert all(isinstance(ending, Accepted) for ending in await fifty(client))
        assert await platform.counts() == {LOGIN: 1, CHECK: 50}


async def test_fifty_calls_with_a_token_that_has_expired_make_one_login() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await ask(client, "enrolment-check")
        await platform.control("clock", advance=1801)
        assert all(isinstance(ending, Accepted) for ending in await fifty(client))
        assert await platform.logins() == {"succeeded": 2, "failed": 0}
        assert await platform.counts() == {LOGIN: 2, CHECK: 101}


async def test_a_token_unused_for_almost_its_lifetime_is_renewed_before_it_is_tried() -> None:
    async with simulated() as platform:
        store = Store(Token("left by an earlier process", 7, time.time() - 1741))
        async with connected(platform.url, store) as client:
            assert isinstance(await ask(client, "enrolment-check"), Accepted)
        assert await platform.counts() == {LOGIN: 1, CHECK: 1}
    assert store.token is not None
    assert store.token.generation == 8


@pytest.mark.parametrize("code", TOKEN_CODES)
async def test_a_refused_token_costs_exactly_one_login_and_one_more_call(code: str) -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await ask(client, "enrolment-check")
        await platform.fault("code", CHECK, code=code)
        assert isinstance(await ask(client, "enrolment-check"), Accepted)
        assert await platform.counts() == {LOGIN: 2, CHECK: 3}
        before, refused, after = [call["token"] for call in await platform.calls() if call["path"] == CHECK]
        assert before == refused != after


@pytest.mark.parametrize("code", TOKEN_CODES)
async def test_a_token_refused_after_a_fresh_login_too_is_left_for_later(code: str) -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await ask(client, "enrolment-check")
        await platform.fault("code", CHECK, times=None, code=code)
        ending = await ask(client, "enrolment-check")
        assert isinstance(ending, Retry)
        assert ending.code == code
        assert await platform.counts() == {LOGIN: 2, CHECK: 3}


async def test_a_token_that_was_never_issued_is_replaced() -> None:
    async with simulated() as platform:
        store = Store(Token("never-issued", 3, time.time()))
        async with connected(platform.url, store) as client:
            assert isinstance(await ask(client, "enrolment-check"), Accepted)
        assert await platform.counts() == {LOGIN: 1, CHECK: 2}


async def test_another_system_that_logs_in_with_our_account_costs_one_login() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await ask(client, "enrolment-check")
        await platform.fault("kill-token")
        assert all(isinstance(ending, Accepted) for ending in await fifty(client))
        state = await platform.shows("state")
        assert (state["token_kills"], state["logins"]) == (1, {"succeeded": 2, "failed": 0})


@pytest.mark.parametrize("name", ANONYMOUS)
@pytest.mark.parametrize("code", TOKEN_CODES)
async def test_where_no_token_was_sent_none_is_renewed(name: str, code: str) -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await platform.fault("code", PATHS[name], code=code)
        assert not isinstance(await ask(client, name), Accepted)
        assert await platform.counts() == {PATHS[name]: 1}


# --- a login that fails


async def _stopped(platform: Simulator, client: Client, code: str) -> None:
    """Fifty callers and one that comes later are told the same, after one login and no business call."""
    endings = [*await fifty(client), await ask(client, "credit-sync")]
    assert {(type(ending), ending.code) for ending in endings} == {(Stopped, code)}
    assert await platform.counts() == {LOGIN: 1}
    assert await platform.logins() == {"succeeded": 0, "failed": 1}


@pytest.mark.parametrize(("key", "code"), [("secret", "A0210"), ("app_id", "A0201")])
async def test_a_wrong_secret_or_app_id_stops_the_account_after_one_try(key: str, code: str) -> None:
    wrong: dict[str, Any] = {key: "another"}
    async with simulated() as platform, connected(platform.url, **wrong) as client:
        await _stopped(platform, client, code)


async def test_a_locked_account_stops_also_with_the_right_secret() -> None:
    async with simulated(max_wrong_secrets=1) as platform:
        async with connected(platform.url, secret="wrong") as client:
            await ask(client, "enrolment-check")
        async with connected(platform.url) as client:
            endings = [*await fifty(client), await ask(client, "credit-sync")]
        assert {(type(ending), ending.code) for ending in endings} == {(Stopped, "A0211")}
        assert await platform.counts() == {LOGIN: 2}


async def test_a_secret_that_turns_wrong_while_the_account_runs_stops_it() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        assert isinstance(await ask(client, "enrolment-check"), Accepted)
        await platform.fault("code", LOGIN, times=None, code="A0210")
        await platform.fault("kill-token")
        assert {type(ending) for ending in await fifty(client)} == {Stopped}
        assert (await platform.counts())[LOGIN] == 2


LOGIN_FAULTS: list[tuple[dict[str, Any], Ending]] = [
    ({"kind": "code", "code": "500"}, Unavailable("500", "服务异常", by_code=True)),
    ({"kind": "code", "code": "A0311"}, Retry("A0311", "授权已过期")),
    ({"kind": "closed"}, Paused("A0508", "系统数据接口已关闭")),
    ({"kind": "html"}, Unavailable("unreadable-answer", "the login did not get through")),
    ({"kind": "drop"}, Unavailable("connection-lost", "the login did not get through")),
    ({"kind": "status", "status": 502}, Unavailable("http-502", "the login did not get through")),
    (
        {"kind": "status", "status": 503, "retry_after": 7},
        Unavailable("http-503", "the platform asks to try later", after=7.0),
    ),
    ({"kind": "code", "code": "B9999", "msg": "?"}, Stopped("B9999", "the login was refused: ?")),
    ({"kind": "code", "code": "A0416"}, Stopped("A0416", "the login was refused: 请求参数校验失败")),
    ({"kind": "code", "code": "200", "data": {}}, Stopped("200", "the login was refused: 调用成功")),
    ({"kind": "code", "code": "200", "data": {"token": ""}}, Stopped("200", "the login was refused: 调用成功")),
    ({"kind": "code", "code": "200", "data": {"token": 1}}, Stopped("200", "the login was refused: 调用成功")),
]


@pytest.mark.parametrize(("fault", "expected"), LOGIN_FAULTS, ids=str)
async def test_a_login_that_gives_no_token_is_read_like_any_other_answer(
    fault: dict[str, Any], expected: Ending
) -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await platform.control("faults", path=LOGIN, times=1, **fault)
        assert await ask(client, "enrolment-check") == expected
        assert await platform.counts() == {LOGIN: 1}
        if isinstance(expected, Stopped):
            assert await ask(client, "enrolment-check") == expected
            assert await platform.counts() == {LOGIN: 1}
        else:
            assert isinstance(await ask(client, "enrolment-check"), Accepted)
            assert await platform.counts() == {LOGIN: 2, CHECK: 1}


async def test_a_hanging_login_is_tried_again_later() -> None:
    async with simulated() as platform, connected(platform.url, timeout_seconds=1.0) as client:
        await platform.fault("hang", LOGIN)
        assert {(type(ending), ending.code) for ending in await fifty(client)} == {(Unavailable, "timeout")}
        assert await platform.counts() == {LOGIN: 1}
        assert isinstance(await ask(client, "enrolment-check"), Accepted)


@pytest.mark.parametrize("killed", [False, True])
async def test_a_hanging_login_leaves_no_doubt_that_the_event_itself_did_not_pass(killed: bool) -> None:
    async with simulated() as platform, connected(platform.url, timeout_seconds=0.5) as client:
        if killed:
            await ask(client, "enrolment-check")
            await platform.fault("kill-token")
        await platform.fault("hang", LOGIN)
        with pytest.raises((LoginFailedError, NotSentError)):
            await call(client, "enrolment-register")


# --- answers that the document does not describe

NO_ANSWERS = [HTML, b"", b"[]", b'"200"', b"null", b"200", b'{"msg":"ok"}', b'{"status":"200"', b"\xff{}"]
NO_DATA: dict[str, list[Any]] = {
    "enrolment-check": [None, {}, [], "true", {"check": None}, {"check": "yes"}, {"check": 1}, {"Check": True}],
    "enrolment-cancel": [None, {}, [], "true", {"cancel": None}, {"cancel": ""}, {"cancel": 0}, {"check": True}],
    "verification-query": [None, {}, [], "", "3", "verified", True, {"data": "1"}],
    "qrcode-get": [
        *(None, {}, [], "text", {"uuid": "u"}, {"imageBase64": "AA=="}),
        *({"imageBase64": 1, "uuid": "u"}, {"imageBase64": "AA==", "uuid": None}, {"imageBase64": "", "uuid": ""}),
    ],
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", NO_ANSWERS, ids=str)
async def test_a_200_that_says_nothing_is_a_lost_answer(name: str, content: bytes) -> None:
    async with scripted(**{name: body(content)}) as platform, connected(platform.url) as client:
        with pytest.raises(AnswerLostError, match="unreadable-answer"):
            await call(client, name)
        assert await ask(client, name) == Unavailable("unreadable-answer", LOST, lost=True)


@pytest.mark.parametrize(("name", "data"), [(name, data) for name, each in NO_DATA.items() for data in each])
async def test_success_without_the_data_that_was_asked_for_is_a_lost_answer(name: str, data: Any) -> None:
    async with scripted(**{name: said(data=data)}) as platform, connected(platform.url) as client:
        with pytest.raises(AnswerLostError, match="unreadable-answer"):
            await call(client, name)


async def test_success_without_a_learner_is_rejected() -> None:
    nothing: list[Any] = [None, {}, "", "bm8ganNvbg==", ["a"]]
    for data in nothing:
        async with scripted(login_resolve=said(data=data)) as platform, connected(platform.url) as client:
            ending = await ask(client, "login-resolve")
        assert (type(ending), ending.code) == (Rejected, "unreadable-data")


@pytest.mark.parametrize(
    ("fault", "code"), [("drop", "connection-lost"), ("drop-after", "connection-lost"), ("hang", "timeout")]
)
async def test_a_credit_whose_answer_was_lost_is_sent_again_and_accepted_once(fault: str, code: str) -> None:
    async with simulated() as platform, connected(platform.url, timeout_seconds=0.3) as client:
        await platform.fault(fault, PATHS["credit-sync"])
        assert await ask(client, "credit-sync") == Unavailable(code, LOST, lost=True)
        again = await ask(client, "credit-sync")
        assert isinstance(again, Accepted)
        assert again.duplicate is (fault == "drop-after")
        assert len((await platform.shows("state"))["credits"]) == 1
