"""What the simulated platform refuses, over real HTTP and with requests that our client would not make."""

import json
from pathlib import Path
from time import time
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from gateway.account import Account
from gateway.outcome import Accepted, Rejected
from gateway.platform import Context
from tests.platforms.gd_driving.document import example, without
from tests.platforms.gd_driving.support import IDENTITY, JPEG, PDF, PNG, NoTokens, School, school
from workers.gd_driving.client import connect
from workers.gd_driving.settings import Settings
from workers.gd_driving.signing import digest, sign
from workers.gd_driving.simulator import create_app, demo_settings
from workers.gd_driving.simulator.demo import demo_certificates

LESSON = example("class-record-submit")


async def raw(ours: School, path: str = "student", body: bytes = b"{}", **changes: Any) -> int:
    """The errorcode of a request signed rightly but for the changes; `missing` is left out of its query."""
    stamp = int(changes.get("ts", time() * 1000)) if str(changes.get("ts", 1)).isdecimal() else 1
    signed, form_ = changes.pop("signed", body), changes.pop("form", None)
    missing = changes.pop("missing", None)
    query = {"v": "1.0.0.e2", "ts": str(stamp), "user": IDENTITY.user}
    query["sign"] = sign(IDENTITY, digest(changes.get("v") or "1.0.0.e2", signed, stamp))
    query = {name: value for name, value in (query | changes).items() if name != missing}
    url = ours._server.make_url(f"/{path}")
    async with ours._http.post(url, params=query, data=body if form_ is None else form_) as response:
        assert response.status == 200
        answer = await response.json()
        assert set(answer) == {"errorcode", "message", "data"}
        code: int = answer["errorcode"]
        return code


async def test_a_request_is_judged_by_its_certificate_its_signature_and_its_time() -> None:
    async with school() as ours:
        body = json.dumps(example("student-submit", photo=1, contract=None) | {"contract": None}).encode()
        await ours.know(stuimg=1)
        now = int(time() * 1000)
        assert await raw(ours, body=body) == 0
        assert await raw(ours, body=body, user="1A2B3C4D5E7") == 202
        assert await raw(ours, body=body, user="01A2B3C4D5E6") == 202
        assert await raw(ours, body=body, signed=body + b" ") == 202
        assert await raw(ours, body=body, v="1.0.0.e1") == 0
        assert await raw(ours, body=body, sign=sign(IDENTITY, b"x" * 32).lower()) == 202
        assert await raw(ours, body=body, sign="00") == 202
        assert await raw(ours, body=body, ts=str(now - 181_000)) == 201
        assert await raw(ours, body=body, ts=str(now + 181_000)) == 201
        assert await raw(ours, body=body, ts=str(now - 100_000)) == 0
        assert await raw(ours, body=body, ts=str(now - 100_000)) == 201
        assert await raw(ours, body=body, ts="soon") == 201
        assert await raw(ours, body=body, v="1.0.0.e7") == 200
        for name in ("v", "ts", "sign", "user"):
            assert await raw(ours, body=body, missing=name) == 200


async def test_a_service_that_the_document_does_not_have_is_answered_100() -> None:
    async with school() as ours:
        assert await raw(ours, "teacher") == 100
        assert await raw(ours, "top/student") == 100


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"{}"])
async def test_a_record_that_is_no_object_of_the_table_is_answered_200(body: bytes) -> None:
    async with school() as ours:
        assert await raw(ours, body=body) == 200


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("student", {"name": None}),
    ("student", {"name": ""}),
    ("student", {"name": 5}),
    ("student", {"name": "x" * 65}),
    ("student", {"inscode": "1" * 15}),
    ("student", {"cardtype": "11"}),
    ("student", {"traintype": "C6"}),
    ("student", {"applydate": "2022-04-01"}),
    ("student", {"photo": "1"}),
    ("coach", {"sex": "1"}),
    ("coach", {"sex": 3}),
    ("trainingsimulator", {"perdritype": "C1;C2"}),
    ("trainingsimulator", {"location": "here"}),
    ("classrecord", {"photo2": None}),
    ("classrecord", {"regionseq": None}),
    ("classrecord", {"logoutinfo": None}),
    ("classrecord", {"coachnum": None}),
    ("classrecord", {"subjcode": "4212110000"}),
    ("classrecord", {"subjcode": "2212110000"}),
    ("classrecord", {"carnum": "0001"}),
    ("classrecord", {"starttime": "20220431080000"}),
    ("classrecord", {"duration": "an hour"}),
]
OPERATIONS = {
    "student": "student-submit",
    "coach": "coach-submit",
    "trainingsimulator": "simulator-submit",
    "classrecord": "class-record-submit",
}


@pytest.mark.parametrize(("service", "changes"), WRONG)
async def test_a_record_against_the_table_is_answered_200(service: str, changes: dict[str, Any]) -> None:
    async with school() as ours:
        await ours.know(stuimg=1004)
        data = example(OPERATIONS[service], **changes)
        body = {name: 1 if isinstance(value, dict) else value for name, value in data.items() if value is not None}
        assert await raw(ours, service, json.dumps(body).encode()) == 200


