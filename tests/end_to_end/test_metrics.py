"""What Prometheus is told of broker and ledger by any process, and what it is not told when nobody can know."""

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from deploy.local.node import Node
from deploy.local.stack import demo_settings, free_port, toml
from tests.support.commands import Server, server
from tests.support.events import check, credit
from tests.support.outside import enrolment, eventually, mobile_login
from tests.support.scene import Scene, queue, scene

ACCOUNT = {"platform": "gd_accounting", "account": "default"}
CONTRACT = {
    "gateway_events_settled_total",
    "gateway_event_age_seconds",
    "gateway_platform_call_seconds",
    "gateway_retries_total",
    "gateway_token_logins_total",
    "gateway_breaker_state",
    "gateway_lease_held",
    "gateway_in_flight",
    "gateway_queue_messages",
    "gateway_dead_letters",
    "gateway_lanes_waiting",
    "gateway_oldest_event_age_seconds",
    "gateway_consumers_alive",
    "gateway_certificate_expiry_seconds",
    "gateway_token_age_seconds",
    "gateway_last_accepted_timestamp_seconds",
    "gateway_account_state",
    "gateway_token_state",
    "gateway_ledger_up",
    "gateway_broker_up",
    "gateway_results_unrouted_total",
    "gateway_inbound_waiting",
    "gateway_account_configured",
    "gateway_events_replayed_total",
}


async def shows(process: Server, name: str, value: float, **labels: str) -> None:
    """Wait until a metric is there and has this value, summed over the labels that are not given."""

    async def there() -> bool:
        return await has(process, name) and await process.sample(name, **labels) == value

    await eventually(there, 30, f"{name} {labels} = {value}")


async def has(process: Server, name: str) -> bool:
    return any(re.split("[{ ]", line)[0] == name for line in (await process.get("/metrics")).splitlines())


async def test_every_metric_of_the_contract_has_a_help_text(stage: Scene) -> None:
    stage.settings()
    async with server(stage.folder, "run") as gateway:
        text = await gateway.get("/metrics")
    helped = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP ") and len(line.split()) > 4}
    assert CONTRACT - helped == set()


async def test_depths_and_dead_letters_are_there_while_no_worker_holds_the_lease(stage: Scene) -> None:
    await stage.declare()
    stage.settings()
    async with server(stage.folder, "worker", "gd_accounting") as worker:
        await stage.service.publish(credit("t-1"))
        await stage.service.publish({**mobile_login("t-2"), "data": {}})
        await stage.service.publish(check("nobody"))  # a question that is refused is no dead letter
        await stage.service.ended(3)
        assert await worker.stop() == 0
    for _ in range(3):
        await stage.service.publish(mobile_login("t-3"))
    async with server(stage.folder, "serve") as web:
        await shows(web, "gateway_queue_messages", 3, queue="bulk", **ACCOUNT)
        await shows(web, "gateway_queue_messages", 2, queue="dead", **ACCOUNT)
        await shows(web, "gateway_queue_messages", 0, queue="unrouted")
        await shows(web, "gateway_consumers_alive", 0, **ACCOUNT)
        await shows(web, "gateway_dead_letters", 1, category="rejected", **ACCOUNT)
        await shows(web, "gateway_dead_letters", 1, category="invalid", **ACCOUNT)
        await shows(web, "gateway_dead_letters", 2, **ACCOUNT)
        assert await web.sample("gateway_account_configured", **ACCOUNT) == 1
        assert not await has(web, "gateway_lease_held")

        async def grown() -> bool:
            return await web.sample("gateway_oldest_event_age_seconds", where="bulk", **ACCOUNT) > 1

        await eventually(grown, 30, "the age of the oldest event")
    async with server(stage.folder, "worker", "gd_accounting") as worker:
        await stage.service.ended(6)
        await shows(worker, "gateway_queue_messages", 0, queue="bulk", **ACCOUNT)
        await shows(worker, "gateway_consumers_alive", 3, **ACCOUNT)
        await shows(worker, "gateway_oldest_event_age_seconds", 0, where="bulk", **ACCOUNT)


async def test_who_waits_in_the_broker_for_an_earlier_one_of_its_lane_is_counted(stage: Scene) -> None:
    stage.settings(ladder=(60,))
    async with server(stage.folder, "worker", "gd_accounting") as worker, server(stage.folder, "serve") as web:
        await stage.fault("status", status=503, times=1, path="accountantReg")
        await stage.service.publish(enrolment("t-1", subject="learner"))
        await shows(worker, "gateway_retries_total", 1, **ACCOUNT)
        await stage.service.publish(enrolment("t-1", subject="learner"))
        await stage.service.publish(enrolment("t-1", subject="learner"))
        await shows(worker, "gateway_lanes_waiting", 2, where="broker", **ACCOUNT)
        await shows(web, "gateway_lanes_waiting", 2, **ACCOUNT)
        assert 1 < await web.sample("gateway_oldest_event_age_seconds", where="ladder", **ACCOUNT) < 60


