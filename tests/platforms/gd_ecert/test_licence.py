"""The licence operations (facts B3): what is sent, what comes back, and the odd `data_fields`."""

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outcome import Accepted, Category, Dead, Rejected, Retry
from tests.platforms.gd_ecert.bench import NUMBER, Bench, do, saying, wired
from workers.gd_ecert.licence import LARGEST_TEXT, data_fields, with_data_fields

PATHS = {name: {"path": name} for name in ("licence-auth", "licence-get", "licence-archive", "licence-token")}
FIELDS = {"CYRMC": "张三", "CYRSFZJLX": "10", "SYQX": "5 年"}


async def response(bench: Bench, operation: str, **data: Any) -> dict[str, Any]:
    ending = await bench.do(operation, **data)
    assert isinstance(ending, Accepted), ending
    return dict(ending.response or {})


async def test_a_holders_licences_come_with_a_code_for_each_and_readable_data_fields(bench: Bench) -> None:
    found = await response(bench, "licence-auth", identity_number=NUMBER, request_id="r-1")
    assert (found["total_count"], found["correlation_id"]) == (3, "r-1")
    assert [licence["data_fields"] for licence in found["data"]] == [FIELDS] * 3
    assert found["auth_codes"] == [licence["auth_code"] for licence in found["data"]]


async def test_licences_come_page_by_page_up_to_150(bench: Bench) -> None:
    pages = [
        await response(bench, "licence-auth", identity_number="440106199001010000", page_size=150, page_index=index)
        for index in (1, 2, 3)
    ]
    assert [len(page["data"]) for page in pages] == [150, 50, 0]
    usual = await response(bench, "licence-auth", identity_number="440106199001010000")
    assert (len(usual["data"]), usual["total_count"]) == (10, 200)


async def test_several_holders_are_asked_for_at_once(bench: Bench) -> None:
    found = await response(bench, "licence-auth", identity_number=f"{NUMBER},91440101MA5XXXXX0A")
    assert found["total_count"] == 5


async def test_a_code_opens_data_file_and_viewer_of_its_licence(bench: Bench) -> None:
    found = await response(bench, "licence-auth", identity_number=NUMBER)
    for code, licence in zip(found["auth_codes"], found["data"], strict=True):
        data = (await response(bench, "licence-get", auth_code=code))["data"]
        assert (data["license_code"], data["data_fields"]) == (licence["license_code"], FIELDS)
        file = (await response(bench, "licence-archive", auth_code=code, show_sensitive_data=False))["data"]
        assert base64.b64decode(file["file_data"]).startswith(b"%PDF")
        token = await response(bench, "licence-token", auth_code=code)
        assert token["data"]["license_access_token"]
        assert token["view_url"] is None


async def test_an_unknown_code_is_refused_with_the_errors_of_the_answer(bench: Bench) -> None:
    for operation in ("licence-get", "licence-archive", "licence-token"):
        ending = await bench.do(operation, auth_code="unknown")
        assert isinstance(ending, Rejected)
        assert (ending.code, ending.category) == ("FAILURE", Category.REJECTED)
        assert ending.message == "1003 SIM-1003 用证码不存在或已过期"


async def test_an_identifier_in_the_wrong_place_is_noticed_by_the_platform(bench: Bench) -> None:
    ending = await bench.do("licence-auth", identity_number=NUMBER)
    assert isinstance(ending, Accepted)
    services = {"licence-auth": {"path": "license/auth", "placement": {"system_id": "query"}}}
    given = bench.settings.model_copy(
        update={
            "services": type(bench.settings)
            .model_validate({"environment": "test", "system_id": "demo-system", "services": services})
            .services
        }
    )
    bench.client.settings = given
    ending = await bench.do("licence-auth", identity_number=NUMBER)
    assert isinstance(ending, Rejected)
    assert "system_id" in ending.message


