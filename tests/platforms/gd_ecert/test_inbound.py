"""Section 3.3 发布服务 and facts A5: the gateway calls us, over real HTTP into the gateway's own application."""

import asyncio
import base64
import io
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import aiohttp
import pytest
from aiohttp.test_utils import BaseTestServer, TestServer
from structlog.testing import LogCapture

from gateway.account import Account
from gateway.ledger import Ledger, open_ledger
from gateway.web import application
from schemas.gd_ecert import INBOUND
from tests.platforms.gd_ecert.bench import TOKEN, Bench, account
from tests.support.inbox import handed_out, taking_no_calls
from workers.gd_ecert.signature import User, sign, sign_user

USER = User(b"u10001", b"eyJuIjoiVEVTVCJ9", b"appid=demo")
CASE = b'{"caseNo":"YST-2026-0001", "n": 1.10}'
INCOMPLETE = {"code": 400001, "msg": "鉴权参数不完整，请求不合法。"}
BAD = {"code": 400001, "msg": "鉴权失败，鉴权信息有误。"}


@dataclass
class Inbox:
    """The gateway's HTTP side, and the ledger where calls wait for the broker."""

    server: BaseTestServer
    ledger: Ledger
    file: Path

    async def published(self) -> list[dict[str, Any]]:
        """The events that came since this was asked last."""
        return await handed_out(self.ledger)

    async def call(
        self,
        headers: Mapping[str, str | bytes],
        *,
        body: bytes = CASE,
        path: str = "/inbound/gd_ecert/default/case-status",
        method: str = "POST",
        content_type: str = "application/json",
    ) -> tuple[int, Any]:
        sent = {name: value if isinstance(value, str) else value.decode("latin-1") for name, value in headers.items()}
        sent["Content-Type"] = content_type
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self.server.make_url(path), headers=sent, data=body) as response,
        ):
            text = await response.text()
            return response.status, json.loads(text) if response.content_type == "application/json" else text

    async def raw(self, headers: Mapping[str, str | bytes]) -> bytes:
        """A call with header values of any bytes; the answer's first line."""
        lines = [b"POST /inbound/gd_ecert/default/case-status HTTP/1.1", b"Host: x", b"Content-Length: 0"]
        for name, value in headers.items():
            lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
        reader, writer = await asyncio.open_connection(self.server.host, self.server.port)
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return line

    async def data(self) -> dict[str, Any]:
        """The data of the only event."""
        (event,) = await self.published()
        data: dict[str, Any] = event["data"]
        INBOUND["service-invoked"].model_validate(data)
        return data


async def ready() -> dict[str, str]:
    return {}


@asynccontextmanager
async def listening(**settings: Any) -> AsyncIterator[Inbox]:
    """The gateway's HTTP side with one account."""
    own = account(**{"inbound_services": ["case-status"], **settings})
    with TemporaryDirectory() as folder:
        file = Path(folder, "ledger.db")
        async with open_ledger(f"sqlite:///{file}") as ledger:
            app = application([Account("gd_ecert", "default", own)], ledger, ready)
            async with TestServer(app) as server:
                yield Inbox(server, ledger, file)


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with listening() as inbox:
        yield inbox


def signed(
    user: User | None = USER, *, late: float = 0, prefix: str = "x-tif-", token: str = TOKEN, nonce: str = "n1"
) -> dict[str, str | bytes]:
    timestamp = str(int(time.time() - late))
    signature = sign(token, timestamp, nonce) if user is None else sign_user(token, timestamp, nonce, user)
    said: dict[str, str | bytes] = {"timestamp": timestamp, "nonce": nonce, "signature": signature}
    if user is not None:
        fields = {"uid": user.uid, "uinfo": user.uinfo, "ext": user.ext}
        said |= {name: value for name, value in fields.items() if value is not None}
    return {f"{prefix}{name}": value for name, value in said.items()}


async def test_a_signed_call_becomes_an_event_before_it_is_answered(inbox: Inbox) -> None:
    assert await inbox.call(signed(), path="/inbound/gd_ecert/default/case-status?a=1&b=%E6%96%87") == (
        200,
        {"code": 0, "msg": "成功"},
    )
    (event,) = await inbox.published()
    assert (event["type"], event["account"], "subject" in event) == ("gd_ecert.service-invoked", "default", False)
    assert event["data"] == {
        "service": "case-status",
        "uid": "u10001",
        "uinfo": "eyJuIjoiVEVTVCJ9",
        "ext": "appid=demo",
        "query": "a=1&b=%E6%96%87",
        "content_type": "application/json",
        "body": CASE.decode(),
        "body_encoding": "text",
    }


