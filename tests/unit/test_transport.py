"""One HTTP exchange, over real sockets to servers that misbehave: what it raises, and how often it asks."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import perf_counter

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outcome import Unavailable
from gateway.transport import (
    AnswerLostError,
    NotSentError,
    Reply,
    exchange,
    only_while,
    refused_by_http,
    retry_after,
    session,
)
from tests.unit.wire import Answer, raw, reply, reset, silence, wire

SHORT = 0.25
LONG = 5.0
METHODS = ["POST", "GET"]


def client(timeout: float = LONG, source: str | None = None) -> aiohttp.ClientSession:
    return session(source_address=source, timeout_seconds=timeout)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- what comes back


async def test_an_answer_is_read_whole_with_status_headers_and_body() -> None:
    body = b'{"a": "' + b"x" * 300_000 + b'"}'
    async with wire(reply(418, body, X_Said="yes")) as server, client() as http:
        got = await exchange(http, "POST", server.url, data=b"asked")
    assert (got.status, got.headers["x-said"], got.body) == (418, "yes", body)
    assert got.json == {"a": "x" * 300_000}
    assert server.requests[0].endswith(b"\r\n\r\nasked")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff", b"NaN", b"{}{}"])
def test_a_body_that_is_no_json_reads_as_none(body: bytes) -> None:
    assert Reply(200, {}, body).json is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    async with wire(reply(status, b"", Location="/elsewhere"), reply()) as server, client() as http:
        got = await exchange(http, "POST", server.url, data=b"{}")
    assert (got.status, len(server.requests)) == (status, 1)
    assert refused_by_http(got) is None


async def test_a_cookie_is_not_carried_to_the_next_call() -> None:
    async with wire(reply(200, b"", Set_Cookie="session=1; Path=/"), reply()) as server, client() as http:
        url = server.url.replace("127.0.0.1", "localhost")  # aiohttp's own jar takes none from bare addresses
        await exchange(http, "GET", url)
        await exchange(http, "GET", url)
    assert [b"session" in request.lower() for request in server.requests] == [False, False]


async def test_calls_leave_from_the_fixed_address() -> None:
    async with wire(reply()) as server, client(source="127.0.0.3") as http:
        await exchange(http, "GET", server.url)
    assert server.peers == ["127.0.0.3"]


# --- the request never left


@pytest.mark.parametrize("method", METHODS)
async def test_a_refused_connection_means_not_sent(method: str) -> None:
    async with client() as http:
        with pytest.raises(NotSentError) as caught:
            await exchange(http, method, f"http://127.0.0.1:{free_port()}/path?ticket=abc")
    assert (caught.value.code, str(caught.value)) == ("connect-failed", "connect-failed")


async def test_an_address_that_is_not_ours_to_call_from_means_not_sent() -> None:
    async with wire(reply()) as server, client(source="192.0.2.1") as http:
        with pytest.raises(NotSentError):
            await exchange(http, "POST", server.url)
    assert server.requests == []


async def test_a_server_that_does_not_speak_tls_means_not_sent() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 this is a mail server\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server, client() as http:
        with pytest.raises(NotSentError):
            await exchange(http, "POST", f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@contextmanager
def full_backlog() -> Iterator[str]:
    """The address of a server whose queue of connections is full: the kernel drops further attempts."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def test_a_connection_that_never_comes_about_means_not_sent() -> None:
    with full_backlog() as url:
        async with client(SHORT) as http:
            with pytest.raises(NotSentError):
                await exchange(http, "POST", url, data=b"{}")


# --- the request left, and no usable answer came


BROKEN: dict[str, tuple[Answer, str]] = {
    "no answer at all": (silence(), "timeout"),
    "a head, then nothing": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", close=False), "timeout"),
    "half a body, then nothing": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", close=False),
        "timeout",
    ),
    "closed without answer": (raw(b""), "connection-lost"),
    "reset without answer": (reset(), "connection-lost"),
    "closed within the head": (raw(b"HTTP/1.1 200 OK\r\nContent-Le"), "connection-lost"),
    "closed within the body": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), "connection-lost"),
    "reset within the body": (reset(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), "connection-lost"),
    "closed within a chunk": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{"),
        "connection-lost",
    ),
    "a chunk of no size": (
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n"),
        "connection-lost",
    ),
    "no HTTP": (raw("系统维护中\r\n\r\n".encode()), "connection-lost"),
    "binary noise": (raw(bytes(range(256)) * 4), "connection-lost"),
    "a header without a colon": (raw(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"), "connection-lost"),
    "a length that is no number": (
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}"),
        "connection-lost",
    ),
    "not what its encoding says": (reply(200, b"{}", Content_Encoding="gzip"), "connection-lost"),
}


