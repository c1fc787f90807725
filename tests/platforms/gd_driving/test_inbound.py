"""附件二 over real HTTP: what the platform is answered, and what becomes an event."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger import Ledger, open_ledger
from gateway.web import application
from schemas.fields import Data
from schemas.gd_driving import INBOUND
from tests.platforms.gd_driving.support import CALLBACK_SECRET, CALLBACK_URL, account, school
from tests.platforms.gd_driving.support import settings as school_settings
from tests.support.inbox import handed_out, taking_no_calls
from workers.gd_driving import inbound as module
from workers.gd_driving.inbound import RefusedError
from workers.gd_driving.qrcode import Callbacks

PATH = "/inbound/gd_driving/default/training-callback"
OURS = Callbacks("gd_driving.default", CALLBACK_SECRET)
SET_UP: dict[str, Any] = {"callback_url": CALLBACK_URL, "callback_secret": CALLBACK_SECRET}
NOW = 1_700_000_000
CODE = "A6DD516603F8DB25C5F6CA52E6B93102"


class Platform:
    """The platform, as it calls us back, and the ledger where its calls wait for the broker."""

    def __init__(self, client: "TestClient[web.Request, web.Application]", ledger: Ledger, file: Path) -> None:
        self.client = client
        self.file = file
        self._ledger = ledger
        self._taken: list[dict[str, Any]] = []

    async def taken(self) -> list[dict[str, Any]]:
        """Every event so far."""
        self._taken += await handed_out(self._ledger)
        return self._taken

    async def post(self, body: Any, path: str = PATH) -> tuple[int, dict[str, Any]]:
        data = BytesIO(body if isinstance(body, bytes) else orjson.dumps(body))
        async with self.client.post(path, data=data, headers={"Content-Type": "application/json"}) as response:
            answer: dict[str, Any] = await response.json()
            assert set(answer) == {"errorcode", "message", "data"}
            assert answer["data"] is None
            return response.status, answer

    async def code(self, body: Any) -> int:
        status, answer = await self.post(body)
        assert status == 200
        number: int = answer["errorcode"]
        return number


async def ready() -> dict[str, str]:
    return {}


@asynccontextmanager
async def served(folder: Path, **changes: Any) -> AsyncIterator[Platform]:
    file = folder / "ledger.db"
    async with open_ledger(f"sqlite:///{file}") as ledger:
        app = application([account(school_settings(**changes))], ledger, ready)
        async with TestClient(TestServer(app)) as client:
            yield Platform(client, ledger, file)


@pytest.fixture
async def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Platform]:
    monkeypatch.setattr(module, "time", lambda: NOW + 60.0)
    async with served(tmp_path, **SET_UP) as platform:
        yield platform


def signed(callback: str | None = "abd=cba", **changes: Any) -> dict[str, Any]:
    called = {"code": CODE, "expirationtime": "2021-11-11 17:00:00", "stunum": "S199015894568549"}
    return called | {"callback": OURS.sign(callback, NOW)} | changes


async def test_the_documents_sample_with_a_callback_of_ours_becomes_an_event(platform: Platform) -> None:
    status, answer = await platform.post(signed())
    assert (status, answer) == (200, {"errorcode": 0, "message": "执行成功/数据上传成功", "data": None})
    (event,) = await platform.taken()
    assert event["type"] == "gd_driving.training-signed"
    assert (event["subject"], event["account"]) == ("S199015894568549", "default")
    assert event["data"] == {
        "code": CODE,
        "expirationtime": "2021-11-11 17:00:00",
        "stunum": "S199015894568549",
        "callback": "abd=cba",
    }
    model: type[Data] = INBOUND["training-signed"]
    assert model.model_validate(event["data"])


async def test_what_the_platform_adds_is_dropped_and_what_it_leaves_open_may_be_null(platform: Platform) -> None:
    assert await platform.code(signed(None, expirationtime=None, something="new")) == 0
    assert (await platform.taken())[0]["data"] == {
        "code": CODE,
        "expirationtime": None,
        "stunum": "S199015894568549",
        "callback": None,
    }


async def test_a_callback_that_comes_again_is_refused_as_repeated(platform: Platform) -> None:
    body = signed()
    assert [await platform.code(body) for _ in range(3)] == [0, 201, 201]
    assert len(await platform.taken()) == 1


async def test_a_class_of_students_may_scan_the_same_code(platform: Platform) -> None:
    body = signed()
    for number in range(3):
        assert await platform.code(body | {"stunum": f"S00000000000000{number}", "code": f"{number:032}"}) == 0
    assert len(await platform.taken()) == 3


async def test_a_code_for_a_single_use_takes_one_student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "time", lambda: NOW + 60.0)
    async with served(tmp_path, **SET_UP, callback_single_use=True) as platform:
        body = signed()
        assert await platform.code(body) == 0
        assert await platform.code(body | {"stunum": "S000000000000001", "code": "1"}) == 201
        assert await platform.code(signed()) == 0


async def test_a_callback_that_cannot_be_kept_is_refused_and_taken_when_it_comes_again(platform: Platform) -> None:
    body = signed()
    with taking_no_calls(platform.file):
        assert [await platform.code(body) for _ in range(2)] == [1, 1]
    assert await platform.taken() == []
    assert [await platform.code(body) for _ in range(2)] == [0, 201]
    assert len(await platform.taken()) == 1


async def test_of_a_callback_that_comes_ten_times_at_once_one_is_taken(platform: Platform) -> None:
    body = signed()
    codes = await asyncio.gather(*(platform.code(body) for _ in range(10)))
    assert sorted(codes) == [0] + [201] * 9
    assert len(await platform.taken()) == 1


async def test_each_callback_is_an_event_of_its_own_id_that_tells_nothing_of_it(platform: Platform) -> None:
    bodies = [signed() for _ in range(3)]
    for body in bodies:
        assert await platform.code(body) == 0
    ids = [UUID(event["id"]) for event in await platform.taken()]
    assert len(set(ids)) == 3
    assert {each.version for each in ids} == {5}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"callback": "x"',
        orjson.dumps(signed(callback=None) | {"callback": None}),
        orjson.dumps(signed() | {"callback": {"abd": "cba"}}),
        orjson.dumps({name: value for name, value in signed().items() if name != "callback"}),
        orjson.dumps({name: value for name, value in signed().items() if name != "code"}),
        orjson.dumps({name: value for name, value in signed().items() if name != "stunum"}),
        orjson.dumps(signed(code=None)),
        orjson.dumps(signed(code=5)),
        orjson.dumps(signed(code="")),
        orjson.dumps(signed(code="x" * 513)),
        orjson.dumps(signed(expirationtime="tomorrow")),
        orjson.dumps(signed(stunum=None)),
        b" " * (2 * 1024 * 1024),
    ],
)
async def test_what_cannot_be_read_is_answered_200(platform: Platform, body: bytes) -> None:
    assert await platform.code(body) == 200
    assert await platform.taken() == []


@pytest.mark.parametrize(
    "callback",
    ["", "abd=cba", "a.b.c.d", OURS.sign("a", NOW)[:-1], OURS.sign("a", NOW) + "x"],
    ids=["empty", "not ours", "of four parts", "one character short", "one character long"],
)
async def test_a_callback_that_was_never_asked_for_is_refused(platform: Platform, callback: str) -> None:
    status, answer = await platform.post(signed() | {"callback": callback})
    assert (status, answer["errorcode"]) == (200, 1)
    assert await platform.taken() == []


async def test_a_callback_asked_for_by_another_account_is_refused(platform: Platform) -> None:
    other = Callbacks("gd_driving.other", CALLBACK_SECRET).sign("a", NOW)
    assert await platform.code(signed() | {"callback": other}) == 1


async def test_a_callback_long_after_its_code_is_refused(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "time", lambda: NOW + 901.0)
    assert await platform.code(signed()) == 201
    assert await platform.taken() == []


async def test_an_account_that_is_not_there_is_no_service(platform: Platform) -> None:
    status, answer = await platform.post(signed(), "/inbound/gd_driving/other/training-callback")
    assert (status, answer["errorcode"]) == (404, 100)


async def test_an_account_without_a_callback_is_no_service(tmp_path: Path) -> None:
    async with served(tmp_path) as platform:
        status, answer = await platform.post(signed())
        assert (status, answer["errorcode"]) == (404, 100)


async def test_no_value_of_a_callback_is_in_an_answer_or_a_log(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    body = signed(expirationtime="SECRET-TIME")
    _, answer = await platform.post(body)
    await platform.post(signed() | {"callback": "SECRET-CALLBACK"})
    await platform.post(signed())
    shown = str(answer) + "".join(capsys.readouterr())
    for secret in (CODE, body["callback"], "SECRET-TIME", "SECRET-CALLBACK", CALLBACK_SECRET):
        assert secret not in shown


JSON = st.recursive(st.none() | st.booleans() | st.integers(0, 9) | st.text(), st.lists, max_leaves=5)
CALLS = st.dictionaries(st.sampled_from(["code", "expirationtime", "stunum", "x"]), JSON)


@given(st.binary() | (JSON | CALLS).map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        module._read(body)
    assert refused.value.code == "200"


async def test_a_student_who_scans_our_code_in_the_sandbox_signs_in(tmp_path: Path) -> None:
    async with served(tmp_path, **SET_UP) as platform, school(**SET_UP) as ours:
        ending: Any = await ours.do("training-qrcode", {"callback": "terminal-7"})
        order = {"qrcode": ending.response["text"], "deliver_to": str(platform.client.make_url(PATH))}
        scanned = await ours.control("scan", order)
        assert scanned["answer"]["errorcode"] == 0
        assert (await platform.taken())[0]["data"]["callback"] == "terminal-7"
        assert (await platform.taken())[0]["data"]["code"] == scanned["called"]["code"]
        again = await ours.control("scan", order | {"code": scanned["called"]["code"]})
        assert again["answer"]["errorcode"] == 201
