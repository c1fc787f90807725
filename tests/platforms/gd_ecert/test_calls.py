"""Section 3.3 and facts A1, A2: what goes over the wire, and what never leaves."""

import hashlib
from typing import Any

import pytest

from gateway.outcome import Accepted, Category, Rejected, Stopped
from tests.platforms.gd_ecert.bench import NUMBER, TOKEN, account, do, saying, wired
from workers.gd_ecert.auth import Clock
from workers.gd_ecert.calls import Call, prepare
from workers.gd_ecert.settings import BODY_LIMIT

OK = saying({"errcode": 0, "errmsg": "ok"})
IDENTIFIERS = ("system_id", "vender_id", "department_id", "serviceid")
ASSIGNED = {name: f"our-{name}" for name in IDENTIFIERS}


def services(**changes: Any) -> dict[str, Any]:
    return {"apply": {"path": "case/submit", **changes}}


def prepared(body: Any = None, query: dict[str, str] | None = None, /, **changes: Any) -> Call:
    """The call of a service whose settings change so; its account has every identifier."""
    call = prepare(account(services=services(**changes), **ASSIGNED), "apply", query or {}, body)
    assert isinstance(call, Call), call
    return call


def impossible(body: Any = None, query: dict[str, str] | None = None, /, **changes: Any) -> Rejected:
    ending = prepare(account(services=services(**changes), **ASSIGNED), "apply", query or {}, body)
    assert isinstance(ending, Rejected)
    assert ending.category is Category.INVALID
    return ending


async def test_a_call_carries_who_calls_when_and_the_signature_in_upper_case() -> None:
    async with wired(OK, clock=Clock(lambda: 1_700_000_000.9)) as (wire, client):
        ending = await do(client, "service-call", service="apply", body={"caseNo": "1"})
    assert isinstance(ending, Accepted)
    sent = wire.requests[0].headers
    nonce = sent["x-tif-nonce"]
    signed = hashlib.sha256(f"1700000000{TOKEN}{nonce}1700000000".encode()).hexdigest().upper()
    assert (sent["x-tif-paasid"], sent["x-tif-timestamp"], sent["x-tif-signature"]) == (
        "yst_test",
        "1700000000",
        signed,
    )
    assert nonce.isalnum()
    assert nonce.isascii()
    assert len(nonce) <= 32


async def test_every_attempt_has_a_fresh_nonce() -> None:
    async with wired(OK) as (wire, client):
        for _ in range(20):
            await do(client, "service-call", service="apply", body={})
    assert len({request.headers["x-tif-nonce"] for request in wire.requests}) == 20


async def test_the_header_prefix_is_a_setting() -> None:
    async with wired(OK, header_prefix="x-rio-") as (wire, client):
        await do(client, "service-call", service="apply", body={})
    sent = wire.requests[0].headers
    assert {"x-rio-paasid", "x-rio-timestamp", "x-rio-nonce", "x-rio-signature"} <= set(sent)
    assert not any(name.lower().startswith("x-tif-") for name in sent)


async def test_a_site_is_asked_without_signature() -> None:
    async with wired(OK, services=services(kind="site")) as (wire, client):
        assert isinstance(await do(client, "service-call", service="apply"), Accepted)
    assert wire.requests[0].path == "/yst_test/case/submit"
    assert not any(name.lower().startswith("x-tif-") for name in wire.requests[0].headers)


async def test_what_is_sent_is_the_body_of_the_event() -> None:
    body = {"名称": "粤商", "list": [1, 2.5, None, True], "inner": {"a": "b"}}
    async with wired(OK) as (wire, client):
        await do(client, "service-call", service="apply", body=body, query={"a b": "+&=文"})
    assert wire.requests[0].method == "POST"
    assert wire.requests[0].content_type == "application/json"
    assert await wire.requests[0].json() == body
    assert dict(wire.requests[0].query) == {"a b": "+&=文"}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({}, "/ebus/yst_test/case/submit"),
        ({"path": "/case/submit"}, "/ebus/yst_test/case/submit"),
        ({"path": "接口/提交"}, "/ebus/yst_test/%E6%8E%A5%E5%8F%A3/%E6%8F%90%E4%BA%A4"),
        ({"passid": "dzzz_convergence-service"}, "/ebus/dzzz_convergence-service/case/submit"),
        ({"kind": "site"}, "/yst_test/case/submit"),
        ({"kind": "site", "passid": "yst_other"}, "/yst_other/case/submit"),
        ({"path": None, "gateway_path": "special/way"}, "/special/way"),
        ({"path": None, "gateway_path": "/special/way", "kind": "site"}, "/special/way"),
    ],
)
def test_the_address_follows_the_rule_for_services_and_sites(changes: dict[str, Any], path: str) -> None:
    for base in ("https://gateway.example", "https://gateway.example/"):
        call = prepare(account(base_url=base, services=services(**changes)), "apply", {}, None)
        assert isinstance(call, Call)
        assert call.url == f"https://gateway.example{path}"


@pytest.mark.parametrize("position", ["header", "query", "body"])
@pytest.mark.parametrize("name", IDENTIFIERS)
def test_an_identifier_goes_where_the_settings_say_and_nowhere_else(name: str, position: str) -> None:
    call = prepared({"a": 1}, {"q": "1"}, placement={name: position})
    value = f"our-{name}"
    said = {
        "header": call.headers.get(name) == value,
        "query": f"{name}={value}" in call.url,
        "body": f'"{name}":"{value}"'.encode() in (call.body or b""),
    }
    assert [where for where, there in said.items() if there] == [position]


