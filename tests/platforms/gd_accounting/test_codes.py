"""Section 12, 返回码: the document's words for all fifteen, and what each becomes for an event."""

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from gateway.classify import by_code
from gateway.outcome import (
    Accepted,
    Answer,
    Category,
    Code,
    Dead,
    Ending,
    Paused,
    Rejected,
    Retry,
    Stopped,
    Unavailable,
)
from gateway.transport import NotSentError
from tests.platforms.gd_accounting.support import NAMES, PATHS, ask, body, call, connected, said, scripted, simulated
from workers.gd_accounting.codes import CODES, READINGS, TOKEN_REFUSED

# The document's table, line by line.
DOCUMENT = {
    "200": "调用成功",
    "500": "服务异常",
    "A0103": "用户未认证",
    "A0200": "用户登录异常",
    "A0201": "用户账户不存在",
    "A0210": "用户名/密码错误",
    "A0211": "用户输入密码错误次数超限",
    "A0311": "授权已过期",
    "A0415": "缺少必填的请求参数",
    "A0416": "请求参数校验失败",
    "A0419": "参数格式异常",
    "A0506": "用户重复请求",
    "C0508": "用户请求服务异常",
    "A0727": "该课程验证的通过时间超出开始时间和结束时间范围",
    "A0508": "系统数据接口已关闭",
}

BECOMES: dict[str, Ending] = {
    "200": Accepted("200", "调用成功"),
    "500": Unavailable("500", "服务异常", by_code=True),
    "A0103": Retry("A0103", "用户未认证"),
    "A0200": Retry("A0200", "用户登录异常"),
    "A0201": Stopped("A0201", "用户账户不存在"),
    "A0210": Stopped("A0210", "用户名/密码错误"),
    "A0211": Stopped("A0211", "用户输入密码错误次数超限"),
    "A0311": Retry("A0311", "授权已过期"),
    "A0415": Rejected("A0415", "缺少必填的请求参数"),
    "A0416": Rejected("A0416", "请求参数校验失败"),
    "A0419": Rejected("A0419", "参数格式异常"),
    "A0506": Accepted("A0506", "用户重复请求", duplicate=True),
    "C0508": Unavailable("C0508", "用户请求服务异常", by_code=True),
    "A0727": Rejected("A0727", "该课程验证的通过时间超出开始时间和结束时间范围"),
    "A0508": Paused("A0508", "系统数据接口已关闭"),
}

DURABLE = ["enrolment-register", "mobile-login-sync", "credit-sync"]


def test_the_table_has_the_fifteen_codes_in_the_documents_words() -> None:
    assert {code: known.meaning for code, known in CODES.items()} == DOCUMENT
    assert len(CODES) == 15


@pytest.mark.parametrize("reading", READINGS)
def test_each_reading_of_a_duplicate_changes_that_one_code_only(reading: str) -> None:
    table = READINGS[reading]
    assert {code: known.meaning for code, known in table.items()} == DOCUMENT
    assert {code for code in CODES if table[code] != CODES[code]} <= {"A0506"}


def test_the_three_codes_that_speak_of_the_callers_login_refuse_the_token() -> None:
    assert {"A0103", "A0200", "A0311"} == TOKEN_REFUSED


@pytest.mark.parametrize("code", DOCUMENT)
def test_a_listed_code_becomes_what_the_table_says(code: str) -> None:
    assert by_code(CODES, Answer(code)) == BECOMES[code]


@pytest.mark.parametrize("code", DOCUMENT)
def test_the_platforms_own_message_is_kept_where_it_gives_one(code: str) -> None:
    assert getattr(by_code(CODES, Answer(code, "因为：原因")), "message", None) == "因为：原因"


@pytest.mark.parametrize("code", ["", "0", "201", "A0000", "a0506", " 200", "None", "A0727 "])
@pytest.mark.parametrize("table", READINGS.values(), ids=list(READINGS))
def test_a_code_that_is_not_listed_is_for_an_operator(code: str, table: dict[str, Code]) -> None:
    assert by_code(table, Answer(code, "?", {"data": 1})) == Dead(code, "?", Category.UNKNOWN, {"data": 1})


@pytest.mark.parametrize("operation", DURABLE)
async def test_every_listed_code_arrives_as_its_ending_over_http(operation: str) -> None:
    async with simulated() as platform, connected(platform.url) as client:
        for code, expected in BECOMES.items():
            await platform.fault("code", PATHS[operation], times=None, code=code)
            ending = await ask(client, operation)
            await platform.control("reset")
            assert _told(ending) == _told(expected), code


@pytest.mark.parametrize(
    ("reading", "expected"),
    [("accepted", Accepted("A0506", "用户重复请求", duplicate=True)), ("retry", Retry("A0506", "用户重复请求"))],
)
async def test_a_repeated_request_is_read_as_the_setting_says(reading: str, expected: Ending) -> None:
    async with simulated() as platform, connected(platform.url, duplicate_request=reading) as client:
        for operation in ("enrolment-register", "credit-sync"):
            assert _told(await ask(client, operation)) == _told(Accepted("200", "调用成功"))
            assert await ask(client, operation) == expected


async def test_a_repeated_request_is_accepted_unless_set_otherwise() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await ask(client, "enrolment-register")
        assert await ask(client, "enrolment-register") == BECOMES["A0506"]


