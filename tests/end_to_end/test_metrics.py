"""What Prometheus is told of broker and ledger by any process, and what it is not told when nobody can know."""

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from prometheus_client import REGISTRY

from deploy.local.node import Node
from deploy.local.stack import demo_settings, free_port, toml
from gateway.ledger import open_ledger
from gateway.observe import Observer
from gateway.settings import Settings, accounts
from tests.support.commands import server
from tests.support.events import check, credit
from tests.support.outside import enrolment, mobile_login, until
from tests.support.scene import Scene, scene

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
    "gateway_replay_runs",
    "gateway_replay_letters",
}


@asynccontextmanager
async def observed(configured: Settings) -> AsyncIterator[None]:
    """What every process does beside its other work, only more often."""
    async with open_ledger(configured.ledger.url) as ledger:
        observer = Observer(configured, ledger, accounts(configured), look_seconds=0.1, count_seconds=0.1)
        async with observer.watching():
            yield


def sample(name: str, **labels: str) -> float | None:
    """The value of a metric, summed over the labels that are not given; None where it has none."""
    found = [
        s.value
        for metric in REGISTRY.collect()
        for s in metric.samples
        if s.name == name and labels.items() <= s.labels.items()
    ]
    return sum(found) if found else None


async def shows(name: str, value: float | None, **labels: str) -> None:
    await until(lambda: sample(name, **labels) == value, 30, f"{name} {labels} = {value}")


async def test_a_process_without_a_worker_tells_every_metric_with_a_help_text_and_what_stands_where(
    stage: Scene,
) -> None:
    await stage.declare()
    table = demo_settings("gd_driving", f"http://127.0.0.1:{free_port()}/gd_driving", stage.folder)
    with (stage.folder / "gateway.toml").open("a", encoding="utf-8") as file:
        file.write(toml({"platforms": {"gd_driving": {"default": table}}}))
    await stage.service.publish(mobile_login("t-1"))
    async with server(stage.folder, "serve") as web:

        async def standing() -> float:
            return await web.sample("gateway_queue_messages", queue="bulk", **ACCOUNT)

        deadline = time.monotonic() + 30
        while await standing() != 1:
            assert time.monotonic() < deadline
        text = await web.get("/metrics")
        lines = text.splitlines()
        assert await web.sample("gateway_account_configured", **ACCOUNT) == 1
        assert await web.sample("gateway_broker_up") == 1
        assert await web.sample("gateway_certificate_expiry_seconds", platform="gd_driving") > 24 * 3600
        assert not any(line.startswith("gateway_certificate_expiry_seconds{account=gd_acc") for line in lines)
        assert not any(line.startswith("gateway_lease_held{") for line in lines)
        assert await web.stop() == 0
    helped = {line.split()[2] for line in lines if line.startswith("# HELP ") and len(line.split()) > 4}
    assert CONTRACT - helped == set()


async def test_depths_and_dead_letters_are_there_while_no_worker_holds_the_lease(stage: Scene) -> None:
    async with stage.running():
        await stage.service.publish(credit("t-1"))
        await stage.service.publish({**mobile_login("t-2"), "data": {}})
        await stage.service.publish(check("nobody"))  # a question that is refused is no dead letter
        await stage.service.ended(3)
    for _ in range(3):
        await stage.service.publish(mobile_login("t-3"))
    async with observed(stage.settings()):
        await shows("gateway_queue_messages", 3, queue="bulk", **ACCOUNT)
        await shows("gateway_queue_messages", 2, queue="dead", **ACCOUNT)
        assert sample("gateway_queue_messages", queue="unrouted") == 0
        assert sample("gateway_queue_messages", queue="delay.1s") == 0
        assert sample("gateway_consumers_alive", **ACCOUNT) == 0
        await shows("gateway_dead_letters", 1, category="rejected", **ACCOUNT)
        assert sample("gateway_dead_letters", category="invalid", **ACCOUNT) == 1
        assert sample("gateway_dead_letters", **ACCOUNT) == 2
        oldest = "gateway_oldest_event_age_seconds"
        await until(lambda: (sample(oldest, where="bulk", **ACCOUNT) or 0) > 0.3, 30, "the age of the oldest")
        async with stage.running():
            await stage.service.ended(6)
            await shows("gateway_queue_messages", 0, queue="bulk", **ACCOUNT)
            await shows("gateway_consumers_alive", 3, **ACCOUNT)
            await shows(oldest, 0, where="bulk", **ACCOUNT)
    assert sample("gateway_queue_messages") is None
    assert sample("gateway_dead_letters") is None


