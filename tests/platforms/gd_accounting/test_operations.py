"""The eight operations: what goes over the wire, byte for byte, and what the platform's answers become."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson
import pytest

from gateway.outcome import Accepted, Rejected
from gateway.platform import load
from tests.platforms.gd_accounting.support import (
    APP_ID,
    NAMES,
    PATHS,
    TICKET,
    Seen,
    Simulator,
    ask,
    connected,
    said,
    scripted,
    simulated,
)

CREDIT = {
    "ticket": TICKET,
    "year": 2022,
    "areaCode": "440106",
    "eduType": "PRO",
    "courseTypeCode": "PRO_A20101",
    "credit": 30.0,
    "startTime": "2022-03-05 08:00:00",
    "endTime": "2022-03-20 18:00:00",
}
ENROLMENT = {"ticket": TICKET, "year": 2022, "areaCode": "440106", "eduType": "PRO"}
COURSE = {"ticket": TICKET, "areaCode": "440106", "eduType": "PUB", "courseTypeCode": "PUB_01"}
MOBILE = {"ticket": TICKET, "loginTime": "2022-03-03 20:15:00", "year": 2022, "areaCode": "440106"}

# 请求方式, whether it wants the token, and 输入参数, of sections 3 to 10 for the schema's examples
WIRE: dict[str, tuple[str, bool, Mapping[str, Any]]] = {
    "login-resolve": ("GET", False, {"authorizationCode": "0a1b2c3d-4e5f-1661928743772"}),
    "enrolment-check": ("POST", True, {"ticket": TICKET}),
    "enrolment-register": ("POST", True, ENROLMENT | {"regTime": "2022-03-01 09:30:00"}),
    "enrolment-cancel": ("POST", True, ENROLMENT | {"cancelTime": "2022-03-02 10:00:00"}),
    "mobile-login-sync": ("POST", False, MOBILE | {"appId": APP_ID}),
    "qrcode-get": ("GET", True, COURSE),
    "verification-query": ("GET", True, {"ticket": TICKET, "uuid": "5f0c7c1e9d3b4a7f8e2d6b1a0c9f8e7d"}),
    "credit-sync": ("POST", True, CREDIT),
}
POSTED = [name for name in NAMES if WIRE[name][0] == "POST"]


async def sent(name: str, changes: Mapping[str, Any] | None = None, **settings: Any) -> Seen:
    """The one request that the operation makes; the answer does not matter."""
    async with scripted() as platform, connected(platform.url, **settings) as client:
        await ask(client, name, **(changes or {}))
    return platform.business()


# --- the request


def test_every_operation_is_in_these_tables_and_found_by_the_core() -> None:
    assert set(WIRE) == set(PATHS) == set(load("gd_accounting").operations)


@pytest.mark.parametrize("name", NAMES)
async def test_method_and_address_are_the_documents_own(name: str) -> None:
    seen = await sent(name)
    assert (seen.method, urlsplit(seen.target).path) == (WIRE[name][0], PATHS[name])


@pytest.mark.parametrize("base", ["", "/", "/somewhere", "/somewhere/"])
async def test_the_address_is_added_to_the_base_url_with_one_slash(base: str) -> None:
    async with scripted() as platform, connected(platform.url + base) as client:
        await ask(client, "enrolment-check")
    targets = [seen.target for seen in platform.seen]
    assert targets == [base.rstrip("/") + "/intf/login", base.rstrip("/") + PATHS["enrolment-check"]]


@pytest.mark.parametrize("name", POSTED)
async def test_a_post_carries_exactly_the_documents_parameters_as_json(name: str) -> None:
    seen = await sent(name)
    assert seen.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert orjson.loads(seen.body) == WIRE[name][2]
    assert urlsplit(seen.target).query == ""


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(POSTED)))
@pytest.mark.parametrize("content_type", ["json", "form"])
async def test_a_get_carries_exactly_the_documents_parameters_in_its_query(name: str, content_type: str) -> None:
    seen = await sent(name, content_type=content_type)
    assert dict(parse_qsl(urlsplit(seen.target).query, strict_parsing=True)) == WIRE[name][2]
    assert seen.body == b""


@pytest.mark.parametrize("name", POSTED)
async def test_a_form_carries_the_same_parameters_when_the_setting_says_so(name: str) -> None:
    seen = await sent(name, content_type="form")
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded"
    expected = {key: str(value) for key, value in WIRE[name][2].items()}
    expected |= {"credit": "30.00"} if name == "credit-sync" else {}
    assert dict(parse_qsl(seen.body.decode(), strict_parsing=True)) == expected


async def test_the_login_is_sent_the_same_way_as_the_rest() -> None:
    for content_type in ("json", "form"):
        async with scripted() as platform, connected(platform.url, content_type=content_type) as client:
            await ask(client, "enrolment-check")
        login = platform.seen[0]
        body = login.body.decode()
        values = orjson.loads(body) if content_type == "json" else dict(parse_qsl(body))
        assert (login.method, login.target) == ("POST", "/intf/login")
        assert values == {"appId": APP_ID, "secret": "TESTSECRET0123456789abcdef012345"}
        assert "Authorization" not in login.headers


@pytest.mark.parametrize("name", NAMES)
async def test_the_token_is_in_the_authorization_header_where_the_document_wants_it(name: str) -> None:
    seen = await sent(name)
    expected = ["Bearer first"] if WIRE[name][1] else []
    assert [value for key, value in seen.headers.items() if key == "Authorization"] == expected
    assert "first" not in seen.target
    assert b"first" not in seen.body


@pytest.mark.parametrize(
    ("template", "header"), [("{token}", "first"), ("Bearer{token}", "Bearerfirst"), ("T {token};", "T first;")]
)
async def test_the_authorization_header_is_written_as_the_setting_says(template: str, header: str) -> None:
    seen = await sent("enrolment-check", authorization=template)
    assert seen.headers["Authorization"] == header


@pytest.mark.parametrize(
    ("credit", "raw"),
    [
        (30.5, b"30.50"),
        ("30.5", b"30.50"),
        ("30.50", b"30.50"),
        (30, b"30.00"),
        (0.1, b"0.10"),
        (0, b"0.00"),
        (90.07, b"90.07"),
        ("1.15", b"1.15"),
        (99999999.99, b"99999999.99"),
    ],
)
async def test_a_credit_is_a_number_with_exactly_two_decimals_on_the_wire(credit: object, raw: bytes) -> None:
    assert b'"credit":' + raw + b"," in (await sent("credit-sync", {"credit": credit})).body
    form = await sent("credit-sync", {"credit": credit}, content_type="form")
    assert b"&credit=" + raw + b"&" in form.body


async def test_a_year_is_a_number_on_the_wire_also_when_it_was_published_as_text() -> None:
    assert b'"year":2022,' in (await sent("credit-sync", {"year": "2022"})).body


@pytest.mark.parametrize("content_type", ["json", "form"])
@pytest.mark.parametrize("ticket", ["a&b=c", "a+b", "a b", "100%25", "a/b?c#d", "凭证码", "a%2Fb", '"\\', "é☃"])
async def test_a_text_reaches_the_platform_as_it_is(ticket: str, content_type: str) -> None:
    body = (await sent("enrolment-check", {"ticket": ticket}, content_type=content_type)).body.decode()
    assert (orjson.loads(body) if content_type == "json" else dict(parse_qsl(body))) == {"ticket": ticket}
    query = urlsplit((await sent("qrcode-get", {"ticket": ticket})).target).query
    assert dict(parse_qsl(query))["ticket"] == ticket


# --- the answer, from the simulator


@pytest.mark.parametrize("content_type", ["json", "form"])
async def test_an_enrolment_is_registered_and_cancelled(content_type: str) -> None:
    async with simulated() as platform, connected(platform.url, content_type=content_type) as client:
        assert await ask(client, "enrolment-register") == Accepted("200", "调用成功")
        (kept,) = (await platform.shows("state"))["enrolments"]
        assert (kept["ticket"], kept["year"], kept["areaCode"]) == (TICKET, 2022, "440106")
        assert await ask(client, "enrolment-cancel") == Accepted("200", "调用成功")
        assert (await platform.shows("state"))["enrolments"] == []


async def test_a_cancellation_that_the_platform_says_failed_is_rejected() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        ending = await ask(client, "enrolment-cancel")
    assert ending == Rejected("200", "data.cancel is false 取消失败: 调用成功")


@pytest.mark.parametrize("content_type", ["json", "form"])
async def test_a_credit_is_accepted_when_the_learner_was_verified_between_start_and_end(content_type: str) -> None:
    async with simulated(require_verification=True) as platform:
        await _verified(platform, "2022-03-10 09:00:00")
        async with connected(platform.url, content_type=content_type) as client:
            assert await ask(client, "credit-sync", credit="30.5") == Accepted("200", "调用成功")
        (kept,) = (await platform.shows("state"))["credits"]
    assert kept == CREDIT | {"credit": "30.50", "app_id": APP_ID}


@pytest.mark.parametrize("at", [None, "2022-03-05 07:59:59", "2022-03-20 18:00:01"])
async def test_a_credit_without_a_verification_in_time_is_rejected(at: str | None) -> None:
    async with simulated(require_verification=True) as platform, connected(platform.url) as client:
        if at:
            await _verified(platform, at)
        ending = await ask(client, "credit-sync")
    assert isinstance(ending, Rejected)
    assert (ending.code, ending.message) == ("A0727", "该课程验证的通过时间超出开始时间和结束时间范围")


async def _verified(platform: Simulator, at: str) -> None:
    await platform.control("verify", ticket=TICKET, courseTypeCode="PRO_A20101", at=at)


PERSON = {"ticket": TICKET, "idNum": "440681198512063416", "realName": "张三", "areaCode": "440106"}


async def test_a_learner_is_resolved_once_and_only_with_a_sign_made_with_our_secret() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        code = (await platform.control("authorize", **PERSON, year=2022))["authorizationCode"]
        learner = PERSON | {"pqLevel": None, "year": "2022"}
        assert await ask(client, "login-resolve", authorizationCode=code) == Accepted(
            "200", "授权码验证成功", learner
        )
        code = (await platform.control("authorize", **PERSON, year=2022, bad_sign=True))["authorizationCode"]
        ending = await ask(client, "login-resolve", authorizationCode=code)
    assert ending == Rejected("bad-sign", "the sign does not belong to the data: 签名不符")


async def test_a_mobile_login_is_reported_without_any_login_of_ours() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        assert await ask(client, "mobile-login-sync") == Accepted("200", "调用成功")
        assert await platform.logins() == {"succeeded": 0, "failed": 0}


async def test_an_enrolment_check_answers_yes_or_no_and_both_are_answers() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        assert await ask(client, "enrolment-check") == Accepted("200", "调用成功", {"check": True})
        await platform.control("unregistered", tickets=[TICKET])
        assert await ask(client, "enrolment-check") == Accepted("200", "调用成功", {"check": False})


async def test_a_verification_goes_from_not_verified_to_verified_or_expires() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        first, second = [await _shown(ask(client, "qrcode-get")) for _ in range(2)]
        assert await _result(ask(client, "verification-query", uuid=first)) == ("not_verified", "0")
        await platform.control("scan", uuid=first)
        assert await _result(ask(client, "verification-query", uuid=first)) == ("verified", "1")
        await platform.control("clock", advance=121)
        assert await _result(ask(client, "verification-query", uuid=second)) == ("expired", "2")


async def _shown(asked: Any) -> str:
    ending = await asked
    assert isinstance(ending, Accepted)
    uuid: str = (ending.response or {})["uuid"]
    return uuid


async def _result(asked: Any) -> tuple[str, str]:
    ending = await asked
    assert isinstance(ending, Accepted)
    response = ending.response or {}
    assert set(response) == {"verification", "data"}
    return response["verification"], response["data"]


async def test_a_qr_code_comes_with_its_picture_its_end_and_the_ways_into_the_mini_program() -> None:
    async with simulated() as platform, connected(platform.url) as client:
        before = datetime.now().astimezone()
        ending = await ask(client, "qrcode-get")
    assert isinstance(ending, Accepted)
    response = dict(ending.response or {})
    uuid, expires = response["uuid"], datetime.fromisoformat(response.pop("expires_at"))
    assert expires.utcoffset() == timedelta(hours=8)
    assert timedelta(seconds=-1) <= expires - before - timedelta(minutes=2) <= timedelta(seconds=5)
    assert response.pop("imageBase64").startswith("iVBORw0KGgo")
    assert response == {
        "uuid": uuid,
        "validaty": 120,
        "mini_program_path": f"pages/views/index?q=miniprogram/{uuid}",
        "url_scheme": "weixin://dl/business/?appid=wx1bbe1a28027f45a9&path=pages/views/index"
        f"&query=q%3dminiprogram%2f{uuid}&env_version=release",
    }


@pytest.mark.parametrize("uuid", ["a/b", "a&b=c", "a b+c", "100%", "#frag?", "二维码"])
async def test_a_uuid_is_url_encoded_in_the_scheme_and_plain_elsewhere(uuid: str) -> None:
    answer = said(data={"imageBase64": "AA==", "uuid": uuid, "validaty": 120})
    async with scripted(qrcode_get=answer) as platform, connected(platform.url) as client:
        ending = await ask(client, "qrcode-get")
    assert isinstance(ending, Accepted)
    response = ending.response or {}
    _, _, after = response["url_scheme"].partition("&query=")
    query, _, rest = after.partition("&")
    assert rest == "env_version=release"
    assert re.fullmatch("[!-~]+", query)
    assert unquote(query) == f"q=miniprogram/{uuid}"
    assert response["uuid"] == uuid
    assert response["mini_program_path"] == f"pages/views/index?q=miniprogram/{uuid}"
