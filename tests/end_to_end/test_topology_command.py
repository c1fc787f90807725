"""`gateway topology declare` and `check`: drift is named queue by queue (DESIGN §3 to §5)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local.management import Vhost
from deploy.local.stack import free_port
from tests.support.commands import Done, gateway
from tests.support.scene import ROLES, Scene, queue

EXCHANGES = {
    "gateway.events", "gateway.unrouted", "gateway.results", "gateway.inbound", "gateway.due", "gateway.dead",
    "gateway.delay.1s",
}  # fmt: skip
QUEUES = {queue(role) for role in ROLES} | {"gateway.unrouted", "gateway.delay.1s"}


@pytest.fixture
def management(vhost: Vhost) -> dict[str, str]:
    """The environment variable that lets `check` see bindings: the broker's API, as a user who may read them."""
    api: Any = vhost.management
    at = f"{api._host}:{api._port}"
    vhost.management._call("PUT", f"users/{vhost.name}", {"password": vhost.name, "tags": "management"})
    return {"GATEWAY_BROKER__MANAGEMENT_URL": f"http://{vhost.name}:{vhost.name}@{at}"}


async def drift(stage: Scene, variables: Mapping[str, str]) -> tuple[int, dict[str, str]]:
    """Exit code and what differs, by exchange and queue."""
    done = await gateway(stage.folder, "topology", "check", "--json", variables=variables)
    assert "Traceback" not in done.err, done.err
    return done.code, {row["what"]: row["drift"] for row in done.json if row["drift"] != "none"}


async def test_what_was_declared_shows_no_drift_and_declaring_again_changes_nothing(
    stage: Scene, management: dict[str, str]
) -> None:
    stage.settings(ladder=(1,))
    for _ in range(2):
        done = await gateway(stage.folder, "topology", "declare")
        assert (done.code, done.err) == (0, "")
    assert await drift(stage, management) == (0, {})
    table = await gateway(stage.folder, "topology", "check")
    assert table.code == 0
    assert "bindings were not checked" in table.err


async def test_where_nothing_is_everything_is_missing(stage: Scene, management: dict[str, str]) -> None:
    stage.settings(ladder=(1,))
    await stage.service.channel.exchange_delete("gateway.results")
    code, differs = await drift(stage, management)
    assert code == 1
    assert set(differs.values()) == {"missing"}
    assert differs.keys() == {f"exchange {name}" for name in EXCHANGES} | {f"queue {name}" for name in QUEUES}


async def test_each_kind_of_drift_is_named_at_its_queue_or_exchange(stage: Scene, management: dict[str, str]) -> None:
    await stage.declare(ladder=(1,))
    channel = stage.service.channel
    await channel.queue_delete(queue("due"))
    await channel.queue_delete("gateway.delay.1s")
    await channel.declare_queue("gateway.delay.1s", durable=True, arguments={"x-queue-type": "classic"})
    bulk = await channel.get_queue(queue("bulk"), ensure=False)
    await bulk.unbind("gateway.events", "gd_accounting.default.credit-sync")
    await channel.exchange_delete("gateway.inbound")
    await channel.declare_exchange("gateway.inbound", "direct", durable=True)
    code, differs = await drift(stage, management)
    assert code == 1
    assert differs.keys() == {
        f"queue {queue('due')}",
        "queue gateway.delay.1s",
        f"queue {queue('bulk')}",
        "exchange gateway.inbound",
    }
    assert differs[f"queue {queue('due')}"] == "missing"
    assert "gateway.delay.1s" in differs["queue gateway.delay.1s"]
    assert "x-" in differs["queue gateway.delay.1s"]
    assert "gd_accounting.default.credit-sync" in differs[f"queue {queue('bulk')}"]
    assert "type" in differs["exchange gateway.inbound"]


async def test_declaring_over_something_different_is_refused_in_one_line_that_names_it(stage: Scene) -> None:
    await stage.declare(ladder=(1,))
    await stage.service.channel.queue_delete(queue("bulk"))
    await stage.service.channel.declare_queue(queue("bulk"), durable=True)
    done = await gateway(stage.folder, "topology", "declare")
    assert done.code in {1, 2}
    assert one_line(done), done.err
    assert queue("bulk") in done.err


def one_line(done: Done) -> bool:
    return len(done.err.splitlines()) == 1 and "Traceback" not in done.err


async def test_a_management_interface_that_does_not_answer_is_one_line_without_its_password(stage: Scene) -> None:
    await stage.declare(ladder=(1,))
    away = f"http://operator:geheim@127.0.0.1:{free_port()}"
    done = await gateway(stage.folder, "topology", "check", variables={"GATEWAY_BROKER__MANAGEMENT_URL": away})
    assert done.code == 1
    assert one_line(done), done.err[-400:]
    assert "geheim" not in done.err


async def test_commands_without_a_broker_end_with_one_line_and_exit_code_1(stage: Scene) -> None:
    stage.settings()
    away = f"amqp://operator:geheim@127.0.0.1:{free_port()}/"
    for arguments in (("topology", "check"), ("dead", "index"), ("publish", "-")):
        done = await gateway(stage.folder, *arguments, stdin=b"[]", variables={"GATEWAY_BROKER__URL": away})
        assert done.code == 1, arguments
        assert one_line(done), done.err
        assert str(urlsplit(away).port) in done.err
        assert "geheim" not in done.err


async def test_a_wrong_password_for_the_broker_is_one_line_without_it(stage: Scene, tmp_path: Path) -> None:
    stage.settings()
    at = urlsplit(stage.url)
    wrong = f"amqp://{at.username}:geheim@{at.hostname}:{at.port}{at.path}"
    done = await gateway(tmp_path, "topology", "check", variables={"GATEWAY_BROKER__URL": wrong})
    assert done.code == 1
    assert one_line(done), done.err
    assert "geheim" not in done.err
