"""`gateway check`: findings with remedies, and a platform's application forms filled from the settings."""

from pathlib import Path
from typing import Any

from deploy.local.management import Vhost
from deploy.local.stack import free_port, toml
from tests.support.commands import Done, gateway
from tests.support.events import check
from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.scene import Scene, queue
from workers.gd_ecert.simulator import demo_settings

TICKET = "208cbc66aaef4317843c6cedabe319e0"


def finding(done: Done, what: str) -> dict[str, Any]:
    (row,) = (row for row in done.json if row.get("what") == what)
    return dict(row)


def management(vhost: Vhost, tags: str = "management") -> dict[str, str]:
    """The environment variable that shows the broker's API to the gateway."""
    api: Any = vhost.management
    api._call("PUT", f"users/{vhost.name}", {"password": vhost.name, "tags": tags})
    return {"GATEWAY_BROKER__MANAGEMENT_URL": f"http://{vhost.name}:{vhost.name}@{api._host}:{api._port}"}


async def test_everything_in_order_is_good_and_exit_code_0(stage: Scene, vhost: Vhost) -> None:
    async with stage.running():
        done = await gateway(stage.folder, "check", "--json", variables=management(vhost, "administrator"))
    states = {row["what"]: row["state"] for row in done.json}
    whats = {
        "configuration", "broker", "rights", "topology", "feature flags", "policies", "unrouted", "consumers",
        "ledger", "ledger disk", "account", "platform", "clock",
    }  # fmt: skip
    assert states.keys() == whats
    assert {what: state for what, state in states.items() if state != "good"} == {}, done.out
    assert "RabbitMQ " in finding(done, "broker")["found"]
    assert done.code == 0


async def test_what_is_missing_at_the_broker_is_a_finding_with_its_remedy(stage: Scene) -> None:
    stage.settings()
    done = await gateway(stage.folder, "check", "--json")
    topology = finding(done, "topology")
    assert "queue gateway.gd_accounting.default.bulk: missing" in topology["found"]
    assert "gateway topology declare" in topology["remedy"]
    assert topology["state"] == "bad"
    assert done.code == 1


async def test_a_broker_that_is_away_is_one_finding_and_the_rest_is_looked_at(stage: Scene) -> None:
    stage.settings()
    away = f"amqp://operator:geheim@127.0.0.1:{free_port()}/"
    done = await gateway(stage.folder, "check", "--json", variables={"GATEWAY_BROKER__URL": away})
    assert finding(done, "broker")["state"] == "bad"
    assert finding(done, "ledger")["state"] == finding(done, "platform")["state"] == "good"
    assert "geheim" not in done.out + done.err
    assert done.code == 1


async def test_no_worker_is_a_note_that_counts_what_waits_and_fails_no_script(stage: Scene) -> None:
    await stage.declare()
    for number in range(3):
        await stage.service.publish(mobile_login(TICKET, id=f"e-{number}"))
    done = await gateway(stage.folder, "check")
    assert "note        gd_accounting.default consumers: no worker is running; 3 events wait" in done.out
    assert "→ start one 启动: gateway run" in done.out
    assert "not checked feature flags" in done.out
    assert done.code == 0


async def test_an_account_that_does_not_consume_is_told_from_one_without_a_worker(stage: Scene) -> None:
    async with stage.running(pause_seconds=60) as run:
        await stage.fault("closed")
        await stage.service.publish(mobile_login(TICKET))
        await until(lambda: len(run.worker.intakes) == 1, what="the pause")
        done = await gateway(stage.folder, "check", "--json")
    assert finding(done, "consumers")["state"] == "warning"
    assert finding(done, "consumers")["found"] == "a worker runs, and does not consume bulk, due; 1 events wait"
    assert "gateway_account_state" in finding(done, "consumers")["remedy"]


async def test_a_right_that_is_missing_is_named_and_nothing_was_done_to_find_it_out(
    stage: Scene, vhost: Vhost
) -> None:
    await stage.declare()
    await stage.service.publish(mobile_login(TICKET))
    rights = {"configure": r"^gateway\..*\.lock$", "write": r"^gateway\.(events|due)$", "read": r"^gateway\..*bulk$"}
    api: Any = vhost.management
    api._call("PUT", f"permissions/{vhost.name}/{vhost.name}", rights)
    done = await gateway(stage.folder, "check", "--json")
    refused = set(finding(done, "rights")["found"].removeprefix("this user may not ").split("; this user may not "))
    writes = ("results", "inbound", "dead", "delay.1s")
    reads = ("interactive", "due", "dead")
    assert refused == {
        "write amq.default",
        *(f"write gateway.{name}" for name in writes),
        *(f"read {queue(name)}" for name in reads),
    }
    assert finding(done, "topology")["state"] == "not checked"
    api._call("PUT", f"permissions/{vhost.name}/{vhost.name}", dict.fromkeys(rights, ".*"))
    (waiting,) = await stage.service.messages(queue("bulk"))
    assert not waiting.redelivered
    assert await stage.depth("due") == len(await stage.service.messages("gateway.unrouted")) == 0


