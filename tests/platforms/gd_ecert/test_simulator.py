"""The simulated gateway by itself, asked over HTTP by a client that is not ours."""

import hashlib
import io
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from workers.gd_ecert.simulator import create_app

NOW = 1_700_000_000.0
PLACED = {"system_id": "demo-system", "vender_id": "demo-vender"}
PLACED_QUERY = {"department_id": "demo-department", "serviceid": "demo-service"}
LICENCE = "/ebus/dzzz_convergence-service/license"
CASE = "/ebus/yst_demo/case/submit"
Asker = TestClient[web.Request, web.Application]


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    async with TestClient(TestServer(create_app(consumers={"yst_two": "two"}, clock=lambda: NOW))) as client:
        yield client


def signed(
    *,
    paas_id: str = "yst_demo",
    token: str = "demo-paas-token-0123456789abcdef",
    at: float = NOW,
    prefix: str = "x-tif-",
    **changes: str,
) -> dict[str, str]:
    timestamp, nonce = str(int(at)), "abc"
    signature = hashlib.sha256(f"{timestamp}{token}{nonce}{timestamp}".encode()).hexdigest()
    values = {"paasid": paas_id, "timestamp": timestamp, "nonce": nonce, "signature": signature} | changes
    return {f"{prefix}{name}": value for name, value in values.items()}


async def asked(asker: Asker, headers: dict[str, str], path: str = CASE, **options: Any) -> tuple[int, Any]:
    options.setdefault("json", {"caseNo": "1"})
    async with asker.post(path, headers=headers, **options) as response:
        return response.status, await response.json() if "json" in response.content_type else await response.text()


async def test_a_signed_call_is_taken_in_either_case_and_by_every_consumer(asker: Asker) -> None:
    lower = signed()
    upper = {**lower, "x-tif-signature": lower["x-tif-signature"].upper()}
    assert (await asked(asker, lower))[1]["errcode"] == 0
    assert (await asked(asker, upper))[1]["errcode"] == "BIS:10409"
    assert (await asked(asker, signed(paas_id="yst_two", token="two")))[1]["errcode"] == "BIS:10409"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "ACG.1401"),
        (signed(paas_id=""), "ACG.1401"),
        (signed(token="wrong"), "AGW.1433"),
        (signed(signature="0" * 64), "AGW.1433"),
        (signed(nonce="other"), "AGW.1433"),
        (signed(at=NOW - 181), "AGW.1433"),
        (signed(at=NOW + 181), "AGW.1433"),
        (signed(timestamp=""), "AGW.1433"),
        (signed(timestamp="1700000000000"), "AGW.1433"),
        (signed(paas_id="yst_two"), "AGW.1433"),
        (signed(prefix="x-rio-"), "ACG.1401"),
    ],
)
async def test_the_gateway_refuses_with_http_200_an_errcode_and_no_data(
    asker: Asker, headers: dict[str, str], code: str
) -> None:
    status, body = await asked(asker, headers)
    assert (status, body["errcode"], "data" in body) == (200, code, False)


async def test_a_clock_within_180_seconds_is_fine(asker: Asker) -> None:
    for off in (-180, 180):
        assert (await asked(asker, signed(at=NOW + off), json={"caseNo": str(off)}))[1]["errcode"] == 0


async def test_an_unknown_consumer_is_answered_401(asker: Asker) -> None:
    assert await asked(asker, signed(paas_id="nobody")) == (401, {"message": "Unknown consumer"})


async def test_every_answer_has_the_gateways_own_date(asker: Asker) -> None:
    async with asker.post(CASE) as response:
        assert response.headers["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    async with asker.post("/_sandbox/clock", json={"advance": 60}) as response:
        assert response.headers["Date"] == "Tue, 14 Nov 2023 22:14:20 GMT"


async def test_a_passid_that_is_not_subscribed_is_refused_until_it_is(asker: Asker) -> None:
    await asker.post("/_sandbox/unsubscribe", json={"passids": ["yst_demo"]})
    assert (await asked(asker, signed()))[1]["errcode"] == "AGW.1403"
    await asker.post("/_sandbox/unsubscribe", json={})
    assert (await asked(asker, signed()))[1]["errcode"] == 0


@pytest.mark.parametrize(("environment", "limit"), [("test", 4 * 2**20), ("production", 8 * 2**20)])
async def test_a_body_over_the_limit_does_not_reach_the_service(environment: Any, limit: int) -> None:
    async with TestClient(TestServer(create_app(environment=environment, clock=lambda: NOW))) as asker:
        for size, status in [(limit, 200), (limit + 1, 413)]:
            answered, _ = await asked(asker, signed(), json=None, data=io.BytesIO(b"x" * size))
            assert answered == status


async def test_an_address_that_nobody_published_is_not_there(asker: Asker) -> None:
    assert (await asked(asker, signed(), "/ebus/yst_demo/other"))[0] == 404
    assert (await asked(asker, signed(), "/ebus/yst_two/case/submit"))[0] == 404


async def test_a_site_needs_no_signature(asker: Asker) -> None:
    async with asker.get("/yst_demo/notices") as response:
        assert (await response.json())["errcode"] == "0"


async def test_a_case_needs_a_number_and_is_taken_once(asker: Asker) -> None:
    bodies: list[Any] = [{}, [], {"caseNo": ""}, {"caseNo": 1}, {"caseNo": "1"}, {"caseNo": "1"}]
    codes = [(await asked(asker, signed(), json=body))[1]["errcode"] for body in bodies]
    assert codes == ["BIS:10500"] * 4 + [0, "BIS:10409"]


async def licences(asker: Asker, **body: Any) -> Any:
    headers = {**signed(), **PLACED}
    return (await asked(asker, headers, f"{LICENCE}/auth", json=body, params=PLACED_QUERY))[1]


async def opened(asker: Asker, call: str, code: str) -> Any:
    params = {**PLACED_QUERY, "auth_code": code}
    async with asker.get(f"{LICENCE}/{call}", headers={**signed(), **PLACED}, params=params) as response:
        return await response.json()


async def test_licences_come_with_the_documented_fields(asker: Asker) -> None:
    answer = await licences(asker, identity_number="440681198512063416")
    documented = [
        *("license_code", "name", "license_type", "license_type_name", "id_code", "holder_name"),
        *("holder_identity_type", "holder_identity_num", "issue_org_name", "issue_org_code", "division"),
        *("division_code", "issue_date", "begin_date", "expiry_date", "data_fields", "attachment_fields"),
        *("trust_level", "extend_props", "remark", "biz_num", "license_item_code", "license_status"),
        *("license_status_name", "creator", "auth_code"),
    ]
    assert list(answer["data"][0]) == documented
    assert [type(licence["data_fields"]) for licence in answer["data"]] == [dict, str, str]
    assert {"ack_code", "errors", "sign", "sign_method", "timestamp", "correlation_id", "response_id"} <= set(answer)


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"identity_number": ""}, {"identity_number": 1}, {"identity_number": "1", "page_size": 0}),
        *({"identity_number": "1", "page_size": 151}, {"identity_number": "1", "page_index": 0}),
        {"identity_number": "1", "page_size": "10"},
    ],
)
async def test_a_wrong_question_is_a_failure_with_errors(asker: Asker, body: dict[str, Any]) -> None:
    answer = await licences(asker, **body)
    assert answer["ack_code"] == "FAILURE"
    assert set(answer["errors"][0]) == {"code", "message", "inner_code"}