async def test_a_call_that_cannot_be_kept_is_refused_and_taken_when_it_comes_again(inbox: Inbox) -> None:
    call = signed()
    with taking_no_calls(inbox.file):
        status, body = await inbox.call(call)
    assert (status, body["code"], await inbox.published()) == (503, 400001, [])
    assert (await inbox.call(call))[0] == 200
    assert len(await inbox.published()) == 1


async def test_a_call_that_comes_again_is_answered_alike_and_no_second_event(inbox: Inbox) -> None:
    call = signed()
    answers = await asyncio.gather(*(inbox.call(call) for _ in range(5)))
    assert answers == [(200, {"code": 0, "msg": "成功"})] * 5
    assert len(await inbox.published()) == 1
    assert await inbox.call(call) == answers[0]
    assert await inbox.published() == []


async def test_a_call_of_another_nonce_or_with_other_contents_is_another_event(inbox: Inbox) -> None:
    call = signed()
    for other in ({}, {"body": b"other"}, {"path": "/inbound/gd_ecert/default/case-status?page=2"}):
        assert (await inbox.call(call, **other))[0] == 200
    assert (await inbox.call(signed(nonce="n2")))[0] == 200
    assert len({event["id"] for event in await inbox.published()}) == 4


async def test_a_call_without_a_user_has_none(inbox: Inbox) -> None:
    assert (await inbox.call(signed(None)))[0] == 200
    data = await inbox.data()
    assert (data["uid"], data["uinfo"], data["ext"]) == (None, None, None)


async def test_what_nobody_signed_does_not_become_part_of_the_event(inbox: Inbox) -> None:
    assert (await inbox.call({**signed(None), "x-tif-ext": "forged", "x-tif-uinfo": "forged"}))[0] == 200
    assert "forged" not in str(await inbox.published())


async def test_three_empty_fields_need_the_flag() -> None:
    sent = signed(User(b"", b"", b""))
    async with listening() as inbox:
        assert (await inbox.call(sent))[0] == 403
    async with listening(empty_user="either") as inbox:
        assert (await inbox.call(sent))[0] == 200


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature"])
async def test_a_missing_header_is_answered_401_in_the_local_convention(inbox: Inbox, name: str) -> None:
    sent = signed()
    del sent[f"x-tif-{name}"]
    assert await inbox.call(sent) == (401, INCOMPLETE)
    assert await inbox.call({**sent, f"x-tif-{name}": ""}) == (401, INCOMPLETE)
    assert await inbox.published() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"x-tif-signature": "0" * 64},
        {"x-tif-signature": "签名".encode()},
        {"x-tif-uid": "somebody-else"},
        {"x-tif-uinfo": "x"},
        {"x-tif-nonce": "n2"},
        {"x-tif-timestamp": "yesterday"},
    ],
)
async def test_a_bad_signature_is_answered_403_and_is_no_event(inbox: Inbox, changes: dict[str, str | bytes]) -> None:
    assert await inbox.call({**signed(), **changes}) == (403, BAD)
    assert await inbox.published() == []


async def test_another_token_is_refused(inbox: Inbox) -> None:
    assert await inbox.call(signed(token="other")) == (403, BAD)


@pytest.mark.parametrize(("late", "status"), [(170, 200), (-170, 200), (190, 403), (-190, 403)])
async def test_a_call_is_good_for_180_seconds(inbox: Inbox, late: float, status: int) -> None:
    assert (await inbox.call(signed(late=late)))[0] == status


async def test_headers_are_hashed_as_they_came_whatever_their_encoding(inbox: Inbox) -> None:
    for value, text in [
        ("中文".encode(), "中文"),
        ("中文".encode("gbk"), "ÖÐÎÄ"),
        (b"\xff\xfe", "ÿþ"),
    ]:
        assert (await inbox.raw(signed(User(b"u1", value, None)))).startswith(b"HTTP/1.1 200")
        assert (await inbox.data())["uinfo"] == text


async def test_the_prefix_is_a_setting() -> None:
    async with listening(header_prefix="x-rio-") as inbox:
        assert (await inbox.call(signed(prefix="x-rio-")))[0] == 200
        assert await inbox.call(signed()) == (401, INCOMPLETE)


