"""deploy/grafana: dashboards that name what there is, and every panel of which shows something on a bad day."""

import asyncio
import json
import re
from pathlib import Path
from time import monotonic

import pytest
from ruamel.yaml import YAML

from deploy.local import demo, prometheus
from deploy.local.prometheus import Prometheus
from deploy.local.samples import as_expected, samples
from deploy.local.stack import HOST, Stack, stack
from gateway import (
    metrics,  # noqa: F401 - registers what the panels may speak of
    settings,
)
from gateway.publish import publish_events
from tests.deploy.test_prometheus import rules
from tests.support.outside import enrolment, mobile_login, outside
from tests.support.promql import get, metric_names, query, registered

FOLDER = Path(prometheus.__file__).parents[1] / "grafana"
FILES = sorted((FOLDER / "dashboards").glob("*.json"))
DATA_SECONDS = 90
VARIABLES = {
    "$platform": "gd_accounting",
    "$account": "default",
    "$__rate_interval": "1m",
    "$__range": "5m",
}


def panels(file: Path) -> list[tuple[str, list[str]]]:
    """Title and queries of each panel that has any."""
    found = json.loads(file.read_text(encoding="utf-8"))["panels"]
    return [(panel["title"], [t["expr"] for t in panel["targets"]]) for panel in found if panel["type"] != "row"]


EVERY = [(file.stem, title, asked) for file in FILES for title, queries in panels(file) for asked in queries]


def test_there_is_an_overview_one_for_a_platform_and_one_for_dead_letters() -> None:
    assert {file.stem for file in FILES} == {"overview", "platform", "dead-letters"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dashboard_names_its_data_source_and_gives_each_panel_a_place_of_its_own(file: Path) -> None:
    board = json.loads(file.read_text(encoding="utf-8"))
    (source,) = YAML(typ="safe").load(FOLDER / "provisioning/datasources/prometheus.yml")["datasources"]
    assert board["uid"] == f"gateway-{file.stem}"
    places: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & places, panel["title"]
        assert max(x for x, _ in cells) < 24
        places |= cells
        assert panel["type"] == "row" or panel["datasource"]["uid"] == source["uid"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_panels_speak_of_metrics_that_there_are() -> None:
    known = {rule["record"] for rule in rules("recording")} | registered()
    for board, title, asked in EVERY:
        assert metric_names(asked) - known == set(), (board, title)
        assert set(re.findall(r"\$\w+", asked)) <= VARIABLES.keys()


@pytest.mark.timeout(420)  # on a busy machine it takes minutes until two processes are up
async def test_every_panel_of_every_dashboard_shows_something_on_a_running_gateway_under_faults(
    vhost_url: str, tmp_path: Path
) -> None:
    if prometheus.find("prometheus") is None:
        pytest.skip(prometheus.ADVICE)
    with stack(tmp_path / "stack", vhost_url) as running:
        server = Prometheus(tmp_path / "prometheus", [f"{HOST}:{running.http_port}"], seconds=1)
        await asyncio.to_thread(server.start)
        try:
            await scraped(server.url)
            await ordinary(running)
            await trouble(running, vhost_url)
            empty = await without_data(server.url)
            alerts = (await get(server.url, "alerts"))["alerts"]
        finally:
            server.stop()
    assert empty == []
    assert any(alert["labels"]["alertname"] == "GatewayResultsUnrouted" for alert in alerts)
    told = [alert["annotations"]["summary"] for alert in alerts if "platform" in alert["labels"]]
    assert all("gd_accounting.default" in summary for summary in told)


async def scraped(url: str) -> None:
    """Wait for the first numbers: what happens from then on is an increase."""
    deadline = monotonic() + DATA_SECONDS
    while not await query(url, "gateway:queue_messages and on () gateway:dead_letters"):
        assert monotonic() < deadline
        await asyncio.sleep(0.5)


async def ordinary(running: Stack) -> None:
    """What the demo does: events that are accepted, refused, tried again; a dead letter that is mended."""
    of = samples("gd_accounting")
    for call in of.before:
        running.control(of.platform, call["path"], call["body"])
    rows = await publish_events(settings.load(running.config).broker, of.events, 60)
    assert all(as_expected(event, row) for event, row in zip(of.events, rows, strict=True))
    for call in of.mend:
        running.control(of.platform, call["path"], call["body"])
    await asyncio.to_thread(demo.command, running, "dead", "replay", of.replay, "--reason", "mended", "--yes")


async def trouble(running: Stack, url: str) -> None:
    """The platform goes away while a lane and a queue are full: retries, waiting, an open breaker."""
    fault = {"kind": "status", "status": 503}
    running.control("gd_accounting", "/_sandbox/faults", fault)
    async with outside(url) as service:
        for _ in range(3):
            await service.publish(enrolment("t-1", subject="learner", time="2026-11-20T09:30:00+08:00"))
            await service.publish(mobile_login("t-2", time="2026-11-20T09:30:00+08:00"))


async def without_data(url: str) -> list[tuple[str, str, str]]:
    """The queries that have not shown anything so far, when all have or the time is over."""
    left, deadline = list(EVERY), monotonic() + DATA_SECONDS
    while left and monotonic() < deadline:
        left = [each for each in left if not await query(url, filled(each[2]))]
        await asyncio.sleep(0.5)
    return left


def filled(asked: str) -> str:
    """The query as Grafana would send it."""
    for name, value in VARIABLES.items():
        asked = asked.replace(name, value)
    return asked
