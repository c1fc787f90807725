"""What pages make of what they are given: escaped, refused where it is wrong, and shown in both languages."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge

from gateway.console.figures import Samples, last_accepted, oldest_age, queue_depths, token_state
from gateway.console.filters import asked
from gateway.console.pages import ago, moment, shown, span
from gateway.console.site import STATIC
from gateway.errors import RefusedError
from gateway.ledger.recent import Recent
from gateway.operating import Filter
from tests.console.house import House

HOSTILE = "<script>alert('x')</script>"


async def test_what_others_wrote_is_text_and_never_markup(open_house: House) -> None:
    async with open_house.visitor("anna") as admin:
        token = await admin.token("/none")
        pages = [
            await admin.get(f"/trace?event={HOSTILE}"),
            await admin.get(f"/dead?text={HOSTILE}&cause={HOSTILE}&account={HOSTILE}"),
            await admin.get(f"/dead/plan?kind={HOSTILE}"),
            await admin.get(f"/dead/{HOSTILE.replace('/', '')}"),
            await admin.get(f"/audit?run={HOSTILE}"),
            await admin.post("/dead/start", form_token=token, reason="x", kind="replay", planned_at=HOSTILE),
            await admin.get(f"/login?next={HOSTILE}"),
        ]
        for page in pages:
            assert HOSTILE[:8] not in (await page.text()).replace("<script src", "")


async def test_what_is_wrong_in_a_form_is_named(open_house: House) -> None:
    async with open_house.visitor("olga") as olga:
        token = await olga.token("/none")
        now = str(datetime.now(UTC).timestamp())
        form = {"form_token": token, "kind": "replay", "reason": "why", "planned_at": now}
        wrong = {
            "reason": ("reason: say why", " "),
            "rate": ("rate: must be letters a second", "fast"),
            "kind": ("kind: must be replay or discard", "burn"),
            "planned_at": ("this plan is too old", "1"),
            "older_hours": ("older hours: must be a number", "-1"),
            "edit": ("JSON", "no patch"),
        }
        for field, (said, value) in wrong.items():
            answer = await olga.post("/dead/start", **{**form, field: value})
            assert answer.status == 409, field
            assert said in await answer.text(), field
        nothing = await olga.post("/dead/start", **form)
        assert nothing.status == 409
        assert "no dead letter is meant" in await nothing.text()
        assert (await olga.get("/runs/none")).status == 404
        assert (await olga.get("/dead/none")).status == 404
        assert (await olga.post("/runs/none/pause", form_token=token)).status == 409


async def test_the_list_says_when_it_could_not_be_compared_with_the_queues(open_house: House) -> None:
    async with open_house.visitor("vera") as viewer:
        page = await viewer.get("/dead")
        assert page.status == 200
        assert "not compared with the queues: the broker at" in await page.text()


def test_the_fields_of_an_address_become_a_filter() -> None:
    given = asked(
        {"ids": "a, b", "account": " p.default ", "code": "", "older_hours": "1.5", "attempts": "2", "x": "y"}
    )
    assert given.filter() == Filter(ids=("a", "b"), account="p.default", older_than=5400.0, attempts=2)
    assert given.filter(asked_ago=6000.0).older_than == 6000.0
    assert given.filter(asked_ago=60.0).older_than == 5400.0
    assert asked({}).filter() == Filter()
    assert given.but(account=None, page="2") == "ids=a%2C+b&older_hours=1.5&attempts=2&page=2"


@pytest.mark.parametrize("value", ["-1", "x", "nan", "1e9", "inf"])
def test_a_field_that_is_no_number_is_refused_by_name(value: str) -> None:
    with pytest.raises(RefusedError, match="newer hours: must be a number"):
        asked({"newer_hours": value}).filter()


def test_times_are_shown_in_beijing_and_spans_in_their_largest_unit() -> None:
    at = "2026-11-25T18:30:05.123+00:00"
    assert ">11-26 02:30:05<" in moment(at)
    assert moment(None) == "–"
    assert moment("<no time>") == "&lt;no time&gt;"
    assert "2 min" in ago(at, datetime(2026, 11, 25, 18, 32, 10, tzinfo=UTC))
    assert [span(s).split(">")[1].split("<")[0] for s in (0, 59.9, 60, 7199, 90000)] == [
        "0 s",
        "59 s",
        "1 min",
        "1 h",
        "1 d",
    ]


def test_what_was_acted_on_is_shown_on_one_line() -> None:
    assert shown({"filter": {"code": "A1", "ids": ["x", "y"]}, "letters": 4, "edit": []}) == (
        "filter code A1; ids x, y; letters 4"
    )
    assert shown(0.5) == "0.5"


def test_figures_are_read_from_the_metrics_and_none_is_made_up() -> None:
    registry = CollectorRegistry()
    whose = {"platform": "p", "account": "a"}
    depth = Gauge("gateway_queue_messages", "x", ["platform", "account", "queue"], registry=registry)
    depth.labels("p", "a", "bulk").set(7)
    depth.labels("p", "b", "due").set(9)
    oldest = Gauge("gateway_oldest_event_age_seconds", "x", ["platform", "account", "where"], registry=registry)
    oldest.labels("p", "a", "bulk").set(3)
    oldest.labels("p", "a", "ladder").set(40)
    state = Gauge("gateway_token_state", "x", ["platform", "account", "state"], registry=registry)
    state.labels("p", "a", "none").set(0)
    state.labels("p", "a", "held").set(1)
    samples = Samples.of(registry.collect())
    assert queue_depths(samples, **whose) == {"bulk": 7, "interactive": None, "due": None, "dead": None}
    assert oldest_age(samples, **whose) == 40
    assert token_state(samples, **whose) == "held"
    assert oldest_age(samples, "p", "c") is None
    assert token_state(samples, "p", "c") is None
    assert last_accepted(samples, "p", "a", Recent(), 100.0) is None
    assert last_accepted(samples, "p", "a", Recent(1, "1970-01-01T00:01:30+00:00"), 100.0) == 10.0


def test_htmx_is_its_own_packages_file() -> None:
    script = Path(__file__).parents[2] / "deploy" / "local" / "fetch-htmx.sh"
    wanted = next(line for line in script.read_text().splitlines() if line.startswith("sum="))
    assert sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest() == wanted.removeprefix("sum=")
