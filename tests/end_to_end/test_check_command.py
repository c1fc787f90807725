"""`gateway check`: findings with remedies, and a platform's application forms filled from the settings."""

from pathlib import Path

from deploy.local.stack import toml
from tests.support.commands import gateway
from tests.support.scene import Scene
from workers.gd_ecert.simulator import demo_settings


async def test_everything_in_order_is_good_and_exit_code_0(stage: Scene) -> None:
    await stage.declare()
    done = await gateway(stage.folder, "check", "--json")
    assert {row["what"]: row["state"] for row in done.json} == dict.fromkeys(
        ("configuration", "broker", "ledger"), "good"
    )
    assert done.code == 0


async def test_what_is_missing_at_the_broker_is_a_finding_with_its_remedy(stage: Scene) -> None:
    stage.settings()
    done = await gateway(stage.folder, "check", "--json")
    (broker,) = (row for row in done.json if row["what"] == "broker")
    assert "queue gateway.gd_accounting.default.bulk: missing" in broker["state"]
    assert "gateway topology declare" in broker["remedy"]
    assert done.code == 1


async def test_the_application_forms_of_the_licence_platform_say_what_is_set_and_what_is_missing(
    vhost_url: str, tmp_path: Path
) -> None:
    table = demo_settings("https://gateway.example.org/gd_ecert", tmp_path)
    tables = {
        "broker": {"url": vhost_url},
        "ledger": {"url": f"sqlite:///{tmp_path / 'gateway.db'}"},
        "platforms": {"gd_ecert": {"default": table}},
    }
    (tmp_path / "gateway.toml").write_text(toml(tables), encoding="utf-8")
    assert (await gateway(tmp_path, "topology", "declare")).code == 0
    done = await gateway(tmp_path, "check", "gd_ecert", "--json")
    forms = [row for row in done.json if "section" in row]
    assert done.code == 0
    assert {row["section"].split(".")[0] for row in forms} == {"3"}
    assert {row["state"] for row in forms} >= {"filled", "missing"}
    (paas_id,) = (row["value"] for row in forms if row["field"] == "PaaS ID")
    assert paas_id == table["paas_id"]
    token = Path(str(table["paas_token_file"])).read_text().strip()  # noqa: ASYNC240 - one small file
    assert token not in done.out