async def test_an_id_of_no_file_or_of_a_file_of_another_type_is_answered_1() -> None:
    async with school() as ours:
        data = without("student-submit", "contract")
        assert await ours.do("student-submit", data) == Rejected(
            "1", "执行失败：photo 文件 ID 不存在", response={"data": None}
        )
        await ours.know(coachimg=1004)
        assert isinstance(await ours.do("student-submit", data), Rejected)
        await ours.know(stuimg=1004)
        assert isinstance(await ours.do("student-submit", data), Accepted)


async def test_the_same_lesson_twice_is_answered_1_here() -> None:
    async with school() as ours:
        assert isinstance(await ours.do("class-record-submit", LESSON), Accepted)
        assert await ours.do("class-record-submit", LESSON) == Rejected(
            "1", "执行失败：电子教学日志已存在", response={"data": None}
        )


def form(content: bytes, name: str = "file") -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field(name, content, filename="x.jpg")
    return data


async def upload(ours: School, kind: str, content: bytes, **changes: Any) -> int:
    return await raw(
        ours, f"imageup/{kind}", signed=content, form=changes.pop("form", None) or form(content), **changes
    )


async def test_a_file_is_judged_by_type_format_size_and_form() -> None:
    async with school() as ours:
        assert await upload(ours, "stuimg", JPEG) == 0
        assert await upload(ours, "pyht", PDF) == 0
        assert await upload(ours, "pyht", PNG) == 200
        assert await upload(ours, "sfz", PDF) == 200
        assert await upload(ours, "sfz", PNG.ljust(500 * 1024)) == 0
        assert await upload(ours, "sfz", PNG.ljust(500 * 1024 + 1)) == 200
        assert await upload(ours, "stuimg", b"") == 200
        assert await upload(ours, "nothing", JPEG) == 100
        assert await upload(ours, "stuimg", JPEG, form=form(JPEG, "image")) == 200
        assert await raw(ours, "imageup/stuimg", JPEG) == 200
        two = form(JPEG)
        two.add_field("more", JPEG, filename="y.jpg")
        assert await upload(ours, "stuimg", JPEG, form=two) == 200
        assert (await ours.state())["accepted"] == {"imageup": 3}


async def test_a_signature_over_the_form_in_place_of_the_file_is_answered_202() -> None:
    async with school() as ours:
        assert await raw(ours, "imageup/stuimg", signed=b"--boundary", form=form(JPEG)) == 202


async def test_any_code_can_be_ordered_as_number_or_text_and_everything_can_be_forgotten() -> None:
    async with school() as ours:
        await ours.know(stuimg=1004)
        await ours.fault("code", code=1, message="学员已毕业", times=1)
        data = without("student-submit", "contract")
        assert await ours.do("student-submit", data) == Rejected("1", "学员已毕业", response={"data": None})
        await ours.do("student-submit", data)
        await ours.control("reset")
        state = await ours.state()
        assert state == {"accepted": {}, "files": [], "records": {}, "lessons": [], "refused_times": 0}


async def test_records_show_no_signature() -> None:
    async with school() as ours:
        await ours.do("student-submit", without("student-submit", "contract"))
        (call,) = await ours.calls()
        assert len(call["query"]["sign"]) == 12


PAGE = "https://jpfw.gdcd.gov.cn/m/c"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://example.com/m/c?redirect_uri=x&timestamp=1&callback=y", "附件一"),
        (f"{PAGE}?timestamp=1&redirect_uri=x&callback=y", "附件一"),
        (f"{PAGE}?redirect_uri=https%3A%2F%2Fa.com&timestamp=NOW&callback={'x' * 255}", "255"),
        (f"{PAGE}?redirect_uri=http%3A%2F%2Fa.com&timestamp=NOW&callback=y", "https"),
        (f"{PAGE}?redirect_uri=https%3A%2F%2F10.0.0.1&timestamp=NOW&callback=y", "https"),
        (f"{PAGE}?redirect_uri=https%3A%2F%2Fa.com%3Fb%3D1&timestamp=NOW&callback=y", "https"),
        (f"{PAGE}?redirect_uri=https%3A%2F%2Fa.com&timestamp=1700000000&callback=y", "5 分钟"),
    ],
)
async def test_a_code_that_is_not_as_the_document_has_it_cannot_be_scanned(text: str, reason: str) -> None:
    async with school() as ours:
        url = ours._server.make_url("/_sandbox/scan")
        async with ours._http.post(url, json={"qrcode": text.replace("NOW", str(int(time())))}) as response:
            assert response.status == 400
            assert reason in await response.text()


async def test_a_file_of_no_known_type_cannot_be_known() -> None:
    async with (
        school() as ours,
        ours._http.post(ours._server.make_url("/_sandbox/files"), json={"id": 1, "type": "photo"}) as response,
    ):
        assert response.status == 400


async def test_the_demos_settings_open_the_simulator_that_was_started_elsewhere(tmp_path: Path) -> None:
    async with TestServer(create_app()) as server:
        table = demo_settings(str(server.make_url("/")), tmp_path / "demo")
        account = Account("gd_driving", "default", Settings.model_validate(table))
        async with connect(Context(account, NoTokens())) as client:
            assert isinstance(await client.upload("stuimg", JPEG), Accepted)
    assert list(demo_certificates()) == ["1A2B3C4D5E7"]
    assert (tmp_path / "demo" / "files" / "contract.pdf").read_bytes().startswith(b"%PDF")