@pytest.mark.parametrize(
    ("operation", "data", "query", "body"),
    [
        (
            "licence-auth",
            {"identity_number": "1", "page_size": 5, "operator": {"name": "李四"}},
            {},
            {"identity_number": "1", "page_size": 5, "operator": {"name": "李四"}},
        ),
        ("licence-get", {"auth_code": "a+b"}, {"auth_code": "a+b"}, None),
        (
            "licence-archive",
            {"auth_code": "a", "file_type": "pdf", "show_sensitive_data": False},
            {"auth_code": "a", "file_type": "pdf", "show_sensitive_data": "false"},
            None,
        ),
        ("licence-token", {"auth_code": "a"}, {"auth_code": "a"}, None),
    ],
)
async def test_parameters_travel_as_documented(
    operation: str, data: dict[str, Any], query: dict[str, str], body: Any
) -> None:
    async with wired(saying({"ack_code": "FAILURE"}), services=PATHS) as (wire, client):
        await do(client, operation, **data)
    sent = wire.requests[0]
    assert (sent.method, dict(sent.query)) == ("GET" if body is None else "POST", query)
    assert sent.path == f"/ebus/dzzz_convergence-service/{operation}"
    assert (json.loads(wire.bodies[0]) if wire.bodies[0] else None) == body


async def test_where_parameters_travel_is_a_setting() -> None:
    services = {
        "licence-auth": {"path": "a", "query_fields": ["request_id", "page_size"]},
        "licence-get": {"path": "g", "method": "POST", "passid": "elsewhere"},
    }
    async with wired(saying({"ack_code": "FAILURE"}), services=services) as (wire, client):
        await do(client, "licence-auth", identity_number="1", request_id="r", page_size=5)
        await do(client, "licence-get", auth_code="a")
    assert dict(wire.requests[0].query) == {"request_id": "r", "page_size": "5"}
    assert json.loads(wire.bodies[0]) == {"identity_number": "1"}
    assert (wire.requests[1].path, json.loads(wire.bodies[1])) == ("/ebus/elsewhere/g", {"auth_code": "a"})


async def test_the_viewers_address_is_given_where_its_root_is_known() -> None:
    answer = saying({"ack_code": "SUCCESS", "data": {"license_access_token": "t+/="}})
    async with wired(answer, services=PATHS, licence_web_root="https://viewer.example/root/") as (_, client):
        ending = await do(client, "licence-token", auth_code="a")
    assert isinstance(ending, Accepted)
    expected = "https://viewer.example/root/license/view_license?license_access_token=t%2B/%3D"
    assert (ending.response or {})["view_url"] == expected


@pytest.mark.parametrize(
    ("operation", "bodies"),
    [
        ("licence-auth", [{"data": {}}, {"data": "x"}, {"data": [], "auth_codes": "x"}]),
        ("licence-get", [{}, {"data": None}, {"data": "x"}]),
        (
            "licence-archive",
            [{}, {"data": []}, {"data": {"file_name": "a"}}, {"data": {"file_name": 1, "file_data": ""}}],
        ),
        ("licence-token", [{}, {"data": {}}, {"data": {"license_access_token": None}}]),
    ],
)
async def test_an_answer_without_what_was_asked_for_is_lost_and_asked_again(
    operation: str, bodies: list[dict[str, Any]]
) -> None:
    data = {"identity_number": "1"} if operation == "licence-auth" else {"auth_code": "a"}
    for body in bodies:
        async with wired(saying({"ack_code": "SUCCESS", **body}), services=PATHS) as (_, client):
            ending = await do(client, operation, **data)
        assert isinstance(ending, Retry)
        assert ending.code == "unreadable-answer"


async def test_a_holder_without_licences_is_an_answer_too() -> None:
    body: dict[str, Any]
    for body in ({"data": []}, {"data": None, "auth_codes": None}, {}):
        async with wired(saying({"ack_code": "SUCCESS", "total_count": 0, **body}), services=PATHS) as (_, client):
            ending = await do(client, "licence-auth", identity_number="1")
        assert isinstance(ending, Accepted)
        assert (ending.response or {})["data"] == (ending.response or {})["auth_codes"] == []


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        ([], "服务拒绝"),
        ([{"code": "1", "message": "无权限", "inner_code": "X"}], "1 X 无权限"),
        ([{"code": "1"}, {"message": "b"}], "1; b"),
        (["text", 5, None, {}, {"code": []}], "text; 5"),
    ],
)
async def test_a_failure_says_what_its_errors_say(errors: list[Any], message: str) -> None:
    answer = saying({"ack_code": "FAILURE", "errors": errors})
    async with wired(answer, services=PATHS) as (_, client):
        ending = await do(client, "licence-get", auth_code="a")
    assert isinstance(ending, Rejected)
    assert ending.message == message


