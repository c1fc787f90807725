"""The common part of all simulators, with a platform of three lines."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.simulation import (
    Clock,
    Fault,
    FaultKind,
    Handler,
    NoOptions,
    Simulation,
    control_input,
    json_answer,
    short_hash,
)

Client = TestClient[web.Request, web.Application]


class SayOptions(NoOptions):
    word: str


async def say(_request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    return json_answer({"word": fault.options.word}, "said")


class Toy:
    """A platform that counts its orders and knows one fault of its own."""

    def __init__(self) -> None:
        self.orders = 0
        self.clock = Clock(lambda: 1000.0)

    async def order(self, _request: web.Request) -> web.Response:
        self.orders += 1
        return json_answer({"code": "ok"}, "ok")

    async def part(self, request: web.Request) -> web.Response:
        part = await request.post()
        return json_answer({"parts": len(part)}, "ok")

    async def broken(self, _request: web.Request) -> web.Response:
        raise RuntimeError("a bug in the simulator")

    def reset(self) -> None:
        self.orders = 0

    def app(self, **options: Any) -> web.Application:
        app = web.Application(client_max_size=200_000)
        app.router.add_post("/orders", self.order)
        app.router.add_get("/orders", self.order)
        app.router.add_post("/parts", self.part)
        app.router.add_get("/broken", self.broken)
        kinds = {
            "say": FaultKind(say, SayOptions),
            "say-to-marked": FaultKind(say, SayOptions, applies=lambda request: "mark" in request.query),
        }
        simulation = Simulation(
            state=lambda: {"orders": self.orders}, reset=self.reset, clock=self.clock, kinds=kinds, **options
        )
        simulation.install(app)
        return app


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
async def client(toy: Toy) -> AsyncIterator[Client]:
    async with TestClient(TestServer(toy.app())) as client:
        yield client


async def fault(client: Client, **order: Any) -> dict[str, Any]:
    async with client.post("/_sandbox/faults", json=order) as response:
        assert response.status == 201, await response.text()
        described: dict[str, Any] = await response.json()
        return described


async def calls(client: Client, query: str = "") -> dict[str, Any]:
    async with client.get(f"/_sandbox/calls{query}") as response:
        recorded: dict[str, Any] = await response.json()
        return recorded


async def order(client: Client, path: str = "/orders") -> tuple[int, str]:
    async with client.post(path, json={"n": 1}) as response:
        return response.status, await response.text()


# --- faults


async def test_a_fault_strikes_as_often_as_ordered_and_then_is_over(client: Client) -> None:
    await fault(client, kind="status", status=503, times=2)
    assert [(await order(client))[0] for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize("limit", [{}, {"times": None}])
async def test_a_fault_without_times_lasts_until_cleared(client: Client, limit: dict[str, None]) -> None:
    await fault(client, kind="status", status=500, **limit)
    assert {(await order(client))[0] for _ in range(5)} == {500}
    async with client.delete("/_sandbox/faults") as response:
        assert await response.json() == {"cleared": 1}
    assert (await order(client))[0] == 200


async def test_a_fault_with_a_path_leaves_the_others_alone(client: Client) -> None:
    await fault(client, kind="status", status=502, path="^/parts$")
    assert (await order(client))[0] == 200
    assert (await order(client, "/parts"))[0] == 502


async def test_a_status_fault_answers_before_the_platform_and_may_say_when_to_retry(client: Client, toy: Toy) -> None:
    await fault(client, kind="status", status=429, retry_after=7)
    async with client.post("/orders") as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        assert response.content_type == "text/html"
    assert toy.orders == 0


async def test_an_html_fault_answers_200_with_a_page_before_the_platform(client: Client, toy: Toy) -> None:
    await fault(client, kind="html")
    async with client.post("/orders") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "<html>" in await response.text()
    assert toy.orders == 0


async def test_a_delay_holds_the_answer_back_and_then_is_normal(client: Client, toy: Toy) -> None:
    await fault(client, kind="delay", seconds=0.2)
    started = time.monotonic()
    assert (await order(client))[0] == 200
    assert time.monotonic() - started >= 0.2
    assert toy.orders == 1


async def test_clearing_ends_a_delay_that_is_under_way(client: Client) -> None:
    await fault(client, kind="delay", seconds=60, times=1)
    waiting = asyncio.create_task(order(client))
    await in_flight(client, 1)
    await client.delete("/_sandbox/faults")
    assert (await asyncio.wait_for(waiting, 5))[0] == 200


async def in_flight(client: Client, count: int) -> None:
    for _ in range(500):
        if (await calls(client))["in_flight"] == count:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"never {count} calls in flight")


async def test_a_hang_answers_once_cleared_even_when_its_times_are_used_up(client: Client, toy: Toy) -> None:
    await fault(client, kind="hang", times=1)
    waiting = asyncio.create_task(order(client))
    await in_flight(client, 1)
    assert not waiting.done()
    assert toy.orders == 0
    await client.delete("/_sandbox/faults")
    assert (await asyncio.wait_for(waiting, 5))[0] == 200
    assert toy.orders == 1


async def test_a_hanging_call_is_over_and_never_processed_when_its_client_leaves(client: Client, toy: Toy) -> None:
    await fault(client, kind="hang")
    with pytest.raises(TimeoutError):
        await client.post("/orders", timeout=aiohttp.ClientTimeout(total=0.1))
    await in_flight(client, 0)
    assert toy.orders == 0
    call = (await calls(client))["calls"][0]
    assert (call["answer"], call["status"], call["decided"]) == ("client-gone", None, None)


async def test_a_hanging_call_does_not_hold_up_the_shutdown(toy: Toy) -> None:
    server = TestServer(toy.app())
    async with TestClient(server) as client:
        await fault(client, kind="hang")
        waiting = asyncio.create_task(order(client))
        await in_flight(client, 1)
        started = time.monotonic()
        await server.close()
        assert time.monotonic() - started < 5
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_dropped_call_gets_no_answer_and_is_not_processed(client: Client, toy: Toy) -> None:
    await fault(client, kind="drop", times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await order(client)
    assert toy.orders == 0
    call = (await calls(client))["calls"][0]
    assert (call["answer"], call["status"], call["decided"]) == ("drop", None, None)
    assert (await order(client))[0] == 200


async def test_a_call_dropped_after_processing_is_processed_once_and_gets_no_answer(client: Client, toy: Toy) -> None:
    await fault(client, kind="drop-after", times=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await order(client)
    assert toy.orders == 1
    call = (await calls(client))["calls"][0]
    assert (call["answer"], call["status"], call["decided"]) == ("drop-after", None, "ok")


async def test_faults_apply_together_in_the_order_they_were_ordered(client: Client, toy: Toy) -> None:
    await fault(client, kind="delay", seconds=0.05)
    await fault(client, kind="drop-after")
    await fault(client, kind="say", word="hello")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await order(client)
    assert (await calls(client))["calls"][0]["faults"] == ["delay", "drop-after", "say"]
    assert toy.orders == 0


async def test_a_platform_adds_faults_of_its_own_with_options(client: Client) -> None:
    await fault(client, kind="say", word="hello", times=1)
    assert "hello" in (await order(client))[1]


async def test_a_fault_that_cannot_strike_a_call_does_not_use_up_its_times(client: Client) -> None:
    await fault(client, kind="say-to-marked", word="marked", times=1)
    assert "ok" in (await order(client))[1]
    assert "marked" in (await order(client, "/orders?mark=1"))[1]
    assert "ok" in (await order(client, "/orders?mark=1"))[1]


async def test_faults_are_listed_with_their_hits_until_they_are_used_up(client: Client) -> None:
    ordered = await fault(client, kind="status", status=500, times=2, path="orders")
    assert ordered == {
        "id": 1,
        "kind": "status",
        "times": 2,
        "path": "orders",
        "hits": 0,
        "status": 500,
        "retry_after": None,
    }
    await order(client)
    async with client.get("/_sandbox/faults") as response:
        listed = await response.json()
    assert listed["faults"] == [ordered | {"hits": 1}]
    assert {"delay", "status", "html", "hang", "drop", "drop-after", "say"} <= set(listed["kinds"])
    await order(client)
    async with client.get("/_sandbox/faults") as response:
        assert (await response.json())["faults"] == []


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"no json", "JSON"),
        (b"[]", "object"),
        (b"", "kind"),
        (b'{"times": 1}', "kind"),
        (b'{"kind": "earthquake"}', "drop-after"),
        (b'{"kind": "drop", "times": 0}', "times"),
        (b'{"kind": "drop", "times": "often"}', "times"),
        (b'{"kind": "drop", "path": "("}', "regular expression"),
        (b'{"kind": "drop", "colour": 1}', "colour"),
        (b'{"kind": "delay"}', "seconds"),
        (b'{"kind": "delay", "seconds": -1}', "seconds"),
        (b'{"kind": "status"}', "status"),
        (b'{"kind": "status", "status": 200}', "status"),
        (b'{"kind": "say"}', "word"),
    ],
)
async def test_an_order_that_cannot_be_meant_is_refused_with_the_reason(
    client: Client, body: bytes, names: str
) -> None:
    async with client.post("/_sandbox/faults", data=body) as response:
        assert response.status == 400
        assert names in (await response.json())["error"]
    async with client.get("/_sandbox/faults") as response:
        assert (await response.json())["faults"] == []


# --- the record


async def test_calls_are_recorded_in_the_order_of_arrival_with_input_and_answer(client: Client) -> None:
    await client.get("/orders?a=1&b=")
    await client.post("/orders", json={"n": 2})
    await client.post("/orders", data={"n": "3"})
    recorded = await calls(client)
    first, second, third = recorded["calls"]
    assert [first["seq"], second["seq"], third["seq"]] == [1, 2, 3]
    assert (first["method"], first["path"], first["query"]) == ("GET", "/orders", {"a": "1", "b": ""})
    assert (first["body"], second["body"], third["body"]) == (None, {"n": 2}, {"n": "3"})
    assert (first["answer"], first["decided"], first["status"]) == ("ok", "ok", 200)
    assert first["at"] == 1000.0
    assert first["monotonic"] < second["monotonic"] < time.monotonic()
    assert recorded["counts"] == {"/orders": {"ok": 3}}
    assert recorded["total"] == 3


async def test_secrets_and_tokens_are_recorded_as_short_hashes_only(client: Client) -> None:
    headers = {"Authorization": "Bearer top-token"}
    await client.post("/orders?token=in-query", json={"secret": "in-body", "n": 1}, headers=headers)
    async with client.get("/_sandbox/calls") as response:
        text = await response.text()
    assert not [word for word in ("top-token", "in-query", "in-body") if word in text]
    call = (await calls(client))["calls"][0]
    assert call["token"] == short_hash("top-token")
    assert call["query"] == {"token": short_hash("in-query")}
    assert call["body"] == {"secret": short_hash("in-body"), "n": 1}


async def test_a_platform_may_carry_its_credential_in_another_header(toy: Toy) -> None:
    async with TestClient(TestServer(toy.app(credential_header="X-Access"))) as client:
        await client.post("/orders", headers={"X-Access": "abc"})
        assert (await calls(client))["calls"][0]["token"] == short_hash("abc")


async def test_a_header_that_is_not_utf8_is_recorded_too(client: Client) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET /orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\r\nConnection: close\r\n\r\n")
    assert b"200 OK" in await reader.read()
    writer.close()
    await writer.wait_closed()


async def test_calls_in_flight_are_counted_on_arrival(client: Client) -> None:
    await fault(client, kind="delay", seconds=0.1)
    await asyncio.gather(*(order(client) for _ in range(4)))
    recorded = await calls(client)
    assert sorted(call["in_flight"] for call in recorded["calls"]) == [1, 2, 3, 4]
    assert (recorded["in_flight"], recorded["max_in_flight"]) == (0, 4)


async def test_the_record_is_bounded_and_the_counters_are_exact(toy: Toy) -> None:
    async with TestClient(TestServer(toy.app(keep_calls=3))) as client:
        for _ in range(5):
            await order(client)
        recorded = await calls(client)
        assert [call["seq"] for call in recorded["calls"]] == [3, 4, 5]
        assert (recorded["total"], recorded["counts"]) == (5, {"/orders": {"ok": 5}})


async def test_calls_can_be_read_a_few_at_a_time(client: Client) -> None:
    for _ in range(5):
        await order(client)
    assert [call["seq"] for call in (await calls(client, "?since=2&limit=2"))["calls"]] == [3, 4]
    async with client.get("/_sandbox/calls?limit=few") as response:
        assert response.status == 400
        assert "limit" in (await response.json())["error"]


async def test_what_is_no_answer_of_the_platform_is_counted_by_its_http_status(client: Client) -> None:
    await client.get("/nowhere")
    await client.put("/orders")
    await client.post("/orders", data=b"x" * 300_000)
    await fault(client, kind="status", status=503, times=1)
    await order(client)
    await client.get("/broken")
    recorded = await calls(client)
    answers = [(call["answer"], call["status"]) for call in recorded["calls"]]
    statuses = (404, 405, 413, 503, 500)
    assert answers == [(f"http-{status}", status) for status in statuses]


async def test_large_multipart_and_unreadable_bodies_are_not_kept(client: Client) -> None:
    await client.post("/orders", data=b"x" * 100_000)
    await client.post("/orders", data=b"\xff\xfe")
    form = aiohttp.FormData()
    form.add_field("file", b"jpeg", filename="x.jpg")
    async with client.post("/parts", data=form) as response:
        assert await response.json() == {"parts": 1}
    assert [call["body"] for call in (await calls(client))["calls"]] == [None, {"bytes": 2}, None]


async def test_control_calls_are_neither_recorded_nor_struck(client: Client) -> None:
    await fault(client, kind="status", status=500)
    async with client.get("/_sandbox/state") as response:
        assert await response.json() == {"orders": 0}
    assert (await calls(client))["total"] == 0


# --- clock, reset, mounting


async def test_the_clock_advances_on_demand(client: Client, toy: Toy) -> None:
    async with client.post("/_sandbox/clock", json={"advance": 30}) as response:
        assert await response.json() == {"now": 1030.0}
    async with client.get("/_sandbox/clock") as response:
        assert await response.json() == {"now": 1030.0}
    assert toy.clock() == 1030.0
    async with client.post("/_sandbox/clock", json={"forward": 30}) as response:
        assert response.status == 400


async def test_a_reset_forgets_faults_calls_clock_and_the_platforms_own_records(client: Client, toy: Toy) -> None:
    await order(client)
    await fault(client, kind="status", status=500)
    toy.clock.advance(5)
    async with client.post("/_sandbox/reset") as response:
        assert response.status == 200
    assert (toy.orders, toy.clock()) == (0, 1000.0)
    assert (await order(client))[0] == 200
    recorded = await calls(client)
    assert (recorded["total"], recorded["counts"]) == (1, {"/orders": {"ok": 1}})


async def test_a_mounted_simulator_speaks_of_paths_without_its_prefix(toy: Toy) -> None:
    root = web.Application()
    root.add_subapp("/toy", toy.app())
    async with TestClient(TestServer(root)) as client:
        async with client.post("/toy/_sandbox/faults", json={"kind": "drop-after", "path": "^/orders$"}):
            pass
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await order(client, "/toy/orders")
        async with client.get("/toy/_sandbox/calls") as response:
            recorded = await response.json()
        assert recorded["counts"] == {"/orders": {"drop-after": 1}}
        assert recorded["calls"][0]["path"] == "/orders"


async def test_control_input_is_checked_for_platform_routes_too() -> None:
    async def route(request: web.Request) -> web.Response:
        wanted = await control_input(request, SayOptions)
        return json_answer({"word": wanted.word}, "ok")

    app = web.Application()
    app.router.add_post("/", route)
    async with TestClient(TestServer(app)) as client:
        async with client.post("/", json={"word": "hello"}) as response:
            assert await response.json() == {"word": "hello"}
        async with client.post("/", json={"word": 1}) as response:
            assert response.status == 400
            assert (await response.json())["error"].startswith("word: ")