@pytest.mark.parametrize("operation", ["enrolment-check", "qrcode-get", "verification-query"])
async def test_a_question_answered_with_repeated_request_has_no_answer_and_is_asked_again(operation: str) -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await platform.fault("code", PATHS[operation], code="A0506")
        assert isinstance(await ask(client, operation), Retry)


async def test_a_repeated_cancellation_is_done_though_it_says_neither_true_nor_false() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await platform.fault("code", PATHS["enrolment-cancel"], code="A0506")
        assert await ask(client, "enrolment-cancel") == BECOMES["A0506"]


@pytest.mark.parametrize("operation", NAMES)
@pytest.mark.parametrize(("code", "msg"), [("B9999", "新的原因"), ("", "")])
async def test_a_code_that_is_not_listed_is_unknown_whatever_was_asked(operation: str, code: str, msg: str) -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await platform.fault("code", PATHS[operation], code=code, msg=msg, data={"some": "thing"})
        ending = await ask(client, operation)
    assert isinstance(ending, Dead)
    assert (ending.code, ending.category) == (code, Category.UNKNOWN)
    assert ending.message == (msg or "a code the manual does not list")
    assert ending.response == {"data": {"some": "thing"}}


async def test_a_closed_platform_pauses_the_account_whatever_was_asked() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await platform.fault("closed", times=None)
        for operation in NAMES:
            assert _told(await ask(client, operation)) == _told(BECOMES["A0508"])


async def test_a_status_written_as_a_number_is_the_code_of_the_same_digits() -> None:
    answers = [(said(200), BECOMES["200"]), (said(500, ""), BECOMES["500"])]
    for answer, expected in answers:
        async with scripted(enrolment_register=answer) as platform, connected(platform.url) as client:
            assert type(await ask(client, "enrolment-register")) is type(expected)


# --- what the HTTP status says before any code

HTML = b"<!DOCTYPE html><html><body>404</body></html>"
UNDESCRIBED = "an answer that the document does not describe"
LATER = "the platform asks to try later"
LOST = "no usable answer came from the platform"
BY_HTTP: list[tuple[web.Response, Ending]] = [
    (body(HTML, 404, "text/html"), Dead("http-404", UNDESCRIBED, Category.UNKNOWN)),
    (body(b'{"error":"no"}', 404), Dead("http-404", UNDESCRIBED, Category.UNKNOWN)),
    (body(b"", 302), Dead("http-302", UNDESCRIBED, Category.UNKNOWN)),
    (body(HTML, 401, "text/html"), Dead("http-401", UNDESCRIBED, Category.UNKNOWN)),
    (said("A0416", "no", status=400), Rejected("A0416", "no", response={"data": None})),
    (said("A0311", "old", status=401), Retry("A0311", "old")),
    (body(HTML, 500, "text/html"), Unavailable("http-500", LOST, lost=True)),
    (body(HTML, 502, "text/html"), Unavailable("http-502", LOST, lost=True)),
    (body(HTML, 503), Unavailable("http-503", LATER)),
    (body(HTML, 503, retry_after="7"), Unavailable("http-503", LATER, after=7.0)),
    (body(b"", 429, retry_after="120"), Unavailable("http-429", LATER, 120.0, throttled=True)),
]


@pytest.mark.parametrize(("answer", "expected"), BY_HTTP, ids=str)
async def test_an_http_status_other_than_200_is_read_before_the_body(answer: web.Response, expected: Ending) -> None:
    async with scripted(credit_sync=answer) as platform, connected(platform.url) as client:
        assert await ask(client, "credit-sync") == expected


@pytest.mark.parametrize("name", ["login-resolve", "mobile-login-sync"])
async def test_a_call_whose_connection_broke_is_one_call(name: str) -> None:
    async with simulated() as platform, connected(platform.url) as client:
        await platform.fault("drop", times=None)
        assert await ask(client, name) == Unavailable("connection-lost", LOST, lost=True)
        assert await platform.counts() == {PATHS[name]: 1}


async def test_a_platform_that_cannot_be_reached_got_nothing() -> None:
    async with connected(f"http://127.0.0.1:{unused_port()}") as client:
        with pytest.raises(NotSentError, match="connect-failed"):
            await call(client, "mobile-login-sync")
        assert await ask(client, "enrolment-check") == Unavailable("connect-failed", "the login did not get through")


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("enrolment-check", {"check": "true"}, Accepted("200", "ok", {"check": True})),
        ("enrolment-check", {"check": "false"}, Accepted("200", "ok", {"check": False})),
        ("enrolment-cancel", {"cancel": "true"}, Accepted("200", "ok")),
        ("enrolment-cancel", {"cancel": "false"}, Rejected("200", "data.cancel is false 取消失败: ok")),
        ("enrolment-register", {"anything": 1}, Accepted("200", "ok")),
        ("credit-sync", None, Accepted("200", "ok")),
        ("verification-query", 1, Accepted("200", "ok", {"verification": "verified", "data": "1"})),
    ],
)
async def test_an_answer_may_be_a_little_other_than_described(name: str, data: Any, expected: Ending) -> None:
    async with scripted(**{name: said(data=data)}) as platform, connected(platform.url) as client:
        assert await ask(client, name) == expected


def _told(ending: Ending) -> tuple[type[Ending], str | None, str, bool]:
    """What of an ending comes from the table."""
    return type(ending), ending.code, ending.message, getattr(ending, "duplicate", False)
