"""Every field of every durable event of the accounting platform broken in turn (issue 2, "Shown by" 5)."""

from typing import Any

import pytest

from tests.end_to_end.test_bad_envelopes import goes_on
from tests.support.events import DURABLE
from tests.support.outside import until
from tests.support.scene import Scene

TICKET = "208cbc66aaef4317843c6cedabe319e0"

LENGTHS = {"ticket": 512, "areaCode": 6, "eduType": 3, "courseTypeCode": 10}
"""Bytes, as the document's tables say."""

TIMES = ("regTime", "cancelTime", "loginTime", "startTime", "endTime")


def values(name: str) -> dict[str, Any]:
    """What is wrong with a field: a word for it, and the value."""
    wrong: dict[str, Any] = {"null": None, "a list": ["geheim-4711"], "an object": {"a": "geheim-4711"}, "true": True}
    if name in LENGTHS:
        longest = LENGTHS[name]
        wrong |= {"empty": "", "a number": 4711, "too long": "9" * (longest + 1), "NUL": "geheim\0-4711"}
        wrong |= {"too long in bytes alone": "学" * (longest // 3 + 1)}
    if name in TIMES:
        wrong |= {"no time": "geheim-4711", "no such day": "2026-02-30 08:00:00", "ISO": "2026-03-01T08:00:00"}
        wrong |= {"a date": "2026-03-01", "a number": 20260301}
    if name == "year":
        wrong |= {"too early": 2020, "a word": "geheim-4711", "a fraction": 2026.5, "five digits": 20261}
    if name == "credit":
        wrong |= {"three decimals": 30.555, "negative": -1, "a word": "geheim-4711", "huge": 1e300}
    if name in {"areaCode", "eduType", "courseTypeCode"}:
        wrong |= {"not in the list": "999999"[: LENGTHS[name]]}
    return wrong


def cases(operation: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Broken events of one operation: id to the field that is wrong, and the event."""
    good = DURABLE[operation](TICKET)
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for name in good["data"]:
        rest = {key: value for key, value in good["data"].items() if key != name}
        found[f"{name}: missing"] = name, {**good, "id": f"{name}: missing", "data": rest}
        for what, value in values(name).items():
            identity = f"{name}: {what}"
            found[identity] = name, {**good, "id": identity, "data": {**good["data"], name: value}}
    extra = {**good["data"], "additional": "geheim-4711"}
    found["a field that the document does not have"] = "ddi", {
        **good, "id": "a field that the document does not have", "data": extra,
    }  # fmt: skip
    return found


@pytest.mark.parametrize("operation", DURABLE)
async def test_each_broken_field_dies_with_its_name_and_rule_and_without_its_value(
    stage: Scene, operation: str
) -> None:
    broken = cases(operation)
    async with stage.running():
        for _, event in broken.values():
            await stage.service.publish(event)
        await stage.service.ended(len(broken))
        letters = {str(letter.headers["x-gateway-event-id"]): letter for letter in await stage.letters()}
        await goes_on(stage)
    assert letters.keys() == broken.keys()
    for identity, (name, event) in broken.items():
        (result,) = stage.service.of(identity)
        reason = result["message"]
        assert (result["outcome"], result["category"], result["attempts"]) == ("rejected", "invalid", 0), identity
        assert reason == letters[identity].headers["x-gateway-reason"]
        assert name in reason or identity.startswith("a field"), (identity, reason)
        assert "geheim" not in reason, (identity, reason)
        assert "additional" not in reason or identity.startswith("a field"), reason
        assert TICKET not in reason, (identity, reason)
        assert says_the_rule(reason, event), (identity, reason)
    assert [call for call in await stage.platform.calls() if "syncLoginInfo" not in call["path"]] == []


def says_the_rule(reason: str, event: dict[str, Any]) -> bool:
    """More than the field's name, and nothing of another field."""
    return any(word in reason for word in ("must", "should", "required", "not permitted")) and len(reason) < 600


async def test_an_event_that_is_wrong_in_many_ways_names_several_and_stays_short(stage: Scene) -> None:
    event = DURABLE["credit-sync"](TICKET)
    event["data"] = {name: ["x" * 1000] for name in event["data"]} | {f"extra{number}": 1 for number in range(500)}
    async with stage.running():
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
    assert "and 503 more" in result["message"]
    assert len(result["message"]) < 1500


async def test_an_end_before_the_start_and_a_course_of_another_type_are_refused(stage: Scene) -> None:
    early, other = DURABLE["credit-sync"](TICKET, id="early"), DURABLE["credit-sync"](TICKET, id="other")
    early["data"]["endTime"] = early["data"]["startTime"]
    other["data"]["eduType"] = "PUB"
    async with stage.running():
        for event in (early, other):
            await stage.service.publish(event)
        await until(lambda: stage.service.outcomes().total() == 2, what="both results")
    assert "endTime" in stage.service.of("early")[0]["message"]
    assert "courseTypeCode" in stage.service.of("other")[0]["message"]
    assert await stage.platform.calls() == []
