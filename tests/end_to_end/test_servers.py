"""The processes that stay: what they serve over HTTP, standing by, and one role alone (DESIGN §6)."""

import json
import re
import sqlite3
from contextlib import closing

from deploy.local.stack import free_port
from tests.support.commands import gateway, server
from tests.support.events import check, credit
from tests.support.outside import mobile_login
from tests.support.scene import Scene

ACCOUNT = {"platform": "gd_accounting", "account": "default"}


async def test_a_gateway_and_one_that_stands_by_are_both_ready_and_one_holds_the_lease(stage: Scene) -> None:
    stage.settings()
    async with server(stage.folder, "run") as first, server(stage.folder, "run") as second:
        for each in (first, second):
            assert await each.status("/healthz") == 200
            assert json.loads(await each.get("/readyz"))["status"] == "ready"
        assert sum([await each.sample("gateway_lease_held", **ACCOUNT) for each in (first, second)]) == 1


async def test_metrics_tell_what_happened_under_the_names_of_the_contract(stage: Scene) -> None:
    stage.settings(ladder=(1,))
    async with server(stage.folder, "worker", "gd_accounting.default") as worker:
        await stage.fault("status", status=503, times=1, path="syncLoginInfo")
        time = "2026-11-20T09:30:00+08:00"
        for event in (mobile_login("t-1", time=time), check("t-2", time=time), credit("t-3", time=time)):
            await stage.service.publish(event)
        await stage.service.ended(3)
        text = await worker.get("/metrics")
        settled = "gateway_events_settled_total"
        assert await worker.sample(settled, operation="mobile-login-sync", outcome="accepted", **ACCOUNT) == 1
        assert await worker.sample(settled, operation="credit-sync", category="rejected", **ACCOUNT) == 1
        assert await worker.sample("gateway_event_age_seconds_count", **ACCOUNT) == 3
        assert await worker.sample("gateway_retries_total", operation="mobile-login-sync", **ACCOUNT) == 1
        assert await worker.sample("gateway_token_logins_total", result="ok", **ACCOUNT) == 1
        assert await worker.sample("gateway_lease_held", **ACCOUNT) == 1
        assert await worker.sample("gateway_in_flight", **ACCOUNT) == 0
        assert await worker.sample("gateway_account_state", state="working", **ACCOUNT) == 1
        calls = "gateway_platform_call_seconds_count"
        for code, times in {"http-503": 1, "200": 2, "A0727": 1}.items():
            assert await worker.sample(calls, code=code, **ACCOUNT) == times
    names = set(re.findall(r"^# TYPE (gateway_\w+) ", text, re.MULTILINE))
    assert names >= {"gateway_lanes_waiting", "gateway_results_unrouted_total"}


async def test_gateway_serve_answers_without_working(stage: Scene) -> None:
    await stage.declare()
    event = mobile_login("t-1")
    async with server(stage.folder, "serve") as web:
        await stage.service.publish(event)
        assert await web.status("/healthz") == 200
        assert await web.status("/metrics") == 200
        assert await web.status("/inbound/gd_accounting/default/login") == 404  # no landing_url is configured
        assert await web.status("/nothing-here") == 404
        assert await stage.depth("bulk") == 1
        assert await web.stop() == 0


async def test_gateway_serve_is_ready_while_the_broker_is_away_for_it_keeps_what_comes(stage: Scene) -> None:
    stage.settings()
    away = f"amqp://guest:guest@127.0.0.1:{free_port()}/"
    async with server(stage.folder, "serve", GATEWAY_BROKER__URL=away) as web:
        assert json.loads(await web.get("/readyz")) == {"status": "ready", "reasons": {}}
        assert await web.sample("gateway_inbound_waiting", **ACCOUNT) == 0
        assert await web.stop() == 0


async def test_gateway_serve_is_not_ready_while_its_ledger_fails(stage: Scene) -> None:
    stage.settings()
    async with server(stage.folder, "serve") as web:
        with closing(sqlite3.connect(stage.folder / "gateway.db", isolation_level=None)) as other:
            other.execute("DROP TABLE pulse")
        assert await web.status("/readyz") == 503
        assert await web.status("/metrics") == 200


async def test_a_gateway_without_broker_is_alive_and_not_ready_and_says_which_account(stage: Scene) -> None:
    stage.settings()
    away = f"amqp://guest:geheim@127.0.0.1:{free_port()}/"
    async with server(stage.folder, "run", ready="/healthz", GATEWAY_BROKER__URL=away) as alone:
        assert await alone.status("/readyz") == 503
        assert await alone.stop() == 0
    assert "gd_accounting.default" in alone.log
    assert "geheim" not in alone.log


async def test_a_port_that_is_taken_is_one_clear_line(stage: Scene) -> None:
    stage.settings()
    async with server(stage.folder, "serve") as web:
        done = await gateway(stage.folder, "run", variables={"GATEWAY_HTTP__PORT": str(web.port)})
    assert done.code in {1, 2}
    assert "Traceback" not in done.err
    assert str(web.port) in done.err.splitlines()[-1]


async def test_a_gateway_logs_one_line_of_json_for_each_event_that_ends(stage: Scene) -> None:
    event = mobile_login("t-1")
    stage.settings()
    async with server(stage.folder, "run") as running:
        await stage.service.publish(event)
        await stage.service.ended(1)
        await running.stop()
    (line,) = [line for line in running.logged if line["event"] == "event.settled"]
    assert line["id"] == event["id"]
    assert line["type"] == "gd_accounting.mobile-login-sync"
    assert (line["account"], line["outcome"], line["code"], line["attempt"]) == ("default", "accepted", "200", 1)
    assert line["milliseconds"] > 0
