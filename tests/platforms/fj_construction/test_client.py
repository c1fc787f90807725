"""Token and remoteAddr, return codes, answers that cannot be read, and the platform's own two interfaces."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError
from yarl import URL

from gateway.account import Account, AccountSettings
from gateway.outcome import Accepted, Category, Dead, Ending, Paused, Rejected, Retry, Stopped, Unavailable
from gateway.platform import Context
from gateway.token import LoginFailedError, Token
from tests.platforms.fj_construction.document import (
    FILE_SAMPLE,
    LOG_SAMPLE,
    certificate,
    files,
    read,
    submission,
    without,
)
from tests.platforms.fj_construction.house import (
    KEY,
    LOGIN,
    SYSTEM,
    Disk,
    Tokens,
    answering,
    client_at,
    house,
    raw,
    settings,
)
from workers.fj_construction import PLATFORM, grants
from workers.fj_construction.client import connect, log_in
from workers.fj_construction.codes import CODES, LOGIN_CODES, RETURN_CODES
from workers.fj_construction.grants import Grant, remote
from workers.fj_construction.hours import BEIJING
from workers.fj_construction.operations import OPERATIONS
from workers.fj_construction.simulator import demo_settings
from workers.fj_construction.simulator.demo import ISSUED

# 返回值定义 ResultCode状态码, as printed.
DOCUMENTED = {
    "1": "操作成功",
    "1000": "非法请求参数, 获取token失败",
    "1202": "该秘钥与系统不匹配,获取token失败",
    "1205": "无效token",
    "1200": "没有接口访问权限",
    "1210": "不在接口访问白名单内",
    "1211": "在接口访问黑名单内",
    "1212": "服务已失效",
    "1213": "接口已停止",
    "1214": "不在允许访问时间段内",
}
STOPS = ["1200", "1210", "1211", "1212", "1213"]
COLLECT = "/share/"


async def ask(client: Any, operation: str, data: dict[str, Any]) -> Ending:
    return await OPERATIONS[operation].call(client, read(operation, data), Disk().steps())


# --- the code tables


def test_every_code_of_the_document_is_in_the_table_with_its_wording() -> None:
    assert {code: known.meaning for code, known in CODES.items()} == DOCUMENTED
    assert {code: known.meaning for code, known in LOGIN_CODES.items()} == DOCUMENTED
    assert {code: known.meaning for code, known in RETURN_CODES.items()} == {
        "1": "上传成功",
        "0": "上传失败",
        "2": "上传成功有预警",
    }


@pytest.mark.parametrize("code", [*STOPS, "1202"])
async def test_a_code_against_the_account_stops_it_with_the_reason(code: str) -> None:
    async with house() as here:
        await here.fault("code", code=int(code), path=COLLECT)
        assert await here.submit() == Stopped(code, DOCUMENTED[code])


@pytest.mark.parametrize("status", [200, 401, 403, 500, 503])
@pytest.mark.parametrize("code", [1210, "1210"])
async def test_the_body_decides_whatever_the_http_status(status: int, code: object) -> None:
    async with raw(answering({"code": code, "message": "m", "data": None}, status=status)) as client:
        assert await ask(client, "certificate-submit", submission("1")) == Stopped("1210", "m")


@pytest.mark.parametrize("code", ["1000", "1202", *STOPS])
async def test_a_login_that_is_refused_stops_the_account_and_is_not_tried_again(code: str) -> None:
    async with house() as here:
        await here.fault("code", code=int(code), path="getInterfaceTokenInfo")
        for _ in range(3):
            ending = await here.submit()
            assert isinstance(ending, Stopped)
            assert ending.code == code
            assert DOCUMENTED[code] in ending.message
        assert len(await here.calls("/token/")) == 1
        assert await here.calls() == []


async def test_wrong_credentials_stop_the_account() -> None:
    async with house(key="wrong") as here:
        assert await here.submit() == Stopped("1202", DOCUMENTED["1202"])
    async with house(system_id="nobody") as here:
        assert await here.submit() == Stopped("1000", DOCUMENTED["1000"])


async def test_illegal_parameters_beyond_the_login_are_the_events_fault() -> None:
    async with house() as here:
        await here.fault("code", code=1000, path="requestResponseLog")
        assert await here.call("response-log-report", LOG_SAMPLE) == Rejected(
            "1000", DOCUMENTED["1000"], response={"data": None}
        )


@pytest.mark.parametrize("code", [7, 9999, "X1"])
async def test_a_code_that_is_not_listed_is_for_an_operator(code: object) -> None:
    async with raw(answering({"code": code, "message": "新", "data": None})) as client:
        for operation, data in (
            ("certificate-submit", submission("1")),
            ("certificate-file-submit", files()),
            ("token-validate", {}),
            ("response-log-report", LOG_SAMPLE),
        ):
            ending = await ask(client, operation, data)
            assert isinstance(ending, Dead)
            assert (ending.code, ending.message, ending.category) == (str(code), "新", Category.UNKNOWN)


# --- closed hours


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2024-05-06T{clock}").replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("hours", "now", "seconds"),
    [
        ("08:00-20:00", at("20:30:00"), 11.5 * 3600),
        ("08:00-20:00", at("12:00:00"), None),  # open by its hours, and yet closed: probe
        (None, at("20:30:00"), None),
    ],
)
async def test_1214_pauses_the_account_until_the_allowed_hours(
    hours: str | None, now: datetime, seconds: float | None
) -> None:
    async with house(allowed_hours=hours, now=lambda: now) as here:
        await here.fault("closed", path=COLLECT)
        assert await here.submit() == Paused("1214", DOCUMENTED["1214"], seconds)


async def test_1214_at_the_login_pauses_as_well() -> None:
    async with house(allowed_hours="08:00-20:00", now=lambda: at("07:00:00")) as here:
        await here.fault("closed", path="getInterfaceTokenInfo", times=1)
        assert await here.submit() == Paused("1214", DOCUMENTED["1214"], 3600)
        assert isinstance(await here.submit(), Accepted)


# --- token and remoteAddr


async def test_a_login_on_request_is_one_and_its_token_is_the_next_clients() -> None:
    async with house() as here:
        context = Context(Account("fj_construction", "default", settings(here.base_url)), here.tokens)
        await log_in(context)
        assert here.tokens.kept is not None
        async with client_at(here.base_url, here.tokens) as (client, _):
            assert isinstance(await ask(client, "certificate-submit", submission("1")), Accepted)
        assert (await here.state())["logins"] == {"succeeded": 1, "failed": 0}
        wrong = Account("fj_construction", "default", settings(here.base_url, key="wrong"))
        with pytest.raises(LoginFailedError):
            await log_in(Context(wrong, here.tokens))


async def test_one_login_serves_many_calls_and_both_headers_are_sent() -> None:
    seen: list[tuple[str | None, str | None, str]] = []

    async def answer(request: web.Request) -> web.Response:
        headers = request.headers
        seen.append((headers.get("G-I-Access-Token"), headers.get("G-I-System-Id"), headers["Host"]))
        return web.json_response({"ReturnCode": "1", "ReturnMsg": ""})

    async with raw(answer) as client:
        for _ in range(3):
            assert isinstance(await ask(client, "certificate-submit", submission("1")), Accepted)
    assert {(token, system) for token, system, _ in seen} == {("T", SYSTEM)}
    assert not [host for *_, host in seen if "invalid" in host]


@pytest.mark.parametrize("prefix", ["", "/fj_construction"])
async def test_business_calls_go_to_remote_addr(prefix: str) -> None:
    async with house(prefix=prefix) as here:
        assert isinstance(await here.submit(), Accepted)
        (call,) = await here.calls()
    assert call["path"] == "/gaia-asp-gateway/share/both"


@pytest.mark.parametrize("fault", ["kill-token", "code"])
async def test_1205_renews_the_token_once_and_the_event_goes_through(fault: str) -> None:
    async with house() as here:
        assert isinstance(await here.submit(), Accepted)
        await here.fault(fault, times=1, path=COLLECT, **({"code": 1205} if fault == "code" else {}))
        assert isinstance(await here.submit(certificate("1", eCertID="b")), Accepted)
        assert (await here.state())["logins"] == {"succeeded": 2, "failed": 0}


async def test_a_token_refused_right_after_a_login_is_tried_again_later() -> None:
    async with house() as here:
        await here.fault("code", code=1205, path=COLLECT)
        assert await here.submit() == Retry("1205", DOCUMENTED["1205"])
        assert (await here.state())["logins"]["succeeded"] == 2


async def test_a_renewed_token_may_come_with_another_address() -> None:
    logins: list[str] = []

    async def login(request: web.Request) -> web.Response:
        logins.append(request.query["systemId"] + request.query["key"])
        address = str(request.url.with_path(f"/remote/{len(logins)}").with_query(None))
        return web.json_response({"code": 1, "data": {"token": str(len(logins)), "remoteAddr": address}})

    calls: list[tuple[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        calls.append((request.path, request.headers["G-I-Access-Token"]))
        return web.json_response({"code": 1205} if len(calls) == 1 else {"ReturnCode": "1"})

    async with raw(answer, login) as client:
        assert isinstance(await ask(client, "certificate-submit", submission("1")), Accepted)
    assert calls == [("/remote/1", "1"), ("/remote/2", "2")]
    assert logins == [SYSTEM + KEY] * 2


async def test_token_and_address_outlive_the_process() -> None:
    tokens = Tokens()
    async with house(tokens=tokens) as here:
        await here.submit()
        async with client_at(here.base_url, tokens) as (client, _):
            assert isinstance(await ask(client, "certificate-submit", submission("1")), Accepted)
        assert (await here.state())["logins"]["succeeded"] == 1
    assert tokens.kept is not None
    assert tokens.kept.generation == 1


@pytest.mark.parametrize("value", ["", "KTOKEN_old", "[]", '{"for": [1]}', '{"for": null, "grants": {}}'])
async def test_a_kept_token_that_does_not_fit_is_replaced_by_one_of_a_later_generation(value: str) -> None:
    tokens = Tokens()
    tokens.kept = Token(value, 7, used_at=4e9)
    async with house(tokens=tokens) as here:
        assert isinstance(await here.submit(), Accepted)
    assert tokens.kept.generation == 8


async def test_a_token_kept_for_another_system_is_not_used() -> None:
    tokens = Tokens()
    async with house(tokens=tokens) as here:
        await here.submit()
    assert tokens.kept is not None
    base = json.loads(tokens.kept.value)["for"][0]
    assert grants.unpack(settings(base), tokens.kept.value) is not None
    assert grants.unpack(settings(base, system_id="other"), tokens.kept.value) is None
    assert grants.unpack(settings(base, file_key="k2"), tokens.kept.value) is None
    assert grants.unpack(settings("http://elsewhere"), tokens.kept.value) is None


async def test_an_interface_may_have_a_key_of_its_own() -> None:
    async with house({"file_key": "key-2"}, file_key="key-2") as here:
        assert isinstance(await here.submit(), Accepted)
        await here.call("certificate-file-submit", files())
        assert [call["path"].rpartition("/")[2] for call in await here.calls()] == ["certificates", "files"]
        assert (await here.state())["logins"]["succeeded"] == 2


async def test_a_key_for_certificates_gets_no_files_through() -> None:
    async with house({"file_key": "key-2"}) as here:
        assert isinstance(await here.submit(), Accepted)
        ending = await here.call("certificate-file-submit", files({**FILE_SAMPLE, "ID": ISSUED[0]}))
    assert isinstance(ending, Rejected)
    assert "safeCertParameter 不能为空" in ending.message


async def test_paths_and_host_of_remote_addr_can_be_set() -> None:
    assert str(remote("http://localhost:8080/a/test/1", None, "/")) == "http://localhost:8080/a/test/1"
    assert str(remote("http://localhost:8080/a/test/1", "https://220.160.52.164:8807/x", "/")) == (
        "https://220.160.52.164:8807/a/test/1"
    )
    assert str(remote("http://h/a/", None, "/save/data")) == "http://h/a/save/data"
    assert str(remote("http://h/a?x=%2F1", "https://b:1", "/c")) == str(URL("https://b:1/a/c?x=/1"))
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.json_response({"ReturnCode": "1"})

    async with raw(answer, certificate_path="/certificates", certificate_file_path="files") as client:
        await ask(client, "certificate-submit", submission("1"))
        await ask(client, "certificate-file-submit", files())
    assert paths == ["/remote/certificates", "/remote/files"]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"token": "T"},
        {"token": "", "remoteAddr": "http://h"},
        {"token": "T", "remoteAddr": None},
        {"token": "T", "remoteAddr": "localhost:8080"},
        {"token": "T", "remoteAddr": "ftp://h/"},
        {"token": "T", "remoteAddr": "http://[x"},
        {"token": 1, "remoteAddr": "http://h"},
        [],
        "T",
    ],
)
async def test_a_login_without_token_or_address_stops_the_account(data: Any) -> None:
    login = answering({"code": 1, "message": "操作成功", "data": data})
    async with raw(answering({}), login) as client:
        with pytest.raises(Exception, match="1") as raised:
            await ask(client, "certificate-submit", submission("1"))
    assert isinstance(raised.value.ending, Stopped)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fault", "order", "expected"),
    [
        ("drop", {}, "connection-lost"),
        ("status", {"status": 500}, "http-500"),
        ("status", {"status": 503, "retry_after": 7}, "http-503"),
        ("html", {}, "unreadable-answer"),
    ],
)
async def test_a_login_that_does_not_get_through_is_tried_again(fault: str, order: Any, expected: str) -> None:
    async with house() as here:
        await here.fault(fault, path="getInterfaceTokenInfo", times=1, **order)
        ending = await here.submit()
        assert isinstance(ending, Retry)
        assert ending.code == expected
        assert isinstance(await here.submit(), Accepted)


# --- answers that cannot be used


@pytest.mark.parametrize(
    ("fault", "order", "expected"),
    [
        ("drop", {}, "connection-lost"),
        ("drop-after", {}, "connection-lost"),
        ("status", {"status": 500}, "http-500"),
        ("status", {"status": 502}, "http-502"),
        ("status", {"status": 429}, "http-429"),
        ("html", {}, "unreadable-answer"),
    ],
)
async def test_a_call_without_a_usable_answer_is_tried_again(fault: str, order: Any, expected: str) -> None:
    async with house() as here:
        await here.fault(fault, path=COLLECT, times=1, **order)
        ending = await here.submit()
        assert isinstance(ending, Retry)
        assert ending.code == expected
        assert isinstance(await here.submit(), Accepted)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"1", b'"x"', b"{", b"\xff\xfe", b"{}", b'{"code": 1}', b'{"code": 1, "data": 5}']
)
async def test_an_answer_that_is_none_of_the_documents_is_unreadable(body: bytes) -> None:
    async with raw(answering(body)) as client:
        with pytest.raises(Exception, match="unreadable-answer"):
            await ask(client, "certificate-submit", submission("1"))


@pytest.mark.parametrize("status", [302, 400, 404, 413])
async def test_an_http_refusal_that_the_document_does_not_describe_is_for_an_operator(status: int) -> None:
    async with raw(answering(b"no", status=status)) as client:
        ending = await ask(client, "certificate-submit", submission("1"))
    assert isinstance(ending, Dead)
    assert (ending.code, ending.category) == (f"http-{status}", Category.UNKNOWN)


async def test_a_platform_that_asks_for_patience_gets_it() -> None:
    async with house() as here:
        await here.fault("status", status=429, retry_after=17, path=COLLECT)
        ending = await here.submit()
    assert isinstance(ending, Retry)
    assert ending.after == 17


async def test_a_platform_that_hangs_is_left_after_the_timeout() -> None:
    async with house(timeout_seconds=0.3) as here:
        await here.fault("hang", path=COLLECT)
        assert await here.submit() == Unavailable("timeout", "no usable answer came from the platform", lost=True)


# --- 授权校验


async def test_our_own_token_is_validated_without_anybody_seeing_it() -> None:
    async with house() as here:
        assert await here.call("token-validate", {}) == Accepted("1", "操作成功", {"valid": True})
        (call,) = await here.calls("validateToken")
    assert call["query"]["systemId"] == SYSTEM
    assert call["query"]["token"] == call["token"]  # the same short hash: header and parameter


async def test_somebodys_token_is_validated_with_his_system_and_address() -> None:
    async with house() as here:
        data = {"systemId": "other", "token": "KTOKEN_x", "requestIp": "10.1.2.3"}
        assert await here.call("token-validate", data) == Accepted("1", "操作成功", {"valid": False})
        (call,) = await here.calls("validateToken")
    assert (call["query"]["systemId"], call["query"]["requestIp"]) == ("other", "10.1.2.3")


async def test_1205_for_somebodys_token_after_a_fresh_login_says_that_it_is_invalid() -> None:
    async with house() as here:
        await here.fault("code", code=1205, path="validateToken")
        other = {"systemId": "other", "token": "KTOKEN_x"}
        assert await here.call("token-validate", other) == Accepted("1205", DOCUMENTED["1205"], {"valid": False})
        assert isinstance(await here.call("token-validate", {}), Retry)


@pytest.mark.parametrize(("data", "valid"), [(True, True), (False, False), ("true", True), ("False", False)])
async def test_the_answer_may_be_a_truth_or_its_name(data: object, valid: bool) -> None:
    async with raw(answering({"code": 1, "message": "", "data": data})) as client:
        ending = await ask(client, "token-validate", {})
    assert isinstance(ending, Accepted)
    assert ending.response == {"valid": valid}


@pytest.mark.parametrize("data", [None, 1, "yes", {}])
async def test_an_answer_that_is_neither_true_nor_false_is_unreadable(data: object) -> None:
    async with raw(answering({"code": 1, "message": "", "data": data})) as client:
        for operation, question in (("token-validate", {}), ("response-log-report", LOG_SAMPLE)):
            with pytest.raises(Exception, match="unreadable-answer"):
                await ask(client, operation, question)


# --- 获取响应日志


async def test_the_printed_log_is_reported_as_it_is() -> None:
    async with house() as here:
        assert await here.call("response-log-report", LOG_SAMPLE) == Accepted("1", "操作成功")
        short = without(LOG_SAMPLE, "responseTime", "accessToken")
        assert isinstance(await here.call("response-log-report", short), Accepted)
        first, second = await here.calls("requestResponseLog")
        state = await here.state()
    assert without(first["body"], "accessToken") == without(LOG_SAMPLE, "accessToken")
    assert second["body"] == short
    assert state["logs"] == [{"logId": "1", "interfaceId": "interfaceId"}] * 2


async def test_a_log_that_was_not_taken_is_refused() -> None:
    async with raw(answering({"code": 1, "message": "失败", "data": False})) as client:
        assert await ask(client, "response-log-report", LOG_SAMPLE) == Rejected("1", "data is false: 失败")


# --- settings


def test_the_demo_settings_are_settings(tmp_path: Path) -> None:
    table = demo_settings("http://127.0.0.1:8080/fj_construction", tmp_path)
    read_settings = PLATFORM.settings.model_validate(table)
    assert "demo-key" not in repr(read_settings)


def test_the_key_may_stand_in_a_file_and_the_provinces_key_always_does(tmp_path: Path) -> None:
    table = demo_settings("http://127.0.0.1:8080", tmp_path)
    (tmp_path / "key").write_text(" k \n")
    found = PLATFORM.settings.model_validate({**without(table, "key"), "key_file": str(tmp_path / "key")})
    assert found.key.get_secret_value() == "k"  # type: ignore[attr-defined]
    assert found.province_private_key_file == Path(str(table["province_private_key_file"]))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_url": "host"}, "base_url"),
        ({"key": ""}, "key"),
        ({"allowed_hours": "8-20"}, "must be written like 08:00-20:00"),
        ({"body_format": "xml"}, "body_format"),
        ({"body_format": "soap"}, "needs soap_certificate_method"),
        ({"soap_certificate_method": "a b"}, "soap_certificate_method"),
        ({"safe_envelope": ""}, "safe_envelope"),
        ({"id_pattern": "("}, "is no regular expression"),
        ({"check_digits": "strict"}, "check_digits"),
        ({"province_private_key_file": "/nowhere"}, "cannot be read"),
        ({"batch_size": 0}, "batch_size"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        settings(**{"base_url": "http://x", **change})


async def test_settings_of_another_platform_are_refused() -> None:
    context = Context(Account("other", "default", AccountSettings()), Tokens())
    with pytest.raises(TypeError):
        await connect(context).__aenter__()


async def test_secrets_are_in_no_log(capfd: Any) -> None:
    async with house() as here:
        await here.fault("status", status=500, path=LOGIN, times=1)
        await here.submit()
        await here.fault("kill-token", times=1, path=COLLECT)
        await here.submit()
        await here.call("token-validate", {"systemId": "other", "token": "KTOKEN_somebody"})
        kept = here.tokens.kept
    assert kept is not None
    said = "".join(capfd.readouterr())
    assert "token.login_failed" in said
    assert not [secret for secret in (KEY, "KTOKEN_") if secret in said]
    assert "KTOKEN_" not in repr(kept)
    assert "KTOKEN_" not in repr(Grant("KTOKEN_x", "http://h"))
