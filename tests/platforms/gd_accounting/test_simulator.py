"""Every rule of the interface document that the simulator enforces, over real HTTP. Numbers are sections."""

import base64
import json
import re
import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from workers.gd_accounting.simulator import PLATFORM, create_app
from workers.gd_accounting.simulator.checks import checked
from workers.gd_accounting.simulator.codes import Refused
from workers.gd_accounting.simulator.dictionaries import codes
from workers.gd_accounting.simulator.endpoints import CREDIT, ENDPOINTS, Endpoint, Field
from workers.gd_accounting.simulator.learners import Learner, signature

APP_ID, SECRET = "school-1", "TESTSECRET0123456789abcdef012345"
OTHER_ID, OTHER_SECRET = "school-2", "another-secret"
TICKET = "208cbc66aaef4317843c6cedabe319e0"
NOON = 1_700_000_000.0  # 2023-11-15 06:13:20 in Beijing

VALID: dict[str, Any] = {
    "ticket": TICKET,
    "year": 2023,
    "areaCode": "440106",
    "eduType": "PRO",
    "courseTypeCode": "PRO_A20101",
    "credit": 30.5,
    "regTime": "2023-11-01 08:00:00",
    "cancelTime": "2023-11-02 08:00:00",
    "loginTime": "2023-11-03 08:00:00",
    "startTime": "2023-11-15 06:00:00",
    "endTime": "2023-11-15 07:00:00",
    "appId": APP_ID,
    "secret": SECRET,
    "uuid": "0" * 32,
    "authorizationCode": "0",
}
LEARNER: dict[str, Any] = {
    "ticket": TICKET,
    "idNum": "440681198512063416",
    "realName": "张三",
    "year": 2021,
    "areaCode": "440106",
}