async def test_a_code_opens_its_licence_for_ten_minutes(asker: Asker) -> None:
    code = (await licences(asker, identity_number="440681198512063416"))["auth_codes"][0]
    for call in ("get_license", "archive", "token"):
        assert (await opened(asker, call, code))["ack_code"] == "SUCCESS"
        assert (await opened(asker, call, "unknown"))["ack_code"] == "FAILURE"
        assert (await opened(asker, call, ""))["ack_code"] == "FAILURE"
    await asker.post("/_sandbox/clock", json={"advance": 170})
    assert (await opened(asker, "get_license", code))["ack_code"] == "SUCCESS"
    await asker.post("/_sandbox/reset")
    assert (await opened(asker, "get_license", code))["ack_code"] == "FAILURE"


async def test_the_identifiers_must_stand_where_the_service_wants_them(asker: Asker) -> None:
    for name in ("system_id", "vender_id", "department_id", "serviceid"):
        headers = {**signed(), **{key: value for key, value in PLACED.items() if key != name}}
        params = {key: value for key, value in PLACED_QUERY.items() if key != name}
        body = {"identity_number": "1", name: "in the body"}
        _, answer = await asked(asker, headers, f"{LICENCE}/auth", json=body, params=params)
        assert (answer["ack_code"], name in answer["errors"][0]["message"]) == ("FAILURE", True)


async def test_records_show_neither_signatures_nor_codes(asker: Asker) -> None:
    await opened(asker, "get_license", "secret-code")
    async with asker.get("/_sandbox/calls") as response:
        recorded = await response.text()
    assert "secret-code" not in recorded
    assert signed()["x-tif-signature"] not in recorded


async def test_faults_of_this_platform_answer_what_they_are_told(asker: Asker) -> None:
    for order, expected in [
        ({"kind": "errcode", "code": "AGW.1430", "times": 1}, "AGW.1430"),
        ({"kind": "errcode", "code": 7, "errmsg": "x", "times": 1}, 7),
    ]:
        await asker.post("/_sandbox/faults", json=order)
        assert (await asked(asker, signed()))[1]["errcode"] == expected
    await asker.post("/_sandbox/faults", json={"kind": "ack", "ack_code": "PARTIAL", "times": 1})
    assert (await asked(asker, signed()))[1]["ack_code"] == "PARTIAL"


async def test_a_reset_forgets_everything(asker: Asker) -> None:
    await asked(asker, signed())
    await asker.post("/_sandbox/unsubscribe", json={"passids": ["yst_demo"]})
    await asker.post("/_sandbox/reset")
    async with asker.get("/_sandbox/state") as response:
        state = await response.json()
    assert (state["cases"], state["unsubscribed"], state["nonces"]["seen"]) == ([], [], 0)


async def test_an_invocation_of_nobody_says_so(asker: Asker) -> None:
    for url in ("http://127.0.0.1:1/x", "no address"):
        async with asker.post("/_sandbox/invoke", json={"url": url}) as response:
            assert response.status == 400


async def test_it_works_below_a_prefix_and_with_another_header_prefix() -> None:
    root = web.Application(client_max_size=32 * 2**20)
    root.add_subapp("/gd_ecert", create_app(header_prefix="x-rio-"))
    async with TestClient(TestServer(root)) as asker:
        sent = signed(prefix="x-rio-", at=time.time())
        assert (await asked(asker, sent, f"/gd_ecert{CASE}"))[1]["errcode"] == 0
        assert (await asked(asker, signed(at=time.time()), f"/gd_ecert{CASE}"))[1]["errcode"] == "ACG.1401"
