"""`gateway publish`: events in, confirmed, and what became of them."""

import asyncio
import json
from time import monotonic
from typing import Any

from tests.support.commands import Done, gateway
from tests.support.events import check, credit
from tests.support.outside import mobile_login
from tests.support.scene import Scene


async def test_a_file_with_one_event_is_published_and_its_result_waited_for(stage: Scene) -> None:
    event = mobile_login("t-1")
    (stage.folder / "event.json").write_text(json.dumps(event), encoding="utf-8")
    async with stage.running():
        done = await gateway(stage.folder, "publish", "event.json", "--wait", "20", "--json")
    assert (done.code, done.err) == (0, "")
    (row,) = done.json
    assert row["milliseconds"] > 0
    assert {name: row[name] for name in ("event", "type", "outcome", "category", "code", "attempts")} == {
        "event": event["id"],
        "type": event["type"],
        "outcome": "accepted",
        "category": None,
        "code": "200",
        "attempts": 1,
    }


async def test_several_on_standard_input_keep_their_order_and_one_that_fails_is_exit_code_1(stage: Scene) -> None:
    events = [mobile_login("t-1", id="e-1"), credit("t-2", id="e-2"), check("t-3", id="e-3")]
    async with stage.running():
        done = await gateway(stage.folder, "publish", "-", "--wait", "20", stdin=json.dumps(events).encode())
    assert done.code == 1
    rows = [line.split() for line in done.out.splitlines() if line.lstrip().startswith("e-")]
    assert [row[:2] for row in rows] == [["e-1", "accepted"], ["e-2", "rejected"], ["e-3", "accepted"]]
    assert "A0727" in done.out


async def test_without_wait_it_returns_once_the_broker_has_the_events(stage: Scene) -> None:
    await stage.declare()
    done = await publish(stage, [mobile_login("t-1"), mobile_login("t-2")], "--json")
    assert done.code == 0
    assert [row["outcome"] for row in done.json] == ["no result yet"] * 2
    assert await stage.depth("bulk") == 2


async def publish(stage: Scene, events: Any, *options: str) -> Done:
    return await gateway(stage.folder, "publish", "-", *options, stdin=json.dumps(events).encode())


async def test_waiting_in_vain_ends_in_time_with_exit_code_1(stage: Scene) -> None:
    await stage.declare()
    began = monotonic()
    done = await publish(stage, mobile_login("t-1"), "--wait", "0.5", "--json")
    assert monotonic() - began < 20
    assert done.code == 1
    assert done.json[0]["outcome"] == "no result yet"


async def test_what_is_no_event_is_refused_in_one_line(stage: Scene) -> None:
    await stage.declare()
    inputs = (b"no JSON", b"17", b"[17]")
    done = await asyncio.gather(*(gateway(stage.folder, "publish", "-", stdin=each) for each in inputs))
    missing = await gateway(stage.folder, "publish", "no-such-file.json")
    for each in (*done, missing):
        assert each.code == 2, each
        assert clear(each), each
    assert "no-such-file.json" in missing.err


def clear(done: Done) -> bool:
    """One line for a person, and no traceback."""
    return len(done.err.splitlines()) == 1 and "Traceback" not in done.err


async def test_an_event_that_amqp_cannot_carry_is_refused_in_one_line(stage: Scene) -> None:
    await stage.declare()
    event = mobile_login("t-1")
    long = [{**event, name: "x" * 300} for name in ("id", "account", "type")]
    for done in await asyncio.gather(*(publish(stage, each) for each in long)):
        assert done.code == 2
        assert clear(done)


async def test_where_nothing_is_declared_it_says_so_in_one_line(stage: Scene) -> None:
    stage.settings()
    done = await publish(stage, mobile_login("t-1"))
    assert done.code == 1
    assert clear(done)
