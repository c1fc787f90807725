"""Facts A3, A4: AGW.1433 means a wrong signature or a wrong clock, and `Date` tells which."""

import asyncio
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import LogCapture

from gateway.outcome import Accepted, Stopped
from tests.platforms.gd_ecert.bench import TOKEN, Bench, do, wired
from workers.gd_ecert.auth import Clock
from workers.gd_ecert.client import connected
from workers.gd_ecert.settings import Settings

NOW = 1_700_000_000
REFUSAL = {"errcode": "AGW.1433", "errmsg": "请求签名错误或请求服务器时间戳误差大于 180 秒"}
Answer = Callable[[web.Request], Awaitable[web.Response]]


def gateway_at(theirs: Callable[[], float], *, date: str | None = None) -> Answer:
    """Refuses what is not signed within 180 seconds of its own time."""

    async def answer(request: web.Request) -> web.Response:
        off = abs(theirs() - int(request.headers["x-tif-timestamp"]))
        body: dict[str, Any] = REFUSAL if off > 180 else {"errcode": "0"}
        said = formatdate(theirs(), usegmt=True) if date is None else date
        return web.json_response(body, headers={"Date": said})

    return answer


def refusing(date: Callable[[int], str]) -> Answer:
    """Refuses everything, with the `Date` of the n-th answer."""
    count = 0

    async def answer(_: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return web.json_response(REFUSAL, headers={"Date": date(count)})

    return answer


@pytest.mark.parametrize("off", [-86400, -181, 181, 3600, 10 * 365 * 86400])
async def test_a_wrong_clock_is_corrected_once_and_stays_so(off: int) -> None:
    clock = Clock(lambda: float(NOW))
    async with wired(gateway_at(lambda: NOW + off), clock=clock) as (wire, client):
        assert isinstance(await do(client, "service-call", service="apply", body={"a": 1}), Accepted)
        assert [request.headers["x-tif-timestamp"] for request in wire.requests] == [str(NOW), str(NOW + off)]
        assert isinstance(await do(client, "service-call", service="apply", body={"a": 1}), Accepted)
    assert len(wire.requests) == 3
    assert len({request.headers["x-tif-nonce"] for request in wire.requests}) == 3
    assert wire.bodies == [b'{"a":1}'] * 3


async def test_the_clock_is_corrected_at_most_twice_and_then_the_account_stops() -> None:
    async with wired(refusing(lambda n: formatdate(NOW + n * 1000, usegmt=True))) as (wire, client):
        ending = await do(client, "service-call", service="apply", body={})
    assert len(wire.requests) == 3
    assert isinstance(ending, Stopped)
    assert ending.code == "AGW.1433"
    assert "paas_token" in ending.message
    assert REFUSAL["errmsg"] in ending.message


async def test_a_second_correction_may_be_what_it_takes() -> None:
    dates = iter([NOW + 1000, NOW + 5000, NOW + 5000])

    async def answer(request: web.Request) -> web.Response:
        fine = request.headers["x-tif-timestamp"] == str(NOW + 5000)
        said = formatdate(next(dates), usegmt=True)
        return web.json_response({"errcode": 0} if fine else REFUSAL, headers={"Date": said})

    async with wired(answer, clock=Clock(lambda: float(NOW))) as (wire, client):
        assert isinstance(await do(client, "service-call", service="apply", body={}), Accepted)
    assert len(wire.requests) == 3


@pytest.mark.parametrize("date", ["", "yesterday", formatdate(NOW, usegmt=True), formatdate(NOW + 1, usegmt=True)])
async def test_where_date_does_not_say_that_our_clock_is_wrong_nothing_is_sent_again(date: str) -> None:
    async with wired(refusing(lambda _: date), clock=Clock(lambda: float(NOW))) as (wire, client):
        assert isinstance(await do(client, "service-call", service="apply", body={}), Stopped)
    assert len(wire.requests) == 1


async def test_a_refusal_after_the_correction_is_not_sent_again() -> None:
    """The clock is right by then, so it must be the signature."""
    clock = Clock(lambda: float(NOW))
    clock.learn(formatdate(NOW + 900, usegmt=True))
    async with wired(refusing(lambda _: formatdate(NOW + 900, usegmt=True)), clock=clock) as (wire, client):
        assert isinstance(await do(client, "service-call", service="apply", body={}), Stopped)
    assert len(wire.requests) == 1


async def test_calls_in_flight_together_are_all_signed_anew_with_the_corrected_clock() -> None:
    together = asyncio.Barrier(5)

    async def answer(request: web.Request) -> web.Response:
        off = abs(NOW + 900 - int(request.headers["x-tif-timestamp"]))
        if off > 180:
            await together.wait()
        said = formatdate(NOW + 900, usegmt=True)
        return web.json_response(REFUSAL if off > 180 else {"errcode": 0}, headers={"Date": said})

    async with wired(answer, clock=Clock(lambda: float(NOW))) as (wire, client):
        calls = [do(client, "service-call", service="apply", body={}) for _ in range(5)]
        endings = await asyncio.gather(*calls)
    assert all(isinstance(ending, Accepted) for ending in endings)
    assert len(wire.requests) == 10


async def test_an_answer_that_only_mentions_the_code_is_no_refusal() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"errcode": 0, "data": "AGW.1433"}, headers={"Date": formatdate(NOW + 900)})

    async with wired(answer, clock=Clock(lambda: float(NOW))) as (wire, client):
        assert isinstance(await do(client, "service-call", service="apply", body={}), Accepted)
    assert len(wire.requests) == 1


async def test_a_site_corrects_no_clock() -> None:
    services = {"site": {"path": "x", "kind": "site"}}
    async with wired(refusing(lambda _: formatdate(NOW)), services=services) as (wire, client):
        assert isinstance(await do(client, "service-call", service="site"), Stopped)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("advance", [3600, -3600])
async def test_the_simulated_gateway_in_another_time_is_reached(bench: Bench, advance: int) -> None:
    await bench.control("POST", "/_sandbox/clock", {"advance": advance})
    ending = await bench.do("service-call", service="case-submit", body={"caseNo": "1"})
    assert isinstance(ending, Accepted)
    assert not ending.duplicate
    assert [call["answer"] for call in await bench.calls()] == ["AGW.1433", "0"]


async def test_a_wrong_paas_token_stops_the_account_after_one_call(bench: Bench, logged: LogCapture) -> None:
    settings = bench.settings.model_dump(exclude_unset=True, exclude={"paas_token"})
    wrong = Settings.model_validate({**settings, "paas_token": TOKEN})
    async with connected(wrong, Clock()) as client:
        ending = await do(client, "service-call", service="case-submit", body={"caseNo": "1"})
    assert isinstance(ending, Stopped)
    assert len(await bench.calls()) == 1
    assert TOKEN not in f"{ending}{logged.entries}"


@given(st.text() | st.none() | st.datetimes().map(lambda at: at.strftime("%a, %d %b %Y %H:%M:%S GMT")))
def test_no_date_is_too_odd(date: str | None) -> None:
    clock = Clock(lambda: float(NOW))
    clock.learn(date)
    assert int(clock.timestamp()) is not None