async def test_a_policy_that_would_lose_messages_and_unrouted_ones_are_found(stage: Scene, vhost: Vhost) -> None:
    await stage.declare()
    api: Any = vhost.management
    lossy = {"pattern": "dead$", "definition": {"max-length": 5}, "apply-to": "queues", "priority": 1}
    api._call("PUT", f"policies/{vhost.name}/tidy", lossy)
    harmless = {"pattern": "bulk$", "definition": {"max-length": 5}, "apply-to": "queues", "priority": 1}
    api._call("PUT", f"policies/{vhost.name}/limit", harmless)
    await stage.service.publish({**mobile_login(TICKET), "type": "gd_accounting.no-such-operation"})

    def is_applied() -> bool:
        listed: str = api._call("GET", f"queues/{vhost.name}")
        return '"policy":"tidy"' in listed and '"policy":"limit"' in listed

    await until(is_applied, what="the policies")
    done = await gateway(stage.folder, "check", "--json", variables=management(vhost))
    assert finding(done, "policies")["found"] == f"{queue('dead')}: policy tidy sets max-length"
    assert finding(done, "unrouted")["found"] == "1 messages that no queue took"
    assert finding(done, "feature flags")["state"] in {"not checked", "good"}  # 3.x shows them to administrators
    assert done.code == 1


async def test_a_stopped_account_says_how_it_goes_on(stage: Scene) -> None:
    async with stage.running(secret="wrong") as run:
        await stage.service.publish(enrolment(TICKET))

        async def is_stopped() -> bool:
            return await run.ledger.halted(run.worker.account) is not None

        await eventually(is_stopped, what="the stop")
        done = await gateway(stage.folder, "check", "--json")
    assert finding(done, "account")["state"] == "bad"
    assert "is stopped: A0210" in finding(done, "account")["found"]
    assert "gateway resume gd_accounting.default" in finding(done, "account")["remedy"]


async def test_credentials_are_tried_once_on_request_and_the_token_is_the_next_workers(stage: Scene) -> None:
    await stage.declare()
    done = await gateway(stage.folder, "check", "--login", "--json")
    assert finding(done, "login")["state"] == "good", done.out
    assert (await stage.platform.state())["logins"] == {"succeeded": 1, "failed": 0}
    async with stage.running():
        await stage.service.publish(check(TICKET))
        await stage.service.ended(1)
        assert (await stage.platform.state())["logins"] == {"succeeded": 1, "failed": 0}
        held = await gateway(stage.folder, "check", "--login", "--json")
    assert finding(held, "login")["state"] == "not checked"
    assert "a worker holds the account" in finding(held, "login")["found"]
    assert (await stage.platform.state())["logins"] == {"succeeded": 1, "failed": 0}


async def test_credentials_that_are_refused_stop_the_account_and_are_not_tried_again(stage: Scene) -> None:
    await stage.declare(secret="geheim-und-falsch")
    done = await gateway(stage.folder, "check", "--login", "--json")
    assert finding(done, "login")["state"] == "bad"
    assert "A0210" in finding(done, "login")["found"]
    assert "gateway resume" in finding(done, "login")["remedy"]
    again = await gateway(stage.folder, "check", "--login", "--json")
    assert finding(again, "login")["state"] == "not checked"
    assert "geheim" not in done.out + again.out
    assert (await stage.platform.state())["logins"] == {"succeeded": 0, "failed": 1}


async def test_the_application_forms_of_the_licence_platform_say_what_is_set_and_what_is_missing(
    vhost_url: str, tmp_path: Path
) -> None:
    table = demo_settings(f"http://127.0.0.1:{free_port()}/gd_ecert", tmp_path)
    tables = {
        "broker": {"url": vhost_url},
        "ledger": {"url": f"sqlite:///{tmp_path / 'gateway.db'}"},
        "platforms": {"gd_ecert": {"default": table}},
    }
    (tmp_path / "gateway.toml").write_text(toml(tables), encoding="utf-8")
    assert (await gateway(tmp_path, "topology", "declare")).code == 0
    done = await gateway(tmp_path, "check", "gd_ecert", "--json")
    forms = [row for row in done.json if "section" in row]
    assert {row["what"] for row in done.json if row["state"] == "bad"} == {"platform"}
    assert {row["section"].split(".")[0] for row in forms} == {"3"}
    assert {row["state"] for row in forms} >= {"filled", "missing"}
    (paas_id,) = (row["value"] for row in forms if row["field"] == "PaaS ID")
    assert paas_id == table["paas_id"]
    token = Path(str(table["paas_token_file"])).read_text().strip()  # noqa: ASYNC240 - one small file
    assert token not in done.out
