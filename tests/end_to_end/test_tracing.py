"""W3C trace context from an event to everything that is sent for it, and spans to a collector."""

import json
import subprocess
import sys
from typing import Any

import pytest

from deploy.local.stack import free_port
from tests.support.collector import Collector, Span, collector
from tests.support.commands import gateway, server
from tests.support.events import credit
from tests.support.outside import Outside, enrolment, mobile_login, until
from tests.support.running import running, settings
from tests.support.scene import Scene
from tests.unit.wire import reply, wire

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACE = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
OTHER = f"00-{'a' * 32}-00f067aa0ba902b7-01"
EXTENSION = {"traceparent": TRACE, "tracestate": "a=b"}


async def answer(service: Outside, event: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Headers and CloudEvent of an event's result."""
    await service.result(event["id"], 40)
    return next(
        (dict(message.headers), result)
        for message, result in service.results
        if result["data"]["event_id"] == event["id"]
    )


async def test_the_trace_of_an_event_is_in_result_dead_letter_and_log_also_after_the_ladder(stage: Scene) -> None:
    stage.settings()
    ended, died = enrolment("t-1", **EXTENSION), credit("t-2", **EXTENSION)
    async with server(stage.folder, "worker", "gd_accounting") as worker:
        await stage.fault("status", status=503, times=1, path="accountantReg")
        await stage.service.publish(ended)
        await stage.service.publish(died, headers={"traceparent": OTHER})
        headers, result = await answer(stage.service, ended)
        assert headers == EXTENSION
        assert {name: result[name] for name in EXTENSION} == EXTENSION
        assert result["data"]["attempts"] == 2
        assert (await answer(stage.service, died))[0] == {"traceparent": OTHER}  # the header is of the last hop
        (letter,) = await stage.letters()
        assert letter.headers["traceparent"] == OTHER
        assert json.loads(letter.body) == died
        await worker.stop()
    lines = {line["id"]: line for line in worker.logged if line["event"] in {"event.settled", "event.delayed"}}
    assert {line["trace_id"] for line in lines.values()} == {TRACE_ID, "a" * 32}


async def test_an_event_without_trace_gets_none_where_nothing_is_exported(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running():
        await stage.service.publish(event, headers={"traceparent": "nonsense"})
        headers, result = await answer(stage.service, event)
    assert headers == {}
    assert "traceparent" not in result


def test_a_gateway_that_exports_nothing_imports_no_opentelemetry() -> None:
    code = "import sys, gateway.process; print('opentelemetry' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


async def test_spans_of_delivery_call_and_publishing_reach_the_collector_in_one_trace(stage: Scene) -> None:
    stage.settings()
    begun, own = enrolment("t-personal-1", **EXTENSION), credit("t-personal-2")
    async with (
        collector() as found,
        server(stage.folder, "worker", "gd_accounting", GATEWAY_TRACING__ENDPOINT=found.endpoint) as worker,
    ):
        await stage.fault("status", status=503, times=1)
        await stage.service.publish(begun)
        headers, result = await answer(stage.service, begun)
        await stage.service.publish(own)
        own_headers, _ = await answer(stage.service, own)
        (letter,) = await stage.letters()
        assert await worker.stop() == 0
    first, second = deliveries(found, TRACE_ID)
    assert first.parent == second.parent == "00f067aa0ba902b7"
    assert first.service == "provincial-gateway"
    calls = [span for span in found.named("call gd_accounting.enrolment-register") if span.trace == TRACE_ID]
    assert {span.parent for span in calls} == {first.id, second.id}
    assert {span.fields.get("gateway.code") for span in calls} >= {"200"}
    published = {span.id: span for span in found.named("publish result")}
    assert published[headers["traceparent"].split("-")[2]].trace == TRACE_ID
    assert result["traceparent"].split("-")[1] == TRACE_ID
    (alone,) = found.named("deliver gd_accounting.credit-sync")
    assert alone.parent == ""
    assert alone.fields["gateway.outcome"] == "rejected"
    assert own_headers["traceparent"].split("-")[1] == alone.trace
    assert str(letter.headers["traceparent"]).split("-")[1] == alone.trace
    assert not any(b"t-personal" in raw for raw in found.raw)


def deliveries(found: Collector, trace: str) -> list[Span]:
    return [span for span in found.named("deliver gd_accounting.enrolment-register") if span.trace == trace]


async def test_a_collector_that_is_away_delays_neither_events_nor_the_end(stage: Scene) -> None:
    stage.settings()
    away = f"http://127.0.0.1:{free_port()}"
    event = mobile_login("t-1")
    async with server(stage.folder, "worker", "gd_accounting", GATEWAY_TRACING__ENDPOINT=away) as worker:
        await stage.service.publish(event)
        assert (await stage.service.result(event["id"], 40))["outcome"] == "accepted"
        assert await worker.stop() == 0


async def test_an_endpoint_without_opentelemetry_is_refused_with_what_to_install(stage: Scene) -> None:
    stage.settings()
    hidden = stage.folder / "opentelemetry"
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise ModuleNotFoundError('opentelemetry')\n")
    done = await gateway(
        stage.folder,
        "serve",
        variables={"GATEWAY_TRACING__ENDPOINT": "http://127.0.0.1:1", "PYTHONPATH": str(stage.folder)},
    )
    assert done.code == 2
    assert "provincial-gateway[otel]" in done.err.splitlines()[-1]


@pytest.mark.parametrize("told", [False, True])
async def test_a_platform_hears_of_the_trace_only_where_its_account_says_so(stage: Scene, told: bool) -> None:
    switch: dict[str, Any] = {"send_trace_context": True} if told else {}
    async with wire(reply()) as platform, running(settings(stage.url, stage.folder, platform.url, **switch)):
        await stage.service.publish(mobile_login("t-1", **EXTENSION))
        await until(lambda: bool(platform.requests), what="a request to the platform")
    sent = b"".join(platform.requests).lower()
    assert (f"traceparent: {TRACE}".encode() in sent) is told
    assert (b"tracestate: a=b" in sent) is told