@pytest.mark.parametrize(("answer", "code"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_lost_answer_says_so_after_exactly_one_request(answer: Answer, code: str) -> None:
    async with wire(answer) as server, client() as http:
        with pytest.raises(AnswerLostError) as caught:
            await exchange(http, "POST", server.url, data=b'{"ticket": "abc"}')
    assert (caught.value.code, str(caught.value)) == (code, code)
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["closed without answer", "reset without answer", "closed within the body"])
async def test_a_question_whose_answer_is_lost_is_asked_exactly_once_too(name: str) -> None:
    """aiohttp repeats an idempotent method by itself (aiohttp#10790): seen on the wire, not in our code."""
    async with wire(BROKEN[name][0]) as server, client() as http:
        with pytest.raises(AnswerLostError):
            await exchange(http, "GET", server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", METHODS)
async def test_an_answer_lost_on_a_connection_used_before_is_not_asked_for_again(method: str) -> None:
    async with wire(reply(), raw(b"")) as server, client() as http:
        await exchange(http, method, server.url)
        with pytest.raises(AnswerLostError):
            await exchange(http, method, server.url)
    assert len(server.requests) == 2


@pytest.mark.parametrize("method", METHODS)
async def test_a_server_that_closes_idle_connections_is_asked_once_for_each_call(method: str) -> None:
    async with wire(reply(close=True)) as server, client() as http:
        for _ in range(4):
            assert (await exchange(http, method, server.url)).status == 200
            await asyncio.sleep(0.02)  # the end of the connection arrives
    assert (len(server.requests), len(server.peers)) == (4, 4)


async def test_the_time_limit_covers_connecting_asking_and_reading() -> None:
    async with wire(silence()) as server, client(SHORT) as http:
        started = perf_counter()
        with pytest.raises(AnswerLostError):
            await exchange(http, "POST", server.url)
    assert SHORT * 0.9 <= perf_counter() - started < SHORT + 1


async def test_a_call_that_is_cancelled_is_cancelled_and_not_lost() -> None:
    async with wire(silence()) as server, client() as http:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await exchange(http, "POST", server.url)


# --- what the status alone says


@pytest.mark.parametrize("status", [200, 201, 204, 301, 400, 401, 403, 404, 408, 422])
def test_a_status_below_500_says_nothing_by_itself(status: int) -> None:
    assert refused_by_http(Reply(status, {"Retry-After": "9"}, b"")) is None


@pytest.mark.parametrize("status", [500, 501, 502, 504, 520, 599])
def test_a_server_error_is_a_lost_answer(status: int) -> None:
    with pytest.raises(AnswerLostError) as caught:
        refused_by_http(Reply(status, {}, b"<html>secret</html>"))
    assert caught.value.code == f"http-{status}"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("value", "after"), [("", None), ("17", 17.0)])
async def test_a_platform_that_asks_for_patience_is_tried_later(status: int, value: str, after: float | None) -> None:
    async with wire(reply(status, b"busy", Retry_After=value)) as server, client() as http:
        refusal = refused_by_http(await exchange(http, "POST", server.url))
    throttled = status == 429
    assert refusal == Unavailable(f"http-{status}", "the platform asks to try later", after, throttled)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0.0), ("120", 120.0), (" 7 ", 7.0), ("", None), ("soon", None), ("-5", None), ("1.5", None)],
)
def test_retry_after_as_a_number_is_seconds_and_anything_else_is_nothing(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}) == seconds


@pytest.mark.parametrize(("ahead", "least", "most"), [(90, 88, 90), (-90, 0, 0)])
def test_retry_after_as_a_date_is_the_seconds_until_then(ahead: int, least: float, most: float) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
    seconds = retry_after({"Retry-After": then})
    assert seconds is not None
    assert least <= seconds <= most


@pytest.mark.parametrize(
    "value", ["²", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "31 Feb 2024 00:00:00 GMT", "9" * 400]
)
def test_a_retry_after_that_cannot_be_read_is_nothing(value: str) -> None:
    assert (retry_after({"Retry-After": value}) or 0) >= 0


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d{1,30} [A-Z][a-z]{2} \d{1,30} [\d:]{1,9} [A-Z+\-0-9]{1,6}"))
def test_no_retry_after_header_breaks_a_call(value: str) -> None:
    assert (retry_after({"Retry-After": value}) or 0) >= 0


# --- whether we may still call


@pytest.mark.parametrize(("method", "question"), [("GET", 1), ("POST", 1), ("POST", 2)])
async def test_no_byte_leaves_before_it_is_certain_that_we_may_call(method: str, question: int) -> None:
    asked, word = 0, asyncio.Event()

    async def certain() -> None:
        nonlocal asked
        asked += 1
        if asked == question:
            await word.wait()

    only_while(certain)
    async with wire(reply()) as server, client() as http:
        call = asyncio.create_task(exchange(http, method, server.url, data=b"{}" if method == "POST" else None))
        await asyncio.sleep(0.2)
        assert (asked, server.begun) == (question, 0)
        word.set()
        assert (await call).status == 200
    assert len(server.requests) == 1


async def test_a_call_given_up_before_it_is_certain_never_leaves() -> None:
    only_while(asyncio.Event().wait)
    async with wire(reply()) as server, client() as http:
        call = asyncio.create_task(exchange(http, "POST", server.url, data=b"{}"))
        await asyncio.sleep(0.1)
        call.cancel()
        await asyncio.wait([call])
        assert server.begun == 0