async def test_only_configured_services_are_accepted(inbox: Inbox) -> None:
    status, body = await inbox.call(signed(), path="/inbound/gd_ecert/default/other")
    assert (status, body["code"]) == (404, 400001)
    assert (await inbox.call({}, path="/inbound/gd_ecert/default/other"))[0] == 401, "and nobody learns which"
    assert (await inbox.call(signed(), path="/inbound/gd_ecert/nobody/case-status"))[0] == 404
    assert (await inbox.call(signed(), method="GET"))[0] == 405
    assert await inbox.published() == []


async def test_an_account_without_paas_token_takes_no_calls() -> None:
    async with listening(paas_token=None) as inbox:
        assert (await inbox.call(signed()))[0] == 503


@pytest.mark.parametrize(
    ("body", "text", "encoding"),
    [
        (b"", "", "text"),
        ("证照".encode(), "证照", "text"),
        (b'{"n": 123456789012345678901234567890}', '{"n": 123456789012345678901234567890}', "text"),
        (b"\xff\x00", "/wA=", "base64"),
        (b"a\0b", "YQBi", "base64"),
        ("证照".encode("gbk"), base64.b64encode("证照".encode("gbk")).decode(), "base64"),
    ],
)
async def test_a_body_is_passed_on_exactly(inbox: Inbox, body: bytes, text: str, encoding: str) -> None:
    assert (await inbox.call(signed(), body=body, content_type="text/plain"))[0] == 200
    data = await inbox.data()
    assert (data["body"], data["body_encoding"]) == (text, encoding)
    assert data["content_type"] == "text/plain"


def large(size: int, of: bytes = b"x") -> Any:
    return io.BytesIO(of * size)


async def test_a_body_may_be_as_large_as_the_gateway_lets_through(inbox: Inbox) -> None:
    """And larger than the 1 MiB that our own server takes from others."""
    assert (await inbox.call(signed(), body=large(4 * 2**20)))[0] == 200
    assert len((await inbox.data())["body"]) == 4 * 2**20
    status, body = await inbox.call(signed(), body=large(4 * 2**20 + 1))
    assert (status, body["code"], await inbox.published()) == (413, 400001, [])


async def test_a_body_that_would_grow_as_text_is_passed_on_in_base64() -> None:
    """RabbitMQ 4 takes no message above 16 MiB, and what it never takes would stand before all others."""
    async with listening(environment="production") as inbox:
        assert (await inbox.call(signed(), body=large(8 * 2**20, b"\x01")))[0] == 200
        data = await inbox.data()
        assert data["body_encoding"] == "base64"
        assert base64.b64decode(data["body"]) == b"\x01" * (8 * 2**20)
        assert len(json.dumps(data)) < 12 * 2**20


async def test_a_body_that_does_not_say_its_size_is_measured_as_it_comes() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * (1024 * 1024)

    async with listening() as inbox:
        status, body = await inbox.call(signed(), body=cast(Any, chunks()))
        assert (status, body["code"], await inbox.published()) == (413, 400001, [])


async def test_nothing_that_came_is_logged(inbox: Inbox, logged: LogCapture) -> None:
    await inbox.call(signed())
    await inbox.call({**signed(), "x-tif-uid": "somebody-else"})
    await inbox.call({}, path="/inbound/gd_ecert/default/secret-name")
    text = str(logged.entries)
    for hidden in ("u10001", "somebody-else", "eyJuIjoiVEVTVCJ9", "YST-2026", TOKEN, "secret-name"):
        assert hidden not in text
    refused = [entry for entry in logged.entries if entry["event"] == "invocation.refused"]
    assert [entry["status"] for entry in refused] == [403, 401]


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({}, 200),
        ({"uid": "u1", "uinfo": "i", "ext": "e"}, 200),
        ({"wrong_signature": True}, 403),
        ({"late": 200}, 403),
    ],
)
async def test_the_simulated_gateway_calls_us(bench: Bench, order: dict[str, Any], status: int) -> None:
    async with listening(paas_token=bench.settings.paas_token) as inbox:
        url = str(inbox.server.make_url("/inbound/gd_ecert/default/case-status"))
        made = await bench.control("POST", "/_sandbox/invoke", {"url": url, "body": {"caseNo": "1"}, **order})
        assert made["status"] == status
        if status == 200:
            data = await inbox.data()
            assert json.loads(data["body"]) == {"caseNo": "1"}
            assert data["uid"] == order.get("uid")
