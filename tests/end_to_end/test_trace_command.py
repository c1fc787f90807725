"""`gateway trace`: what the ledger knows of an event, while it waits and when it has ended."""

from typing import Any

from tests.support.commands import gateway
from tests.support.events import credit
from tests.support.outside import eventually, mobile_login
from tests.support.scene import Scene

TICKET = "208cbc66aaef4317843c6cedabe319e0"


async def test_an_event_is_traced_from_its_wait_to_its_end(stage: Scene) -> None:
    event = mobile_login(TICKET, source="/a")
    async with stage.running(ladder=(6,)):
        await stage.fault("status", status=503, times=1)
        await stage.service.publish(event)
        await eventually(lambda: on_the_ladder(stage), what="the wait")
        waiting = await gateway(stage.folder, "trace", event["id"], "--json")
        await stage.service.publish(event)
        await stage.service.ended(1)
        ended = await gateway(stage.folder, "trace", event["id"], "--json")
    (first,), (last,) = waiting.json, ended.json
    assert "waiting" in first["state"]
    assert (first["attempts"], first["code"], first["category"]) == (1, "http-503", None)
    assert (last["state"], last["code"], last["duplicate"]) == ("accepted", "200", False)
    for row in (first, last):
        assert row["account"] == "gd_accounting.default"
        assert (row["operation"], row["source"]) == ("mobile-login-sync", "/a")
    assert last["first_seen"] <= last["updated_at"]


async def on_the_ladder(stage: Scene) -> bool:
    return await stage.service.depth("gateway.delay.6s") == 1


async def test_both_of_two_events_with_the_same_id_are_shown_to_a_person(stage: Scene) -> None:
    async with stage.running():
        for event in (mobile_login(TICKET, id="7", source="/a"), credit(TICKET, id="7", source="/b")):
            await stage.service.publish(event)
        await eventually(lambda: both(stage), what="both results")
    done = await gateway(stage.folder, "trace", "7")
    assert done.code == 0
    for word in ("/a", "/b", "accepted", "rejected", "A0727", "mobile-login-sync", "credit-sync"):
        assert word in done.out
    assert TICKET not in done.out


async def both(stage: Scene) -> bool:
    found: list[Any] = stage.service.of("7")
    return len(found) == 2


async def test_an_event_that_nobody_knows_is_one_line_and_exit_code_1(stage: Scene) -> None:
    stage.settings()
    done = await gateway(stage.folder, "trace", "no-such-event")
    assert done.code == 1
    assert done.out == ""
    assert done.err == "the ledger knows no event 'no-such-event'\n"
