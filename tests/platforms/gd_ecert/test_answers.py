"""Facts A4: what an answer means. HTTP 200 alone means nothing."""

import asyncio
from typing import Any

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import LogCapture

from gateway.outcome import Accepted, Category, Dead, Ending, Rejected, Retry, Stopped, Unavailable, Verdict
from gateway.transport import AnswerLostError, Reply
from tests.platforms.gd_ecert.bench import NUMBER, Bench, account, do, saying, wired
from workers.gd_ecert.client import read
from workers.gd_ecert.codes import ACK_CODES, CODES, code_text
from workers.gd_ecert.settings import Service

# The table of facts A4, copied by hand: errcode, whether to retry, and as what.
DOCUMENT: list[tuple[str, type[Ending]]] = [
    ("AGW.1433", Stopped),
    ("AGW.1403", Stopped),
    ("AGW.1429", Unavailable),
    ("AGW.1430", Unavailable),
    ("AGW.1504", Unavailable),
    ("ACG.1401", Stopped),
]
ENDINGS = {
    Verdict.STOP: Stopped,
    Verdict.DOWN: Unavailable,
    Verdict.THROTTLED: Unavailable,
    Verdict.REJECTED: Rejected,
    Verdict.ACCEPTED: Accepted,
}


def service(**changes: Any) -> Service:
    return account(services={"apply": {"path": "x", **changes}}).services["apply"]


def reply(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, headers or {}, body if isinstance(body, bytes) else orjson.dumps(body))


@pytest.mark.parametrize(("code", "expected"), DOCUMENT)
async def test_every_error_of_the_gateway_ends_as_the_table_says(
    bench: Bench, code: str, expected: type[Ending]
) -> None:
    await bench.fault("errcode", code=code, times=1)
    ending = await bench.do("service-call", service="case-submit", body={"caseNo": "1"})
    assert type(ending) is expected
    assert getattr(ending, "code", None) == code
    assert [call["answer"] for call in await bench.calls()] == [code], "one call, no retry of our own"


def test_the_table_has_every_documented_code_and_no_other() -> None:
    assert set(CODES) == {code for code, _ in DOCUMENT} | {"http-401"}
    assert {code: ENDINGS[known.verdict] for code, known in CODES.items() if code != "http-401"} == dict(DOCUMENT)
    assert set(ACK_CODES) == {"SUCCESS", "FAILURE"}


@pytest.mark.parametrize("status", [200, 400, 429, 500, 503])
def test_an_error_of_the_gateway_counts_whatever_its_http_status(status: int) -> None:
    assert isinstance(read(service(), reply({"errcode": "AGW.1403"}, status)), Stopped)


def test_codes_are_compared_as_texts() -> None:
    values: list[Any] = ["a", 0, -5, True, False, "", None, 0.5, [], {}]
    assert [code_text(value) for value in values] == ["a", "0", "-5", "true", "false", *[None] * 5]


def test_an_unknown_consumer_stops_the_account() -> None:
    ending = read(service(), reply({"message": "Unknown consumer"}, 401))
    assert isinstance(ending, Stopped)
    assert (ending.code, "Unknown consumer" in ending.message) == ("http-401", True)


def test_a_401_of_a_site_or_of_the_service_itself_does_not_stop_the_account() -> None:
    own = {"errcode": "BIF:10401", "message": "login first"}
    for ending in (read(service(kind="site"), reply(b"<html>", 401)), read(service(), reply(own, 401))):
        assert isinstance(ending, Dead)
        assert ending.category is Category.UNKNOWN


@pytest.mark.parametrize("code", ["AGW.1500", "AGW.", "ACG.9", "AGW.14330"])
def test_an_unlisted_error_of_the_gateway_is_unknown(code: str) -> None:
    for table in ({}, {"other_codes": {code: "rejected"}}, {"success_values": [code]}):
        ending = read(service(**table), reply({"errcode": code, "errmsg": "?"}))
        assert isinstance(ending, Dead)
        assert (ending.code, ending.category) == (code, Category.UNKNOWN)


def test_a_gateway_that_wants_patience_says_for_how_long() -> None:
    ending = read(service(), reply({"errcode": "AGW.1430"}, headers={"Retry-After": "7"}))
    assert isinstance(ending, Retry)
    assert ending.after == 7


@pytest.mark.parametrize("value", [0, "0", "BIS:10200"])
def test_success_is_0_as_number_or_text_unless_the_settings_say_otherwise(value: object) -> None:
    body = {"errcode": value, "errmsg": "ok", "data": {"a": 1}}
    ending = read(service(), reply(body))
    assert isinstance(ending, Accepted)
    assert (ending.code, ending.message, ending.response) == (str(value), "ok", body)


@pytest.mark.parametrize("value", [1, "1", "00", "BIS:10500", "BIF:10401", -1, True, False])
def test_a_code_that_the_settings_do_not_list_is_unknown(value: object) -> None:
    ending = read(service(), reply({"errcode": value, "errmsg": "why"}))
    assert isinstance(ending, Dead)
    assert (ending.code, ending.category, ending.message) == (code_text(value), Category.UNKNOWN, "why")