class School:
    """What an institution, a learner and the platform's operators can do; answers are the parsed bodies."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client
        self.token = ""

    async def call(
        self, path: str, values: Mapping[str, Any], *, token: str | None = None, **options: Any
    ) -> dict[str, Any]:
        endpoint = next(each for each in ENDPOINTS if each.path.endswith(f"/{path}"))
        how: dict[str, Any] = {"params" if endpoint.method == "GET" else "json": values}
        how["headers"] = {"Authorization": f"Bearer {self.token if token is None else token}"}
        async with self.client.request(endpoint.method, endpoint.path, **how | options) as response:
            assert response.status == 200
            assert response.content_type == "application/json"
            answer: dict[str, Any] = await response.json()
        assert set(answer) == {"status", "msg", "data"}
        return answer

    async def code(self, path: str, **changes: Any) -> str:
        status: str = (await self.call(path, valid(path, **changes)))["status"]
        return status

    async def data(self, path: str, **changes: Any) -> Any:
        answer = await self.call(path, valid(path, **changes))
        assert answer["status"] == "200", answer
        return answer["data"]

    async def login(self, app_id: str = APP_ID, secret: str = SECRET) -> str:
        self.token = (await self.data("login", appId=app_id, secret=secret))["token"]
        return self.token

    async def control(self, path: str, status: int = 200, /, **order: Any) -> dict[str, Any]:
        async with self.client.post(f"/_sandbox/{path}", json=order) as response:
            assert response.status == status, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def state(self) -> dict[str, Any]:
        async with self.client.get("/_sandbox/state") as response:
            state: dict[str, Any] = await response.json()
            return state

    async def later(self, seconds: float) -> None:
        await self.control("clock", advance=seconds)


def valid(path: str, **changes: Any) -> dict[str, Any]:
    endpoint = next(each for each in ENDPOINTS if each.path.endswith(f"/{path}"))
    return {field.name: VALID[field.name] for field in endpoint.fields} | changes


@pytest.fixture
async def school() -> AsyncIterator[School]:
    app = create_app(app_id=APP_ID, secret=SECRET, institutions={OTHER_ID: OTHER_SECRET}, clock=lambda: NOON)
    async with TestClient(TestServer(app)) as client:
        school = School(client)
        await school.login()
        yield school


# --- 11 token


async def test_a_login_answers_a_token_that_opens_the_business_endpoints(school: School) -> None:
    answer = await school.call("login", valid("login"))
    assert (answer["status"], answer["msg"]) == ("200", "调用成功")
    assert 0 < len(answer["data"]["token"].encode()) <= 512
    school.token = answer["data"]["token"]
    assert await school.code("checkAccountReg") == "200"


async def test_an_unknown_app_id_and_a_wrong_secret_are_told_apart(school: School) -> None:
    assert await school.code("login", appId="nobody") == "A0201"
    assert await school.code("login", secret="wrong") == "A0210"
    assert (await school.state())["logins"] == {"succeeded": 1, "failed": 2}


async def test_five_wrong_secrets_lock_the_account_also_for_the_right_one_until_unlocked(
    school: School,
) -> None:
    assert [await school.code("login", secret="wrong") for _ in range(6)] == ["A0210"] * 5 + ["A0211"]
    assert await school.code("login") == "A0211"
    assert await school.code("login", appId=OTHER_ID, secret=OTHER_SECRET) == "200"
    assert (await school.state())["institutions"][APP_ID]["locked"]
    assert await school.control("unlock", app_id=APP_ID) == {"unlocked": [APP_ID]}
    assert await school.code("login") == "200"


async def test_a_right_secret_forgets_the_wrong_ones_before_it(school: School) -> None:
    for _ in range(2):
        assert [await school.code("login", secret="wrong") for _ in range(4)] == ["A0210"] * 4
        assert await school.code("login") == "200"


async def test_unlock_without_a_name_unlocks_everybody_and_refuses_names_it_does_not_know(
    school: School,
) -> None:
    assert await school.control("unlock") == {"unlocked": [APP_ID, OTHER_ID]}
    assert "nobody" in (await school.control("unlock", 400, app_id="nobody"))["error"]


async def test_a_new_login_kills_the_token_before_it(school: School) -> None:
    old = school.token
    new = await school.login()
    assert old != new
    assert (await school.call("checkAccountReg", valid("checkAccountReg"), token=old))["status"] == "A0311"
    assert (await school.call("checkAccountReg", valid("checkAccountReg"), token=new))["status"] == "200"
    assert (await school.state())["dead_token_calls"] == 1


async def test_the_tokens_of_two_institutions_live_side_by_side(school: School) -> None:
    first = school.token
    await school.login(OTHER_ID, OTHER_SECRET)
    assert await school.code("checkAccountReg") == "200"
    school.token = first
    assert await school.code("checkAccountReg") == "200"


async def test_a_token_lives_thirty_minutes_from_its_last_business_call(school: School) -> None:
    for _ in range(3):
        await school.later(1799)
        assert await school.code("checkAccountReg") == "200"
    await school.later(1801)
    assert await school.code("checkAccountReg") == "A0311"
    await school.later(-1801)
    assert await school.code("checkAccountReg") == "200"


async def test_endpoints_without_login_do_not_renew_the_token(school: School) -> None:
    await school.later(1000)
    assert await school.code("mobile/syncLoginInfo") == "200"
    await school.later(1000)
    assert await school.code("checkAccountReg") == "A0311"


async def test_how_long_a_token_lives_and_how_many_wrong_secrets_are_allowed_can_be_set() -> None:
    app = create_app(app_id=APP_ID, secret=SECRET, token_ttl=1, max_wrong_secrets=1, clock=lambda: NOON)
    async with TestClient(TestServer(app)) as client:
        school = School(client)
        await school.login()
        await school.later(2)
        assert await school.code("checkAccountReg") == "A0311"
        assert [await school.code("login", secret="wrong") for _ in range(2)] == ["A0210", "A0211"]


LOGIN_NEEDED = [endpoint.path.partition("/intf/org/")[2] for endpoint in ENDPOINTS if endpoint.login]


def test_only_login_get_data_and_the_mobile_login_need_no_token() -> None:
    assert {each.name for each in ENDPOINTS if not each.login} == {"login", "getData", "syncLoginInfo"}


@pytest.mark.parametrize("path", LOGIN_NEEDED)
@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "A0103"),
        ("", "A0103"),
        ("{token}", "A0103"),
        ("Bearer", "A0103"),
        ("Bearer ", "A0103"),
        ("Basic {token}", "A0103"),
        ("Bearer never-issued", "A0200"),
        ("bearer {token}", "200"),
    ],
)
async def test_the_token_must_be_in_the_authorization_header_as_bearer(
    school: School, path: str, header: str | None, code: str
) -> None:
    headers = {} if header is None else {"Authorization": header.format(token=school.token)}
    await school.control("verify", ticket=TICKET, courseTypeCode=VALID["courseTypeCode"])
    uuid = (await school.data("getQRCode"))["uuid"]
    changes = {"uuid": uuid} if path == "verificationResults" else {}
    answer = await school.call(path, valid(path, **changes), headers=headers)
    assert answer["status"] == code


# --- what every endpoint checks: 12 A0415, A0416, A0419

FIELDS = [
    pytest.param(endpoint, field, id=f"{endpoint.section}-{endpoint.name}-{field.name}")
    for endpoint in ENDPOINTS
    for field in endpoint.fields
]
WITH_LENGTH = [each for each in FIELDS if isinstance(each.values[1], Field) and each.values[1].length]


def test_the_table_says_what_the_document_says() -> None:
    lengths = {each.name: {field.name: field.length for field in each.fields} for each in ENDPOINTS}
    enrolment = {"ticket": 512, "year": 4, "areaCode": 6, "eduType": 3}
    assert lengths == {
        "getData": {"authorizationCode": 1024},
        "checkAccountReg": {"ticket": 512},
        "accountantReg": enrolment | {"regTime": 20},
        "cancelAccountReg": enrolment | {"cancelTime": 20},
        "syncLoginInfo": {"ticket": 512, "loginTime": 19, "year": 4, "areaCode": 6, "appId": 32},
        "getQRCode": {"ticket": 512, "areaCode": 6, "eduType": 3, "courseTypeCode": 10},
        "verificationResults": {"ticket": 512, "uuid": None},
        "synchronizeScore": enrolment | {"courseTypeCode": 10, "credit": None, "startTime": 20, "endTime": 20},
        "login": {"appId": 32, "secret": 32},
    }


@pytest.mark.parametrize(("endpoint", "field"), FIELDS)
@pytest.mark.parametrize("sent", ["nothing", None, "", "  "], ids=["absent", "null", "empty", "blank"])
async def test_a_missing_parameter_is_named(
    school: School, endpoint: Endpoint, field: Field, sent: str | None
) -> None:
    path = endpoint.path.rpartition("/intf/")[2].removeprefix("org/")
    values = valid(path)
    del values[field.name]
    if sent != "nothing" and not (sent is None and endpoint.method == "GET"):
        values[field.name] = sent
    answer = await school.call(path, values)
    assert answer["status"] == "A0415"
    assert answer["msg"] == f"缺少必填的请求参数：{field.name}"
    assert answer["data"] is None


@pytest.mark.parametrize(("endpoint", "field"), WITH_LENGTH)
async def test_a_parameter_longer_than_the_document_allows_is_refused(
    school: School, endpoint: Endpoint, field: Field
) -> None:
    path = endpoint.path.rpartition("/intf/")[2].removeprefix("org/")
    assert field.length is not None
    sent: Any = 10**field.length if field.type == "int" else "x" * (field.length + 1)
    answer = await school.call(path, valid(path, **{field.name: sent}))
    assert answer["status"] == "A0416"
    assert field.name in answer["msg"]


async def test_lengths_are_counted_in_bytes_of_utf8(school: School) -> None:
    assert await school.code("checkAccountReg", ticket="x" * 512) == "200"
    assert await school.code("checkAccountReg", ticket="会" * 170 + "xx") == "200"
    assert await school.code("checkAccountReg", ticket="会" * 171) == "A0416"


JSON_FIELDS = [each for each in FIELDS if each.values[0].method == "POST"]  # type: ignore[union-attr]


@pytest.mark.parametrize(("endpoint", "field"), JSON_FIELDS)
@pytest.mark.parametrize("sent", [True, [], {}, "text-or-number"])
async def test_a_json_value_of_another_type_is_malformed(
    school: School, endpoint: Endpoint, field: Field, sent: Any
) -> None:
    path = endpoint.path.rpartition("/intf/")[2].removeprefix("org/")
    if sent == "text-or-number":
        sent = 1 if field.type == "String" else "1"
    answer = await school.call(path, valid(path, **{field.name: sent}))
    assert answer["status"] == "A0419"
    assert field.name in answer["msg"]


MOMENTS = [
    ("accountantReg", "regTime"),
    ("cancelAccountReg", "cancelTime"),
    ("mobile/syncLoginInfo", "loginTime"),
    ("synchronizeScore", "startTime"),
    ("synchronizeScore", "endTime"),
]


@pytest.mark.parametrize(("path", "name"), MOMENTS)
@pytest.mark.parametrize(
    "moment",
    [
        "2023-11-15",
        "2023/11/15 06:00:00",
        "2023-11-15T06:00:00",
        "2023-1-15 06:00:00",
        "2023-02-30 06:00:00",
        "2023-11-15 24:00:00",
        "2023-11-15 06:60:00",
        "20231115060000",
        "２０２３-11-15",
    ],
)
async def test_a_time_that_is_not_written_as_documented_is_malformed(
    school: School, path: str, name: str, moment: str
) -> None:
    answer = await school.call(path, valid(path, **{name: moment}))
    assert answer["status"] == "A0419"
    assert name in answer["msg"]


def paths_with(name: str) -> list[str]:
    having = [each for each in ENDPOINTS if name in {field.name for field in each.fields}]
    return [each.path.rpartition("/intf/")[2].removeprefix("org/") for each in having]


@pytest.mark.parametrize("path", paths_with("year"))
async def test_years_before_2021_are_not_taken(school: School, path: str) -> None:
    assert await school.code(path, year=2020) == "A0416"
    assert await school.code(path, year=-1) == "A0416"


@pytest.mark.parametrize("path", paths_with("areaCode"))
async def test_a_division_that_is_not_in_the_dictionary_is_refused(school: School, path: str) -> None:
    assert await school.code(path, areaCode="110000") == "A0416"


@pytest.mark.parametrize("path", paths_with("eduType"))
@pytest.mark.parametrize("edu_type", ["XXX", "pro", "PR"])
async def test_an_edu_type_other_than_pub_and_pro_is_refused(school: School, path: str, edu_type: str) -> None:
    assert await school.code(path, eduType=edu_type) == "A0416"


@pytest.mark.parametrize("path", paths_with("courseTypeCode"))
@pytest.mark.parametrize(
    ("edu_type", "course"),
    [("PRO", "PRO_A99999"), ("PRO", "pro_a20101"), ("PRO", "PUB_01"), ("PUB", "PRO_A20101")],
)
async def test_a_course_must_be_in_the_dictionary_of_its_edu_type(
    school: School, path: str, edu_type: str, course: str
) -> None:
    assert await school.code(path, eduType=edu_type, courseTypeCode=course) == "A0416"


def test_the_dictionaries_are_those_of_section_13() -> None:
    sizes = {"administrative_divisions": 204, "edu_types": 2, "professional_courses": 23, "public_courses": 2}
    assert {name: len(codes(name)) for name in sizes} == sizes


@pytest.mark.parametrize("end", ["2023-11-15 06:00:00", "2023-11-15 05:59:59"])
async def test_the_end_must_be_after_the_start(school: School, end: str) -> None:
    assert await school.code("synchronizeScore", endTime=end) == "A0416"


@pytest.mark.parametrize(
    ("credit", "code"),
    [
        ("30", "200"),
        ("30.00", "200"),
        ("0.01", "200"),
        ("30.500", "200"),
        ("0", "200"),
        ("0.000", "200"),
        ("3e1", "200"),
        ("30.005", "A0419"),
        ("0.1000000000000000000000000000000001", "A0419"),
        ("1e-3", "A0419"),
        ("1e-999999999", "A0419"),
        ("1e99999999999999999999", "A0419"),
        ("NaN", "A0419"),
        ("Infinity", "A0419"),
        ("-1", "A0416"),
    ],
)
async def test_a_credit_has_at_most_two_decimals_as_written(school: School, credit: str, code: str) -> None:
    await school.control("verify", ticket=TICKET, courseTypeCode=VALID["courseTypeCode"])
    body = json.dumps(valid("synchronizeScore", credit="?")).replace('"?"', credit)
    answer = await school.call("synchronizeScore", {}, json=None, data=body)
    assert answer["status"] == code


@pytest.mark.parametrize("body", [b"no json", b"[]", b'"text"', b"1", b'{"ticket": ', b"\xff\xfe", b"[" * 200_000])
async def test_a_body_that_is_no_json_object_is_malformed(school: School, body: bytes) -> None:
    assert (await school.call("checkAccountReg", {}, json=None, data=body))["status"] == "A0419"


async def test_an_empty_body_lacks_every_parameter(school: School) -> None:
    assert (await school.call("checkAccountReg", {}, json=None))["status"] == "A0415"


async def test_text_that_utf8_cannot_carry_is_malformed(school: School) -> None:
    answer = await school.call("checkAccountReg", {}, json=None, data=b'{"ticket": "\\ud800"}')
    assert answer["status"] == "A0419"


@pytest.mark.parametrize("path", ["accountantReg", "cancelAccountReg", "checkAccountReg", "login"])
async def test_a_form_is_taken_as_well_as_json(school: School, path: str) -> None:
    values = {name: str(value) for name, value in valid(path).items()}
    assert (await school.call(path, {}, json=None, data=values))["status"] == "200"


@pytest.mark.parametrize(
    ("name", "text"), [("year", "next"), ("year", "9" * 5000), ("credit", "30.005"), ("credit", "1e1")]
)
async def test_numbers_in_a_form_must_be_numbers_too(school: School, name: str, text: str) -> None:
    values = {key: str(value) for key, value in valid("synchronizeScore").items()} | {name: text}
    assert (await school.call("synchronizeScore", {}, json=None, data=values))["status"] == "A0419"


async def test_what_the_document_does_not_ask_for_is_ignored(school: School) -> None:
    assert await school.code("checkAccountReg", extra={"a": [1]}) == "200"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(),
    st.lists,
    max_leaves=3,
)


@given(st.fixed_dictionaries({}, optional={field.name: JSON_VALUES for field in CREDIT.fields}))
def test_whatever_is_sent_is_either_valid_or_refused(sent: dict[str, Any]) -> None:
    with suppress(Refused):
        values = checked(CREDIT, valid("synchronizeScore") | sent, typed=True)
        assert set(values) == {field.name for field in CREDIT.fields}


# --- 3 getData


async def fetched(school: School, **order: Any) -> dict[str, Any]:
    code = (await school.control("authorize", **LEARNER | order))["authorizationCode"]
    answer = await school.call("getData", {"authorizationCode": code}, headers={})
    assert (answer["status"], answer["msg"]) == ("200", "授权码验证成功")
    assert answer["data"].startswith(" ")
    text = base64.b64decode(answer["data"].strip()).decode()
    assert ",\n" in text
    learner: dict[str, Any] = json.loads(text)
    return learner


async def test_an_authorization_code_looks_like_the_documents_sample(school: School) -> None:
    code = (await school.control("authorize", **LEARNER))["authorizationCode"]
    assert re.fullmatch(r"[0-9a-f]{32}-[0-9a-f]{96}-[0-9]{13}", code)
    assert code.endswith("-1700000000000")


async def test_get_data_answers_the_learner_oddly_encoded_and_signed_as_in_the_sample(
    school: School,
) -> None:
    assert await fetched(school) == LEARNER | {
        "year": "2021",
        "sign": "0404a2d5d484d0a4f39221fd93e4758f",
    }


async def test_a_qualification_level_is_sent_and_signed_when_there_is_one(school: School) -> None:
    learner = await fetched(school, pqLevel="3")
    named = Learner(TICKET, "440681198512063416", "张三", "3", "2021", "440106")
    assert (learner["pqLevel"], learner["sign"]) == ("3", signature(named, SECRET))
    assert learner["sign"] != "0404a2d5d484d0a4f39221fd93e4758f"


async def test_a_learner_sent_to_another_institution_is_signed_with_its_secret(school: School) -> None:
    named = Learner(TICKET, "440681198512063416", "张三", None, "2021", "440106")
    assert (await fetched(school, app_id=OTHER_ID))["sign"] == signature(named, OTHER_SECRET)


async def test_get_data_can_be_made_to_answer_what_it_should_not(school: School) -> None:
    assert (await fetched(school, bad_sign=True))["sign"] != "0404a2d5d484d0a4f39221fd93e4758f"
    assert "areaCode" not in await fetched(school, omit=["areaCode"])


async def test_an_authorization_code_works_once(school: School) -> None:
    code = (await school.control("authorize", **LEARNER))["authorizationCode"]
    assert await school.code("getData", authorizationCode=code) == "200"
    assert await school.code("getData", authorizationCode=code) == "A0311"


async def test_an_authorization_code_that_was_never_issued_is_refused(school: School) -> None:
    assert await school.code("getData", authorizationCode="made-up") == "A0416"


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ({"ticket": None}, "ticket"),
        ({"app_id": "nobody"}, "nobody"),
        ({"bad_sign": "perhaps"}, "bad_sign"),
        ({"omit": ["ticket"]}, "omit"),
        ({"colour": 1}, "colour"),
    ],
)
async def test_an_authorization_that_cannot_be_meant_is_refused_with_the_reason(
    school: School, order: dict[str, Any], names: str
) -> None:
    assert names in (await school.control("authorize", 400, **LEARNER | order))["error"]


# --- 4, 5, 6 enrolment


async def test_a_learner_may_enrol_unless_the_institution_is_not_filed_for_him(school: School) -> None:
    assert await school.data("checkAccountReg") == {"check": True}
    await school.control("unregistered", tickets=[TICKET])
    assert await school.data("checkAccountReg") == {"check": False}
    await school.control("unregistered")
    assert await school.data("checkAccountReg") == {"check": True}


async def test_a_learner_of_a_division_that_is_not_filed_may_not_enrol(school: School) -> None:
    await school.control("unregistered", divisions=["440106"])
    assert await school.data("checkAccountReg") == {"check": True}, "his division is not known yet"
    await school.control("authorize", **LEARNER)
    assert await school.data("checkAccountReg") == {"check": False}


async def test_an_enrolment_is_taken_once_per_learner_year_and_type(school: School) -> None:
    assert await school.data("accountantReg") is None
    assert await school.code("accountantReg", regTime="2023-11-01 09:00:00") == "A0506"
    assert await school.code("accountantReg", eduType="PUB") == "200"
    assert await school.code("accountantReg", year=2024) == "200"
    assert await school.code("accountantReg", ticket="another") == "200"
    assert (await school.state())["accepted"]["accountantReg"] == 4


async def test_another_institution_may_enrol_the_same_learner(school: School) -> None:
    assert await school.code("accountantReg") == "200"
    await school.login(OTHER_ID, OTHER_SECRET)
    assert await school.code("accountantReg") == "200"


async def test_an_enrolment_where_the_institution_is_not_filed_is_taken_and_marked(school: School) -> None:
    await school.control("unregistered", divisions=["440106"])
    assert await school.code("accountantReg") == "200"
    assert await school.code("accountantReg", ticket="other", areaCode="440103") == "200"
    marks = {each["ticket"]: each["abnormal"] for each in (await school.state())["enrolments"]}
    assert marks == {TICKET: True, "other": False}


async def test_a_cancelled_enrolment_can_be_made_again(school: School) -> None:
    assert await school.code("accountantReg") == "200"
    assert await school.data("cancelAccountReg") == {"cancel": True}
    assert (await school.state())["enrolments"] == []
    assert await school.code("accountantReg") == "200"


async def test_cancelling_what_is_not_enrolled_answers_false(school: School) -> None:
    assert await school.data("cancelAccountReg") == {"cancel": False}


# --- 7 mobile login


async def test_a_mobile_login_needs_no_token_but_an_app_id_that_was_assigned(school: School) -> None:
    answer = await school.call("mobile/syncLoginInfo", valid("mobile/syncLoginInfo"), headers={})
    assert answer["status"] == "200"
    assert await school.code("mobile/syncLoginInfo", appId="nobody") == "A0201"


# --- 8, 9 QR code and its verification


async def test_a_qr_code_comes_as_a_png_with_a_uuid_and_two_minutes(school: School) -> None:
    data = await school.data("getQRCode")
    assert set(data) == {"imageBase64", "uuid", "validaty"}
    assert (len(data["uuid"]), data["validaty"]) == (32, 120)
    image = base64.b64decode(data["imageBase64"])
    width, height = struct.unpack(">II", image[16:24])
    lines = zlib.decompress(image[image.index(b"IDAT") + 4 : image.index(b"IEND") - 8])
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    assert (width, height, len(lines)) == (100, 100, 100 * (1 + 13))


async def test_a_verification_waits_for_the_scan_and_then_stays(school: School) -> None:
    uuid = (await school.data("getQRCode"))["uuid"]
    assert await school.data("verificationResults", uuid=uuid) == "0"
    await school.control("scan", uuid=uuid)
    assert await school.data("verificationResults", uuid=uuid) == "1"
    await school.later(600)
    assert await school.data("verificationResults", uuid=uuid) == "1"


async def test_a_qr_code_that_nobody_scanned_for_two_minutes_has_timed_out(school: School) -> None:
    uuid = (await school.data("getQRCode"))["uuid"]
    await school.later(120)
    assert await school.data("verificationResults", uuid=uuid) == "0"
    await school.later(1)
    assert await school.data("verificationResults", uuid=uuid) == "2"
    assert "120 seconds" in (await school.control("scan", 400, uuid=uuid))["error"]


async def test_a_uuid_is_good_for_its_learner_only(school: School) -> None:
    uuid = (await school.data("getQRCode"))["uuid"]
    assert await school.code("verificationResults", uuid=uuid, ticket="another") == "A0416"
    assert await school.code("verificationResults", uuid="never-issued") == "A0416"
    assert "uuid" in (await school.control("scan", 400, uuid="never-issued"))["error"]


# --- 10 credits


async def test_a_credit_needs_a_verification_within_its_time(school: School) -> None:
    assert await school.code("synchronizeScore") == "A0727"
    uuid = (await school.data("getQRCode"))["uuid"]
    assert await school.code("synchronizeScore") == "A0727", "shown is not scanned"
    await school.control("scan", uuid=uuid)
    assert await school.code("synchronizeScore") == "200"


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2023-11-15 05:59:59", "A0727"),
        ("2023-11-15 06:00:00", "200"),
        ("2023-11-15 07:00:00", "200"),
        ("2023-11-15 07:00:01", "A0727"),
    ],
)
async def test_start_and_end_belong_to_the_time_of_a_course(school: School, at: str, code: str) -> None:
    await school.control("verify", ticket=TICKET, courseTypeCode=VALID["courseTypeCode"], at=at)
    assert await school.code("synchronizeScore") == code


async def test_a_scan_may_be_dated(school: School) -> None:
    uuid = (await school.data("getQRCode"))["uuid"]
    await school.control("scan", uuid=uuid, at="2024-05-01 10:00:00")
    assert await school.code("synchronizeScore") == "A0727"
    times = {"startTime": "2024-05-01 09:00:00", "endTime": "2024-05-01 11:00:00"}
    assert await school.code("synchronizeScore", **times) == "200"


async def test_a_verification_counts_for_its_learner_and_its_course_only(school: School) -> None:
    await school.control("verify", ticket="another", courseTypeCode=VALID["courseTypeCode"])
    await school.control("verify", ticket=TICKET, courseTypeCode="PRO_A20102")
    assert await school.code("synchronizeScore") == "A0727"


@pytest.mark.parametrize("at", ["2023-11-15", "2023-02-30 10:00:00", "yesterday", 5])
async def test_a_verification_time_that_cannot_be_meant_is_refused(school: School, at: Any) -> None:
    answer = await school.control("verify", 400, ticket=TICKET, courseTypeCode="PRO_A20101", at=at)
    assert answer["error"].startswith("at: ")


async def test_a_credit_is_taken_once_per_learner_year_and_course(school: School) -> None:
    for ticket, course in ((TICKET, "PRO_A20101"), (TICKET, "PRO_A20102"), ("another", "PRO_A20101")):
        await school.control("verify", ticket=ticket, courseTypeCode=course)
    assert await school.code("synchronizeScore") == "200"
    assert await school.code("synchronizeScore", credit=1) == "A0506"
    assert await school.code("synchronizeScore", courseTypeCode="PRO_A20102") == "200"
    assert await school.code("synchronizeScore", ticket="another") == "200"
    assert await school.code("synchronizeScore", year=2024) == "200"
    taken = (await school.state())["credits"]
    assert [each["credit"] for each in taken] == ["30.5"] * 4
    assert taken[0] == {"app_id": APP_ID} | valid("synchronizeScore", credit="30.5")


async def test_any_time_is_verified_where_verification_is_not_required() -> None:
    app = create_app(app_id=APP_ID, secret=SECRET, require_verification=False)
    async with TestClient(TestServer(app)) as client:
        school = School(client)
        await school.login()
        assert await school.code("synchronizeScore") == "200"
        assert app[PLATFORM].accepted["synchronizeScore"] == 1


# --- faults of this platform, state, reset, mounting


async def test_a_closed_platform_answers_every_call_with_a0508(school: School) -> None:
    await school.control("faults", 201, kind="closed")
    answer = await school.call("login", valid("login"))
    assert (answer["status"], answer["msg"]) == ("A0508", "系统数据接口已关闭")
    assert await school.code("synchronizeScore") == "A0508"
    assert await school.code("getData") == "A0508"


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ({"code": "X9999", "msg": "谁也不知道"}, {"status": "X9999", "msg": "谁也不知道", "data": None}),
        ({"code": "500"}, {"status": "500", "msg": "服务异常", "data": None}),
        ({"code": "C0508"}, {"status": "C0508", "msg": "用户请求服务异常", "data": None}),
        ({"code": "200", "data": "?"}, {"status": "200", "msg": "调用成功", "data": "?"}),
        ({"code": "X1"}, {"status": "X1", "msg": "", "data": None}),
    ],
)
async def test_any_code_can_be_answered_instead_of_the_platforms_own(
    school: School, order: dict[str, Any], answer: dict[str, Any]
) -> None:
    await school.control("faults", 201, kind="code", times=1, **order)
    assert await school.call("accountantReg", valid("accountantReg")) == answer
    assert await school.code("accountantReg") == "200"


async def test_a_killed_token_is_dead_before_the_call_is_handled(school: School) -> None:
    await school.control("faults", 201, kind="kill-token", times=1)
    assert await school.code("mobile/syncLoginInfo") == "200"
    assert await school.code("accountantReg") == "A0311"
    await school.login()
    assert await school.code("accountantReg") == "200"
    state = await school.state()
    assert (state["token_kills"], state["dead_token_calls"]) == (1, 1)
    assert state["logins"] == {"succeeded": 2, "failed": 0}


async def test_killing_waits_for_a_call_with_a_live_token(school: School) -> None:
    await school.control("faults", 201, kind="kill-token", times=1)
    live, school.token = school.token, ""
    assert await school.code("login", appId=OTHER_ID, secret=OTHER_SECRET) == "200"
    assert await school.code("accountantReg") == "A0103"
    school.token = live
    assert await school.code("accountantReg") == "A0311"


async def test_calls_are_recorded_with_the_codes_the_platform_decided(school: School) -> None:
    await school.code("accountantReg")
    await school.code("accountantReg")
    async with school.client.get("/_sandbox/calls?since=1") as response:
        recorded = await response.json()
    assert [call["decided"] for call in recorded["calls"]] == ["200", "A0506"]
    assert recorded["counts"]["/intf/org/accountantReg"] == {"200": 1, "A0506": 1}
    assert SECRET not in json.dumps(recorded)


async def test_a_reset_brings_the_platform_back_to_its_start(school: School) -> None:
    await school.control("verify", ticket=TICKET, courseTypeCode=VALID["courseTypeCode"])
    await school.control("unregistered", tickets=["x"], divisions=["440106"])
    uuid = (await school.data("getQRCode"))["uuid"]
    assert await school.code("synchronizeScore") == "200"
    assert await school.code("accountantReg") == "200"
    await school.code("login", secret="wrong")
    await school.control("reset")
    assert await school.code("accountantReg") == "A0200"
    await school.login()
    assert await school.state() == {
        "logins": {"succeeded": 1, "failed": 0},
        "dead_token_calls": 0,
        "token_kills": 0,
        "institutions": (await school.state())["institutions"],
        "accepted": {"login": 1},
        "verifications": {"shown": 0, "verified": 0},
        "enrolments": [],
        "credits": [],
        "unregistered": {"tickets": [], "divisions": []},
    }
    assert await school.code("synchronizeScore") == "A0727"
    assert await school.code("verificationResults", uuid=uuid) == "A0416"


async def test_the_simulator_works_mounted_under_a_prefix() -> None:
    root = web.Application()
    root.add_subapp("/gd_accounting", create_app(app_id=APP_ID, secret=SECRET))
    async with TestClient(TestServer(root)) as client:
        async with client.post("/gd_accounting/intf/login", json=valid("login")) as response:
            assert (await response.json())["status"] == "200"
        async with client.get("/gd_accounting/_sandbox/state") as response:
            assert (await response.json())["logins"] == {"succeeded": 1, "failed": 0}