async def test_who_waits_in_the_broker_for_an_earlier_one_of_its_lane_is_counted(stage: Scene) -> None:
    ladder = (60,)
    async with stage.running(ladder), observed(stage.settings(ladder)):
        await stage.fault("status", status=503, times=1, path="accountantReg")
        retries = sample("gateway_retries_total", **ACCOUNT) or 0
        await stage.service.publish(enrolment("t-1", subject="learner"))
        await until(lambda: sample("gateway_retries_total", **ACCOUNT) == retries + 1, what="the first one's delay")
        await shows("gateway_lanes_waiting", 0, where="broker", **ACCOUNT)
        for _ in range(2):
            await stage.service.publish(enrolment("t-1", subject="learner"))
        await shows("gateway_lanes_waiting", 2, where="broker", **ACCOUNT)
        oldest = sample("gateway_oldest_event_age_seconds", where="ladder", **ACCOUNT)
        assert oldest is not None
        assert 0 < oldest < 60


async def test_a_broker_that_goes_away_takes_its_numbers_along(broker_node: Node, tmp_path: Path) -> None:
    async with scene(broker_node.url, tmp_path) as stage:
        await stage.declare()
        async with observed(stage.settings()):
            await shows("gateway_broker_up", 1)
            await shows("gateway_queue_messages", 0, **ACCOUNT)
            broker_node.kill()
            await shows("gateway_broker_up", 0)
            for name in ("gateway_queue_messages", "gateway_consumers_alive"):
                assert sample(name) is None
            assert sample("gateway_oldest_event_age_seconds", where="bulk") is None
            assert sample("gateway_dead_letters", **ACCOUNT) == 0
            broker_node.start()
            await shows("gateway_broker_up", 1)
            await shows("gateway_queue_messages", 0, **ACCOUNT)


async def test_a_ledger_that_fails_takes_its_counts_along_and_brings_them_back(stage: Scene) -> None:
    async with observed(stage.settings()):
        await shows("gateway_ledger_up", 1, **ACCOUNT)
        await shows("gateway_dead_letters", 0, **ACCOUNT)
        with closing(sqlite3.connect(stage.folder / "gateway.db", isolation_level=None)) as other:
            other.execute("ALTER TABLE pulse RENAME TO elsewhere")
            await shows("gateway_ledger_up", 0, **ACCOUNT)
            for name in ("gateway_dead_letters", "gateway_lanes_waiting"):
                assert sample(name) is None
            assert sample("gateway_oldest_event_age_seconds", where="ladder") is None
            other.execute("ALTER TABLE elsewhere RENAME TO pulse")
        await shows("gateway_ledger_up", 1, **ACCOUNT)
        assert sample("gateway_dead_letters", **ACCOUNT) == 0


async def test_who_gave_the_lease_up_no_longer_tells_what_only_its_holder_knows(stage: Scene) -> None:
    async with stage.running():
        await shows("gateway_account_state", 1, state="working", **ACCOUNT)
        await stage.service.publish(enrolment("t-1"))
        await stage.service.ended(1)
        assert 0 <= (sample("gateway_token_age_seconds", **ACCOUNT) or 0) < 60
        accepted = sample("gateway_last_accepted_timestamp_seconds", **ACCOUNT)
        assert accepted is not None
        assert abs(time.time() - accepted) < 60
    for name in ("gateway_account_state", "gateway_breaker_state", "gateway_token_age_seconds"):
        assert sample(name, **ACCOUNT) is None
    assert sample("gateway_lease_held", **ACCOUNT) == 0


async def test_what_may_be_counted_stands_at_0_before_it_happens(stage: Scene) -> None:
    async with stage.running():
        for category in ("exhausted", "uncertain", "unknown", "held"):
            labels = {"operation": "credit-sync", "outcome": "dead", "category": category, **ACCOUNT}
            assert sample("gateway_events_settled_total", **labels) is not None
        assert sample("gateway_results_unrouted_total", **ACCOUNT) is not None
        assert sample("gateway_events_replayed_total", outcome="dead", **ACCOUNT) is not None
        assert sample("gateway_token_logins_total", result="stopped", **ACCOUNT) is not None
        assert sample("gateway_retries_total", operation="credit-sync", **ACCOUNT) is not None