@pytest.mark.parametrize(
    ("table", "body", "expected"),
    [
        ({"success_field": "code", "success_values": [200]}, {"code": 200}, Accepted),
        ({"success_field": "code", "success_values": [200]}, {"code": "200"}, Accepted),
        ({"success_field": "ok", "success_values": [True]}, {"ok": True}, Accepted),
        ({"success_field": "head.code", "success_values": ["A"]}, {"head": {"code": "A"}}, Accepted),
        ({"other_codes": {"BIS:10500": "rejected"}}, {"errcode": "BIS:10500"}, Rejected),
        ({"other_codes": {"5": "retry"}}, {"errcode": 5}, Retry),
        ({"other_codes": {"6": "duplicate"}}, {"errcode": "6"}, Accepted),
        ({"success_field": "code"}, {"code": "x", "errcode": "AGW.1403"}, Stopped),
    ],
)
def test_success_is_what_the_settings_of_the_service_say(
    table: dict[str, Any], body: Any, expected: type[Ending]
) -> None:
    ending = read(service(**table), reply(body))
    assert type(ending) is expected
    assert getattr(ending, "duplicate", False) is (body.get("errcode") == "6")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"<html>", b"\xff\xfe", b"[]", b"null", b"0", b'"0"', b"{", b"{}"),
        *({"errcode": None}, {"errcode": ""}, {"errcode": []}, {"errcode": {}}, {"errcode": 0.5}, {"code": 0}),
    ],
)
def test_an_answer_that_cannot_be_read_is_lost(body: object) -> None:
    with pytest.raises(AnswerLostError) as lost:
        read(service(), reply(body))
    assert lost.value.code == "unreadable-answer"


@pytest.mark.parametrize("status", [301, 302, 400, 403, 404, 405, 413])
def test_an_http_error_that_nothing_describes_is_unknown(status: int) -> None:
    for body in (b"<html>", {"message": "no Route matched"}, {"errcode": 0}):
        ending = read(service(), reply(body, status))
        assert isinstance(ending, Dead)
        assert (ending.code, ending.category) == (f"http-{status}", Category.UNKNOWN)


def test_a_service_may_refuse_with_an_http_error_and_its_own_code() -> None:
    ending = read(service(other_codes={"BIS:10500": "rejected"}), reply({"errcode": "BIS:10500"}, 400))
    assert isinstance(ending, Rejected)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_behind_a_broken_gateway_the_service_may_have_acted(status: int) -> None:
    with pytest.raises(AnswerLostError):
        read(service(), reply(b"<html>", status))


@pytest.mark.parametrize("status", [429, 503])
def test_a_platform_that_asks_for_patience_gets_it(status: int) -> None:
    ending = read(service(), reply(b"<html>", status, {"Retry-After": "9"}))
    assert isinstance(ending, Retry)
    assert ending.after == 9


@pytest.mark.parametrize("fault", ["html", "drop-after", "drop"])
@pytest.mark.parametrize("repeat", ["never", "idempotent"])
async def test_a_lost_answer_is_repeated_only_where_the_service_may_be_asked_again(
    bench: Bench, fault: str, repeat: str
) -> None:
    base = str(bench.settings.base_url)
    services = {"case-submit": {"path": "case/submit", "repeat": repeat}}
    given = {"paas_id": "yst_demo", "paas_token": bench.settings.paas_token, "services": services}
    await bench.fault(fault, times=1)
    async with wired(saying({})) as (_, client):
        client.settings = account(base_url=base, **given)
        ending = await do(client, "service-call", service="case-submit", body={"caseNo": "1"})
    if repeat == "idempotent":
        assert isinstance(ending, Retry)
    else:
        assert isinstance(ending, Dead)
        assert ending.category is Category.UNCERTAIN


async def test_an_answer_that_takes_too_long_is_lost() -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.json_response({})

    async with wired(never, timeout_seconds=0.2) as (_, client):
        ending = await do(client, "service-call", service="apply", body={})
    assert isinstance(ending, Dead)
    assert (ending.code, ending.category) == ("timeout", Category.UNCERTAIN)


async def test_a_gateway_that_is_not_there_never_got_the_call() -> None:
    async with wired(saying({})) as (_, client):
        client.settings = account(base_url="http://127.0.0.1:1")
        ending = await do(client, "service-call", service="apply", body={})
    assert isinstance(ending, Retry)
    assert ending.code == "connect-failed"


async def test_nothing_personal_is_logged_or_told(bench: Bench, logged: LogCapture) -> None:
    """Over every way a call can end; the texts of the platform are the core's to scrub."""
    told: list[Ending] = []
    faults: list[tuple[str, dict[str, Any]]] = [
        ("errcode", {"code": "AGW.1433", "times": 1}),
        ("errcode", {"code": "AGW.9999", "times": 1}),
        ("status", {"status": 500, "times": 1}),
        ("html", {"times": 1}),
        ("drop", {"times": 1}),
    ]
    for kind, options in faults:
        await bench.fault(kind, **options)
        told.append(await bench.do("licence-auth", identity_number=NUMBER))
    await bench.control("POST", "/_sandbox/clock", {"advance": 3600})
    told.append(await bench.do("licence-get", auth_code="secret-auth-code"))
    text = f"{told}{logged.entries}"
    for hidden in (NUMBER, "secret-auth-code", "demo-paas-token", "demo-system"):
        assert hidden not in text
    assert [entry["event"] for entry in logged.entries] == ["clock.corrected"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    JSON | st.fixed_dictionaries({"errcode": JSON, "errmsg": JSON, "errors": JSON}),
    st.integers(200, 599),
    st.sampled_from(["errcode", "a.b", "errors.0"]),
)
def test_no_answer_is_too_odd(body: Any, status: int, field: str) -> None:
    try:
        ending = read(service(success_field=field), reply(body, status))
    except AnswerLostError:
        return
    assert isinstance(ending, Accepted | Rejected | Retry | Dead | Stopped)
    assert not (isinstance(ending, Accepted) and status >= 300)