async def test_an_ack_code_that_is_neither_is_unknown(bench: Bench) -> None:
    await bench.fault("ack", ack_code="PARTIAL")
    ending = await bench.do("licence-get", auth_code="a")
    assert isinstance(ending, Dead)
    assert (ending.code, ending.category) == ("PARTIAL", Category.UNKNOWN)


@pytest.mark.parametrize(
    ("came", "read"),
    [
        (FIELDS, FIELDS),
        (json.dumps(FIELDS), FIELDS),
        (str(FIELDS), FIELDS),
        ("{'a': 'it\\'s \"so\"', \"b\": 'x'}", {"a": 'it\'s "so"', "b": "x"}),
        ("{'a': None, 'b': True, 'c': False, 'd': [1, -2.5]}", {"a": None, "b": True, "c": False, "d": [1, -2.5]}),
        ("{'a': 'None True'}", {"a": "None True"}),
        ("{'a': 'line\nbreak\ttab'}", {"a": "line\nbreak\ttab"}),
        ("{'a': '\\u5f20 \\n'}", {"a": "张 \n"}),
        ('{"a": "it\'s"}', {"a": "it's"}),
        (" {} ", {}),
    ],
)
def test_data_fields_is_read_as_the_object_it_stands_for(came: Any, read: Any) -> None:
    assert data_fields(came) == read


@pytest.mark.parametrize(
    "came",
    [
        *("", "text", "[1]", "'a'", "{'a': 'O'Neil'}", "{'a': 1,}", "{'a'", "{'a': x}", "null", "{'a': 1} {'b': 2}"),
        *("__import__('os').system('true')", "{'a': __import__('os')}", "{**{}}", "{'a': 1 + 1}", "{'a': '\\x41'}"),
        *(None, 5, True, ["a"], "{" * 5000, "{'a':" * 5000, "{'a': 1}" + " " * LARGEST_TEXT),
    ],
)
def test_what_cannot_be_read_stays_as_it_came(came: Any) -> None:
    assert data_fields(came) == came


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.none() | st.booleans(), max_size=5))
def test_every_object_survives_json_in_a_text(fields: dict[str, Any]) -> None:
    assert data_fields(json.dumps(fields)) == fields
    assert data_fields(json.dumps(fields, ensure_ascii=False)) == fields


PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp", "Zs", "Cn", "Co"]) | st.just(" "))


@given(st.dictionaries(PLAIN, PLAIN | st.none() | st.booleans() | st.integers(-(2**53), 2**53), max_size=5))
def test_every_object_of_printable_texts_survives_single_quotes(fields: dict[str, Any]) -> None:
    assert data_fields(str(fields)) == fields


@given(st.text(alphabet="{}[]'\"\\:, aN\nu0") | st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(data_fields(text), str | dict)


@pytest.mark.parametrize("piece", ["'", '"', "\\'", "'\\", "{'", "a", "\\", "{'a':"])
def test_no_text_takes_long(piece: str) -> None:
    started = time.perf_counter()
    data_fields(piece * (LARGEST_TEXT // len(piece)))
    assert time.perf_counter() - started < 10  # a second search for every quote would take minutes


def test_data_fields_is_found_in_one_licence_and_in_a_list() -> None:
    odd, read = {"name": "x", "data_fields": "{'a': 1}"}, {"name": "x", "data_fields": {"a": 1}}
    assert with_data_fields(odd) == read
    assert with_data_fields([odd, "text", odd]) == [read, "text", read]