def test_no_identifier_is_sent_unless_it_is_placed() -> None:
    call = prepared({"a": 1})
    assert "our-" not in f"{call.url}{dict(call.headers)}{call.body!r}"


def test_an_identifier_may_have_another_name_and_a_service_its_own_serviceid() -> None:
    call = prepared(
        None,
        {},
        placement={"serviceid": "body", "system_id": "header"},
        names={"serviceid": "ServiceId", "system_id": "X-System"},
        serviceid="of-this-service",
    )
    assert call.body == b'{"ServiceId":"of-this-service"}'
    assert call.headers["X-System"] == "our-system_id"


def test_an_identifier_that_the_event_brings_as_well_is_refused() -> None:
    assert "system_id" in impossible({"system_id": "x"}, placement={"system_id": "body"}).message
    assert "serviceid" in impossible(None, {"serviceid": "x"}, placement={"serviceid": "query"}).message
    assert "object" in impossible([1], placement={"system_id": "body"}).message


def test_a_form_is_sent_as_one() -> None:
    call = prepared({"名": "a b", "n": 1, "t": True}, body_format="form")
    assert call.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert call.body == b"%E5%90%8D=a+b&n=1&t=true"
    wrong: Any
    for wrong in ([1], {"a": {}}, {"a": [1]}, {"a": None}):
        assert "form" in impossible(wrong, body_format="form").message


def test_a_get_has_no_body() -> None:
    call = prepared(None, {"a": "1"}, method="GET")
    assert (call.method, call.body, call.headers) == ("GET", None, {})
    assert "GET" in impossible({"a": 1}, method="GET").message


def sized(size: int) -> dict[str, str]:
    return {"a": "x" * (size - len('{"a":""}'))}


@pytest.mark.parametrize(("environment", "limit"), [("production", 8 * 1024 * 1024), ("test", 4 * 1024 * 1024)])
def test_a_body_up_to_the_limit_is_sent_and_one_byte_more_is_refused_with_the_numbers(
    environment: Any, limit: int
) -> None:
    assert BODY_LIMIT[environment] == limit
    settings = account(environment=environment)
    call = prepare(settings, "apply", {}, sized(limit))
    assert isinstance(call, Call)
    assert len(call.body or b"") == limit
    ending = prepare(settings, "apply", {}, sized(limit + 1))
    assert isinstance(ending, Rejected)
    assert (ending.code, ending.category) == ("body-too-large", Category.INVALID)
    for number in (str(limit + 1), str(limit), f"{limit // 2**20}M", environment):
        assert number in ending.message


def test_the_limit_counts_bytes_with_what_the_gateway_adds() -> None:
    half = 4 * 1024 * 1024 // 3
    assert isinstance(prepare(account(), "apply", {}, {"a": "汉" * (half - 10)}), Call)
    assert isinstance(prepare(account(), "apply", {}, {"a": "汉" * half}), Rejected)
    placed = account(services=services(placement={"system_id": "body"}), **ASSIGNED)
    assert isinstance(prepare(placed, "apply", {}, sized(4 * 1024 * 1024)), Rejected)


async def test_what_is_too_large_never_leaves() -> None:
    async with wired(OK) as (wire, client):
        ending = await do(client, "service-call", service="apply", body=sized(4 * 1024 * 1024 + 1))
        assert isinstance(ending, Rejected)
        assert wire.requests == []
        assert isinstance(await do(client, "service-call", service="apply", body=sized(4 * 1024 * 1024)), Accepted)
    assert len(wire.bodies[0]) == 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("operation", "data", "key"),
    [
        ("service-call", {"service": "unknown"}, "services.unknown.path"),
        ("licence-auth", {"identity_number": NUMBER}, "services.licence-auth.path"),
        ("licence-get", {"auth_code": "1"}, "services.licence-get.path"),
        ("licence-archive", {"auth_code": "1"}, "services.licence-archive.path"),
        ("licence-token", {"auth_code": "1"}, "services.licence-token.path"),
    ],
)
@pytest.mark.parametrize("described", [False, True])
async def test_what_has_no_path_is_refused_and_names_the_missing_key(
    operation: str, data: dict[str, Any], key: str, described: bool
) -> None:
    name = key.split(".")[1]
    async with wired(OK, services={name: {"repeat": "never"}} if described else {}) as (wire, client):
        ending = await do(client, operation, **data)
    assert isinstance(ending, Rejected)
    assert (ending.code, ending.category) == ("not-configured", Category.INVALID)
    assert key in ending.message
    assert wire.requests == []


@pytest.mark.parametrize("key", ["base_url", "paas_id", "paas_token"])
async def test_an_account_that_is_not_complete_is_stopped_and_names_the_missing_key(key: str) -> None:
    ending = prepare(account(**{key: None}), "apply", {}, {})
    assert isinstance(ending, Stopped)
    assert ending.code == "not-configured"
    assert ending.message.startswith(f"{key} must be set")


def test_a_site_needs_no_paas_token() -> None:
    settings = account(paas_token=None, services=services(kind="site"))
    assert isinstance(prepare(settings, "apply", {}, None), Call)
    assert isinstance(prepare(account(paas_id=None, services=services(kind="site")), "apply", {}, None), Stopped)


def test_a_call_shows_nothing_when_printed() -> None:
    call = prepared({"a": "personal"}, {"auth_code": "secret"}, placement={"system_id": "header"})
    for hidden in ("personal", "secret", "our-system_id"):
        assert hidden not in repr(call)
