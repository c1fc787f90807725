"""The rules that the simulated platform enforces, over real HTTP: an independent reading of the document."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.platforms.fj_construction.document import (
    FIELDS,
    FILE_SAMPLE,
    LOG_SAMPLE,
    PHOTO_IN_THE_DOCUMENT,
    ROWS,
    SAMPLES,
    TABLES,
    certificate,
    files,
    packed,
    png,
    submission,
    without,
)
from workers.fj_construction.qrcode import plain_id
from workers.fj_construction.simulator import PLATFORM, create_app
from workers.fj_construction.simulator.demo import ISSUED, KEY, PROVINCE, SYSTEM_ID
from workers.fj_construction.simulator.keys import synthetic_key
from workers.fj_construction.simulator.tables import CERTIFICATES, FILE

API = "/gaia-asp-gateway/api"
SPELLING = {"1": "acceptData", "2": "acceptData", "3": "AcceptData"}
KIND_OF = dict(zip(TABLES, ["1", "2", "3", None], strict=True))
REQUIRED = [(KIND_OF[model], name) for model, name, _, _, need in FIELDS if need == "是" and KIND_OF[model]]
TOO_LONG = [
    (KIND_OF[model], name, length)
    for model, name, kind, length, _ in FIELDS
    if KIND_OF[model] and kind == "字符型" and length
]


class Caller:
    """A system with its token; answers are the parsed bodies."""

    def __init__(self, client: TestClient[web.Request, web.Application]) -> None:
        self.client = client
        self.token, self.address = "", ""

    async def get(self, path: str, **parameters: str) -> Any:
        async with self.client.get(API + path, params=parameters, headers=self.headers()) as response:
            return await response.json()

    def headers(self) -> dict[str, str]:
        return {"G-I-Access-Token": self.token, "G-I-System-Id": SYSTEM_ID}

    async def login(self, key: str = KEY, system_id: str = SYSTEM_ID) -> Any:
        answer = await self.get("/token/getInterfaceTokenInfo", systemId=system_id, key=key)
        if answer["code"] == 1:
            self.token, self.address = answer["data"]["token"], answer["data"]["remoteAddr"]
        return answer

    async def post(self, body: Any, path: str = "", **options: Any) -> Any:
        url = path or self.address.partition(str(self.client.make_url("")).rstrip("/"))[2]
        async with self.client.post(url, headers=self.headers(), **({"json": body} | options)) as response:
            return await response.json()

    async def submit(self, kind: str = "1", *rows: dict[str, Any]) -> Any:
        return await self.post(submission(kind, *rows, envelope=SPELLING[kind]))

    async def error(self, kind: str, **changes: Any) -> str:
        answer = await self.submit(kind, certificate(kind, **changes))
        assert answer["ReturnCode"] == "0", answer
        message: str = answer["ReturnData"]["ErrorData"][0]["ErrorMsg"]
        return message

    async def control(self, path: str, **order: Any) -> None:
        async with self.client.post(f"/_sandbox/{path}", json=order) as response:
            assert response.status in {200, 201}, await response.text()


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with TestClient(TestServer(create_app())) as client:
        caller = Caller(client)
        await caller.login()
        yield caller


def test_its_tables_are_the_documents() -> None:
    tables = [*(parameter.fields for parameter in CERTIFICATES.values()), FILE]
    for documented, enforced in zip(TABLES.values(), tables, strict=True):
        rows = [(name, kind, length, need == "是") for name, kind, length, need in documented]
        assert sorted(rows) == sorted((f.name, f.kind, f.length, f.required) for f in enforced)


# --- token


async def test_a_login_needs_a_known_system_and_its_key(caller: Caller) -> None:
    assert (await caller.login("wrong"))["code"] == 1202
    assert (await caller.login(system_id="nobody"))["code"] == 1000
    assert (await caller.login(""))["code"] == 1000
    good = await caller.login()
    assert set(good) == {"code", "message", "data"}
    assert good["data"]["token"].startswith("KTOKEN_")
    assert good["data"]["remoteAddr"].endswith("/gaia-asp-gateway/share/both")


async def test_only_the_last_token_of_a_key_is_valid(caller: Caller) -> None:
    old = caller.token
    await caller.login()
    assert (await caller.submit())["ReturnCode"] == "1"
    caller.token = old
    assert (await caller.submit())["code"] == 1205


async def test_a_token_dies_of_age(caller: Caller) -> None:
    await caller.control("clock", advance=2 * 60 * 60 + 1)
    assert (await caller.submit())["code"] == 1205


async def test_both_headers_are_wanted(caller: Caller) -> None:
    async with caller.client.post("/gaia-asp-gateway/share/both", json={}) as response:
        assert (await response.json())["code"] == 1205
    async with caller.client.post(
        "/gaia-asp-gateway/share/both", json={}, headers={"G-I-Access-Token": caller.token}
    ) as response:
        assert (await response.json())["code"] == 1205


async def test_a_key_opens_the_interface_it_was_approved_for() -> None:
    async with TestClient(TestServer(create_app(file_key="file"))) as client:
        caller = Caller(client)
        await caller.login()
        assert (await caller.submit())["ReturnCode"] == "1"
        assert (await caller.post(files(), "/gaia-asp-gateway/share/files"))["code"] == 1200
        await caller.login("file")
        assert (await caller.post(files({**FILE_SAMPLE, "ID": ISSUED[0]})))["ReturnCode"] == "1"


async def test_tokens_are_validated(caller: Caller) -> None:
    own = {"systemId": SYSTEM_ID, "token": caller.token}
    assert (await caller.get("/token/validateToken", **own))["data"] is True
    assert (await caller.get("/token/validateToken", **{**own, "token": "x"}))["data"] is False
    assert (await caller.get("/token/validateToken", **{**own, "systemId": "x"}))["data"] is False
    assert (await caller.get("/token/validateToken"))["code"] == 1000


async def test_a_log_is_taken_with_what_every_call_has(caller: Caller) -> None:
    path = f"{API}/log/requestResponseLog"
    assert await caller.post(LOG_SAMPLE, path) == {"code": 1, "message": "操作成功", "data": True}
    assert (await caller.post(without(LOG_SAMPLE, "logId"), path))["code"] == 1000
    assert (await caller.post([], path))["code"] == 1000
    assert (await caller.post(None, path, json=None, data=b"{"))["code"] == 1000


# --- certificates


@pytest.mark.parametrize("kind", SAMPLES)
async def test_the_samples_are_accepted_with_a_code_for_the_province(caller: Caller, kind: str) -> None:
    answer = await caller.submit(kind)
    assert (answer["ReturnCode"], answer["ReturnMsg"]) == ("1", "上传成功")
    identity = plain_id(answer["encryCertid"], answer["encryKey"], synthetic_key(PROVINCE), r"\d{19}")
    assert identity == "4300002021000000001"
    again = await caller.submit(kind)
    assert plain_id(again["encryCertid"], again["encryKey"], synthetic_key(PROVINCE), r"\d{19}") == identity
    assert again["encryCertid"] != answer["encryCertid"]


async def test_the_printed_photo_is_no_picture(caller: Caller) -> None:
    assert "photo" in await caller.error("2", photo=PHOTO_IN_THE_DOCUMENT)


@pytest.mark.parametrize(("kind", "name"), REQUIRED)
async def test_a_required_field_must_not_be_empty(caller: Caller, kind: str, name: str) -> None:
    assert await caller.error(kind, **{name: ""}) == f"{name} 不能为空"
    assert await caller.error(kind, **{name: None}) == f"{name} 不能为空"


@pytest.mark.parametrize(("kind", "name", "length"), TOO_LONG)
async def test_a_text_must_not_be_longer_than_its_length(caller: Caller, kind: str, name: str, length: int) -> None:
    assert await caller.error(kind, **{name: "汉" * (length + 1)}) == f"{name} 长度超过 {length}"


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("1", {"issuDate": "20210324"}, "issuDate 日期格式错误"),
        ("1", {"issuDate": "2021-3-24"}, "issuDate 日期格式错误"),
        ("1", {"certNum": 1}, "certNum 应为字符型"),
        ("1", {"licenseScope": "施工"}, "licenseScope 应为建筑施工"),
        (
            "1",
            {"certState": "99", "certStatusDescription": "", "operateType": "07"},
            "certStatusDescription 不能为空",
        ),
        ("1", {"certState": "05"}, "证书状态与操作类型不符"),
        ("2", {"categoryDescription": None}, "categoryDescription 不能为空"),
        ("2", {"gender": "3"}, "gender 应为1或2"),
        ("2", {"photo": "汉字"}, "photo 不是Base64字符串"),
        ("2", {"photo": packed(png(50 * 1024 + 1))}, "photo 超过50KB"),
        ("3", {"certState": "99", "operateType": "07"}, "certStatusDescription 应为固定描述"),
        (
            "3",
            {"categoryCode": "C1", "technicalTitle": "", "educationDegree": ""},
            "technicalTitle、educationDegree 选填一项",
        ),
    ],
)
async def test_the_rules_of_the_tables_hold(caller: Caller, kind: str, changes: dict[str, Any], message: str) -> None:
    assert await caller.error(kind, **changes) == message


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"certType": "4"},
        {"certType": "1"},
        {"certType": "1", "safeCertParameter": {}},
        {"certType": "1", "safeCertParameter": {"acceptData": []}},
        {"certType": "1", "safeCertParameter": {"acceptData": ["x"]}},
        submission("3"),  # the sample spells it AcceptData
        submission("1") | submission("2") | {"certType": "1"},
    ],
)
async def test_a_request_of_another_shape_is_refused_as_a_whole(caller: Caller, body: dict[str, Any]) -> None:
    answer = await caller.post(body)
    assert answer["ReturnCode"] == "0"
    assert answer["ReturnData"]["ErrorData"][0]["ErrorGuid"] == ""


async def test_of_a_batch_every_certificate_has_its_own_outcome(caller: Caller) -> None:
    await caller.control("refuse", guids={"b": "no"})
    answer = await caller.submit("1", *(certificate("1", eCertID=guid) for guid in "abc"))
    assert answer["ReturnCode"] == "0"
    assert answer["ReturnData"]["SuccessGuids"] == "a,c"
    assert answer["ReturnData"]["ErrorData"] == [{"ErrorGuid": "b", "ErrorMsg": "no"}]
    assert [success["eCertID"] for success in answer["ReturnData"]["SuccessData"]] == ["a", "c"]


async def test_a_certificate_in_two_provinces_is_warned_about(caller: Caller) -> None:
    await caller.submit("1", certificate("1", eCertID="a"))
    answer = await caller.submit("1", certificate("1", eCertID="b", provinceNum="350000"))
    assert answer["ReturnCode"] == "2"
    assert answer["ReturnData"]["WarnData"][0]["WarnGuid"] == "b"
    assert answer["ReturnData"]["SuccessData"][0]["eCertID"] == "b"


async def test_a_code_serves_one_file(caller: Caller) -> None:
    await caller.submit()
    body = files({**FILE_SAMPLE, "ID": "4300002021000000001"})
    assert (await caller.post(body))["ReturnCode"] == "1"
    for wrong, message in ((body, "赋码已使用"), (files(), "赋码不存在")):
        answer = await caller.post(wrong)
        assert answer["ReturnData"]["ErrorData"][0]["ErrorMsg"] == message


async def test_a_reset_forgets_everything(caller: Caller) -> None:
    await caller.submit()
    await caller.control("reset")
    assert (await caller.submit())["code"] == 1205
    assert caller.client.app is not None
    assert not caller.client.app[PLATFORM].certificates


async def test_what_it_records_shows_no_key_and_no_token(caller: Caller) -> None:
    await caller.submit()
    await caller.get("/token/validateToken", systemId=SYSTEM_ID, token=caller.token)
    async with caller.client.get("/_sandbox/calls") as response:
        text = await response.text()
    assert KEY not in text
    assert caller.token not in text


def test_the_synthetic_key_is_short_and_always_the_same() -> None:
    key = synthetic_key(PROVINCE)
    synthetic_key.cache_clear()
    assert key.key_size == 512
    assert synthetic_key(PROVINCE).private_numbers() == key.private_numbers()
    assert synthetic_key("another").private_numbers() != key.private_numbers()


def test_every_table_has_its_sample() -> None:
    assert set(ROWS) == set(TABLES)
