"""Requests as they leave and answers as they are read: address, signature, clock, codes, lost answers."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.attempt import attempt
from gateway.outcome import Accepted, Category, Dead, Ending, Rejected, Retry, Stopped, Unavailable
from tests.platforms.gd_driving.document import DOCUMENT, example
from tests.platforms.gd_driving.support import (
    IDENTITY,
    JPEG,
    PDF,
    answering,
    connected,
    memory,
    school,
    settings,
)
from workers.gd_driving import PLATFORM
from workers.gd_driving.client import Client
from workers.gd_driving.codes import CODES
from workers.gd_driving.signing import digest
from workers.gd_driving.simulator import demo_settings
from workers.gd_driving.simulator.signatures import recovered

KEY: RSAPublicKey = IDENTITY.key.public_key()
STUDENT = example("student-submit", contract=None)
LESSON = example("class-record-submit")

Answer = Callable[[web.Request], Awaitable[web.Response]]


def says(body: Any, status: int = 200, **headers: str) -> Answer:
    async def handler(request: web.Request) -> web.Response:
        await request.read()
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(text=text, status=status, headers=headers, content_type="application/json")

    return handler


def code(errorcode: Any, message: Any = "说明", data: Any = None) -> dict[str, Any]:
    return {"errorcode": errorcode, "message": message, "data": data}


async def ending_of(handler: Answer, operation: str = "student-submit", **changes: Any) -> Ending:
    data = {"student-submit": STUDENT, "class-record-submit": LESSON}.get(operation) or changes.pop("data")
    async with answering(handler) as base, connected(settings(base, **changes)) as client:
        return await submit(client, operation, data)


async def submit(client: Client, operation: str, data: Any) -> Ending:
    known = PLATFORM.operations[operation]
    return await attempt(known, client, known.model.model_validate(data), memory({}))


def test_the_table_has_the_documents_six_codes() -> None:
    assert {code: known.meaning for code, known in CODES.items()} == {
        "0": "执行成功/数据上传成功",
        "1": "执行失败",
        "100": "请求的服务/资源不存在",
        "200": "数据格式错误，无法正确解析",
        "201": "时间戳重复或错误",
        "202": "证书无法通过验证",
    }


@pytest.mark.parametrize(
    ("errorcode", "expected"),
    [
        (0, Accepted("0", "说明")),
        (1, Rejected("1", "说明", response={"data": None})),
        (100, Stopped("100", "说明")),
        (200, Rejected("200", "说明", response={"data": None})),
        (201, Retry("201", "说明")),
        (202, Stopped("202", "说明")),
        (999, Dead("999", "说明", Category.UNKNOWN, {"data": None})),
        ("X1", Dead("X1", "说明", Category.UNKNOWN, {"data": None})),
        (-1, Dead("-1", "说明", Category.UNKNOWN, {"data": None})),
    ],
)
async def test_every_code_is_read_as_number_and_as_text(errorcode: Any, expected: Ending) -> None:
    for written in (errorcode, str(errorcode)):
        assert await ending_of(says(code(written))) == expected


async def test_without_a_message_the_codes_own_meaning_is_told() -> None:
    for message in ("", None, 5):
        assert await ending_of(says(code(1, message))) == Rejected("1", "执行失败", response={"data": None})


async def test_data_of_an_accepted_answer_is_passed_on() -> None:
    assert await ending_of(says(code(0, "ok", {"n": 1}))) == Accepted("0", "ok", {"data": {"n": 1}})


UNREADABLE = [
    "",
    "<html>",
    "[]",
    "{}",
    "null",
    '{"errorcode": null}',
    '{"errorcode": true}',
    '{"errorcode": " "}',
    '{"code": 0}',
]


@pytest.mark.parametrize("body", UNREADABLE)
async def test_an_unreadable_answer_is_a_lost_one(body: str) -> None:
    assert await ending_of(says(body)) == Unavailable(
        "unreadable-answer", "no usable answer came from the platform", lost=True
    )
    lost = await ending_of(says(body), "class-record-submit")
    assert isinstance(lost, Dead)
    assert lost.category is Category.UNCERTAIN


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"Retry-After": "7"}, Unavailable("http-429", "the platform asks to try later", 7.0, throttled=True)),
        (503, {}, Unavailable("http-503", "the platform asks to try later", None)),
        (500, {}, Unavailable("http-500", "no usable answer came from the platform", lost=True)),
        (404, {}, Dead("http-404", "an answer that the document does not describe", Category.UNKNOWN)),
    ],
)
async def test_the_http_status_decides_where_there_is_no_answer(
    status: int, headers: dict[str, str], expected: Ending
) -> None:
    assert await ending_of(says("<html>", status, **headers)) == expected


async def test_a_platform_that_is_away_was_not_asked() -> None:
    async with answering(says(code(0))) as base:
        pass
    async with connected(settings(base)) as client:
        assert await submit(client, "class-record-submit", LESSON) == Unavailable(
            "connect-failed", "the platform could not be reached"
        )


async def test_a_lesson_whose_answer_is_lost_is_uncertain_and_a_student_is_tried_again() -> None:
    async with school() as ours:
        await ours.know(stuimg=1004)
        await ours.fault("drop-after")
        lost = await ours.do("class-record-submit", LESSON)
        assert isinstance(lost, Dead)
        assert lost.category is Category.UNCERTAIN
        assert isinstance(await ours.do("student-submit", STUDENT), Retry)


class Recorder:
    """Answers from a list, the last one for ever; keeps what it was sent."""

    def __init__(self, *answers: Any, date: Callable[[], float | None] = time) -> None:
        self.answers = list(answers)
        self.date = date
        self.requests: list[tuple[dict[str, str], bytes, str]] = []

    async def __call__(self, request: web.Request) -> web.Response:
        self.requests.append((dict(request.query), await request.read(), request.headers["Content-Type"]))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        now = self.date()
        headers = {"Date": formatdate(now, usegmt=True) if now is not None else "soon"}
        return web.Response(text=json.dumps(answer), headers=headers, content_type="application/json")

    @property
    def stamps(self) -> list[int]:
        return [int(query["ts"]) for query, _, _ in self.requests]

    def verified(self, signed: bytes | None = None) -> bool:
        return all(
            recovered(KEY, query["sign"]) == digest(query["v"], body if signed is None else signed, int(query["ts"]))
            for query, body, _ in self.requests
        )


@pytest.mark.parametrize("version", ["1.0.0.e1", "1.0.0.e2", "1.0.0.e3"])
async def test_the_bytes_that_are_sent_are_the_bytes_that_are_signed(version: str) -> None:
    platform = Recorder(code(0))
    assert isinstance(await ending_of(platform, protocol_version=version, extra_query={"code": "4401 广"}), Accepted)
    query, body, content_type = platform.requests[0]
    assert query.keys() == {"v", "ts", "sign", "user", "code"}
    assert (query["v"], query["user"], query["code"]) == (version, "1A2B3C4D5E6", "4401 广")
    assert abs(int(query["ts"]) / 1000 - time()) < 5
    assert len(query["ts"]) == 13
    assert content_type == "application/json;charset=UTF-8"
    assert platform.verified()
    assert json.loads(body) == {name: value for name, value in STUDENT.items() if value is not None}


async def test_fields_go_out_in_the_order_of_the_table_in_utf8_and_numbers_as_they_were_published() -> None:
    platform = Recorder(code(0))
    await ending_of(platform, "class-record-submit")
    sent = platform.requests[0][1]
    assert list(json.loads(sent)) == [line.name for line in DOCUMENT["class-record-submit"] if line.name in LESSON]
    assert b'"mileage":12.5,"avevelocity":12,' in sent
    platform = Recorder(code(0))
    await ending_of(platform)
    assert "王五".encode() in platform.requests[0][1]


async def test_a_file_is_one_part_of_a_form_and_signed_by_its_own_bytes() -> None:
    platform = Recorder(code(0, "ok", {"id": "77"}))
    data = {"type": "stucontract", "file": {"content": b64encode(PDF).decode()}}
    assert await ending_of(platform, "file-upload", data=data) == Accepted("0", "ok", {"id": 77})
    _, body, content_type = platform.requests[0]
    assert content_type.startswith("multipart/form-data; boundary=")
    assert platform.verified(PDF)
    assert not platform.verified()
    assert body.count(b"Content-Disposition: form-data; name=") == 1
    assert b'name="file"; filename="stucontract.pdf"' in body
    assert b"Content-Type: application/octet-stream" in body
    assert PDF in body


@pytest.mark.parametrize(
    ("data", "number"), [({"id": 5}, 5), ({"id": "0012"}, 12), (9, 9), ({"id": 1, "url": "x"}, 1)]
)
async def test_the_id_of_an_uploaded_file_is_a_number_or_its_digits(data: Any, number: int) -> None:
    event = {"type": "stuimg", "file": {"content": b64encode(JPEG).decode()}}
    assert await ending_of(says(code(0, "ok", data)), "file-upload", data=event) == Accepted(
        "0", "ok", {"id": number}
    )


@pytest.mark.parametrize("data", [None, {}, {"id": None}, {"id": ""}, {"id": "x"}, {"id": True}, [], {"id": -1}])
async def test_an_upload_without_an_id_is_a_lost_answer(data: Any) -> None:
    event = {"type": "stuimg", "file": {"content": b64encode(JPEG).decode()}}
    ending = await ending_of(says(code(0, "ok", data)), "file-upload", data=event)
    assert ending == Unavailable("unreadable-answer", "no usable answer came from the platform", lost=True)


async def test_every_attempt_has_a_later_timestamp_and_a_signature_of_its_own() -> None:
    platform = Recorder(code(0))
    async with answering(platform) as base, connected(settings(base)) as client:
        await asyncio.gather(*(submit(client, "student-submit", STUDENT) for _ in range(20)))
    assert len(set(platform.stamps)) == 20
    assert len({query["sign"] for query, _, _ in platform.requests}) == 20
    assert platform.verified()


async def test_a_refused_timestamp_corrects_the_clock_from_the_date_and_repeats_once() -> None:
    platform = Recorder(code(201), code(0), date=lambda: time() + 1000)
    async with answering(platform) as base, connected(settings(base)) as client:
        assert isinstance(await submit(client, "student-submit", STUDENT), Accepted)
        assert isinstance(await submit(client, "student-submit", STUDENT), Accepted)
    first, *later = platform.stamps
    assert len(later) == 2
    assert all(abs(stamp - first - 1_000_000) < 5000 for stamp in later)
    assert platform.verified()
    assert len({body for _, body, _ in platform.requests}) == 1


async def test_a_clock_that_is_ahead_is_put_back() -> None:
    platform = Recorder(code("201"), code(0), date=lambda: time() - 1000)
    assert isinstance(await ending_of(platform), Accepted)
    first, second = platform.stamps
    assert abs(first - second - 1_000_000) < 5000


async def test_a_timestamp_refused_twice_is_tried_later_and_not_a_third_time_now() -> None:
    for date in (time, lambda: None):
        platform = Recorder(code(201), date=date)
        assert await ending_of(platform, "class-record-submit") == Retry("201", "说明")
        assert len(platform.requests) == 2
        assert platform.stamps[0] < platform.stamps[1]


async def test_a_file_is_sent_whole_also_when_its_timestamp_was_refused() -> None:
    platform = Recorder(code(201), code(0, "", {"id": 1}))
    data = {"type": "stuimg", "file": {"content": b64encode(JPEG).decode()}}
    assert isinstance(await ending_of(platform, "file-upload", data=data), Accepted)
    assert all(JPEG in body for _, body, _ in platform.requests)
    assert platform.verified(JPEG)


async def test_the_simulator_agrees_about_a_clock_that_is_wrong() -> None:
    async with school() as ours:
        await ours.know(stuimg=1004)
        for move in (3600, -7200, 3600):
            await ours.control("clock", {"advance": move})
            assert isinstance(await ours.do("student-submit", STUDENT), Accepted)
        assert (await ours.state())["refused_times"] == 3


async def test_a_certificate_that_the_platform_does_not_know_stops_the_account(tmp_path: Path) -> None:
    other = demo_settings("", tmp_path)
    changes: dict[str, Any] = {name: other[name] for name in ("certificate_file", "certificate_password")}
    async with school(**changes) as ours:
        ending = await ours.do("student-submit", STUDENT)
        assert isinstance(ending, Stopped)
        assert ending.code == "202"


async def test_a_service_that_does_not_exist_stops_the_account() -> None:
    async with school() as ours:
        ours.client.settings = settings(f"{ours.client.settings.base_url.rstrip('/')}/top")
        assert isinstance(await ours.do("student-submit", STUDENT), Stopped)


async def test_secrets_and_personal_data_are_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    event: dict[str, Any] = {"type": "stuimg", "file": {"content": b64encode(JPEG).decode()}}
    async with school() as ours:
        for kind in ("drop", "html"):
            await ours.fault(kind, times=1)
            await ours.do("student-submit", STUDENT)
        await ours.do("student-submit", STUDENT)
        await ours.do("file-upload", event)
    printed = "".join(capsys.readouterr())
    for secret in ("test1234", STUDENT["idcard"], STUDENT["name"], STUDENT["phone"], event["file"]["content"]):
        assert secret not in printed


async def test_errors_carry_neither_address_nor_body() -> None:
    async with answering(says(code(0))) as base:
        pass
    async with connected(settings(base)) as client:
        ending = await submit(client, "student-submit", STUDENT)
    assert base.removeprefix("http://") not in repr(ending)
    assert STUDENT["idcard"] not in repr(ending)
