"""deploy/prometheus: what promtool says of configuration and rules, and that every alert is tested and explained."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.local import prometheus as local
from deploy.local.prometheus import Prometheus, PrometheusError
from deploy.local.stack import free_port
from gateway import metrics  # noqa: F401 - registers what the rules may speak of
from tests.support.promql import metric_names, registered

FOLDER = Path(local.__file__).parents[1] / "prometheus"
ALERTS = {
    "GatewayAccountStopped",
    "GatewayTokenContested",
    "GatewayBreakerOpen",
    "GatewayOldestEventLate",
    "GatewayDeadLettersRising",
    "GatewayLeaseUnheld",
    "GatewayResultsUnrouted",
    "GatewayLedgerDown",
    "GatewayConsumerLost",
    "GatewayCertificateExpiring",
    "GatewayUnroutedEvents",
}
CHINESE = re.compile(r"[\u4e00-\u9fff]{4,}")


def read(name: str) -> Any:
    return YAML(typ="safe").load(FOLDER / name)


def rules(name: str) -> list[dict[str, Any]]:
    return [rule for group in read(f"rules/{name}.yml")["groups"] for rule in group["rules"]]


def promtool(*arguments: str, folder: Path = FOLDER) -> subprocess.CompletedProcess[str]:
    program = local.find("promtool")
    if program is None:
        pytest.skip(local.ADVICE)
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_promtool_takes_configuration_and_rules() -> None:
    done = promtool("check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "11 rules found" in done.stdout


def test_every_alert_fires_and_keeps_quiet_as_its_cases_say() -> None:
    done = promtool("test", "rules", "tests/alerts.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = read("tests/alerts.yml")["tests"]
    fires = {case["name"].split()[0] for case in cases if " fires" in case["name"] and samples(case)}
    quiet = {case["name"].split(",")[0] for case in cases if ", not " in case["name"] and not samples(case)}
    assert fires == quiet == ALERTS


def samples(case: dict[str, Any]) -> list[Any]:
    (test,) = case["promql_expr_test"]
    named = test["exp_samples"]
    assert all(case["name"].split()[0] in sample["labels"] for sample in named)
    return list(named)


def test_a_rule_that_is_wrong_fails_its_cases(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "prometheus")
    file = tmp_path / "prometheus" / "rules" / "alerts.yml"
    text = file.read_text(encoding="utf-8")
    assert "30 * 86400" in text
    file.write_text(text.replace("30 * 86400", "3"), encoding="utf-8")
    done = promtool("test", "rules", "tests/alerts.yml", folder=tmp_path / "prometheus")
    assert done.returncode != 0
    assert "GatewayCertificateExpiring" in done.stdout + done.stderr


@pytest.mark.parametrize("alert", rules("alerts"), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_happened_in_both_languages_what_it_means_and_what_to_do(alert: dict[str, Any]) -> None:
    told = alert["annotations"]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert CHINESE.search(told["summary"])
    assert len(told["description"]) > 60
    assert len(told["action"]) > 60
    assert told["runbook"] == f"deploy/docs/runbook.md#{alert['alert'].lower()}"


def test_the_alerts_are_those_that_ops_was_promised() -> None:
    assert {rule["alert"] for rule in rules("alerts")} == ALERTS


def test_rules_speak_of_metrics_that_there_are() -> None:
    recorded = {rule["record"] for rule in rules("recording")}
    for rule in [*rules("recording"), *rules("alerts")]:
        unknown = metric_names(rule["expr"]) - recorded - registered() - {"up"}
        assert unknown == set(), rule


def test_a_server_that_is_not_there_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PrometheusError, match="apt-get install") as refusal:
        Prometheus(tmp_path / "prometheus", [f"127.0.0.1:{free_port()}"]).start()
    assert "\n" not in str(refusal.value)
    with pytest.raises(PrometheusError, match="apt-get install"):
        local.ensure(tmp_path / "install.log")