async def test_a_broker_that_goes_away_takes_its_numbers_along(broker_node: Node, tmp_path: Path) -> None:
    async with scene(broker_node.url, tmp_path) as stage:
        await stage.declare()
        async with server(stage.folder, "serve") as web:
            await shows(web, "gateway_broker_up", 1)
            await shows(web, "gateway_queue_messages", 0, **ACCOUNT)
            broker_node.kill()
            await shows(web, "gateway_broker_up", 0)
            assert not await has(web, "gateway_queue_messages")
            assert not await has(web, "gateway_consumers_alive")
            await shows(web, "gateway_dead_letters", 0, **ACCOUNT)
            broker_node.start()
            await shows(web, "gateway_broker_up", 1)
            await shows(web, "gateway_queue_messages", 0, **ACCOUNT)


async def test_a_ledger_that_fails_takes_its_counts_along(stage: Scene) -> None:
    stage.settings()
    async with server(stage.folder, "serve") as web:
        await shows(web, "gateway_ledger_up", 1, **ACCOUNT)
        await shows(web, "gateway_dead_letters", 0, **ACCOUNT)
        with closing(sqlite3.connect(stage.folder / "gateway.db", isolation_level=None)) as other:
            other.execute("DROP TABLE pulse")
        await shows(web, "gateway_ledger_up", 0, **ACCOUNT)
        assert not await has(web, "gateway_dead_letters")
        assert not await has(web, "gateway_lanes_waiting")


async def test_who_gave_the_lease_up_no_longer_tells_the_accounts_state(stage: Scene) -> None:
    stage.settings(secret="wrong")
    async with server(stage.folder, "worker", "gd_accounting") as worker, server(stage.folder, "serve") as web:
        await stage.service.publish(enrolment("t-1"))
        await shows(worker, "gateway_account_state", 1, state="stopped", **ACCOUNT)
        await shows(worker, "gateway_token_state", 1, state="stopped", **ACCOUNT)
        assert not await has(web, "gateway_account_state")
        await stage.service.channel.queue_delete(queue("bulk"))
        await stage.service.channel.queue_delete(queue("interactive"))
        await shows(worker, "gateway_lease_held", 0, **ACCOUNT)
        assert await worker.sample("gateway_account_state", state="stopped", **ACCOUNT) == 0


async def test_what_may_be_counted_stands_at_0_before_it_happens_and_replays_are_counted(stage: Scene) -> None:
    await stage.declare()
    async with server(stage.folder, "worker", "gd_accounting") as worker:
        settled = "gateway_events_settled_total"
        for labels in ({"outcome": "dead", "category": "uncertain"}, {"outcome": "accepted", "category": ""}):
            assert f'operation="credit-sync",outcome="{labels["outcome"]}"' in await worker.get("/metrics")
            assert await worker.sample(settled, operation="credit-sync", **labels, **ACCOUNT) == 0
        assert await has(worker, "gateway_results_unrouted_total")
        assert await worker.sample("gateway_token_logins_total", result="failed", **ACCOUNT) == 0
        before = time.time()
        await stage.service.publish(enrolment("t-1"))
        await stage.service.ended(1)
        assert await worker.sample("gateway_last_accepted_timestamp_seconds", **ACCOUNT) > before - 1
        assert 0 <= await worker.sample("gateway_token_age_seconds", **ACCOUNT) < 60
        await worker.stop()


@pytest.mark.parametrize("role", ["serve", "run"])
async def test_until_when_a_certificate_is_valid_is_told_by_every_process(stage: Scene, role: str) -> None:
    stage.settings()
    table = demo_settings("gd_driving", f"http://127.0.0.1:{free_port()}/gd_driving", stage.folder)
    with (stage.folder / "gateway.toml").open("a", encoding="utf-8") as file:
        file.write(toml({"platforms": {"gd_driving": {"default": table}}}))
    async with server(stage.folder, role) as process:
        left = await process.sample("gateway_certificate_expiry_seconds", certificate="certificate_file")
        assert left > 24 * 3600
        assert "gd_accounting" not in next(
            line
            for line in (await process.get("/metrics")).splitlines()
            if line.startswith("gateway_certificate_expiry_seconds{")
        )
