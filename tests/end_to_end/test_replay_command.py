"""`gateway dead replay`: letters go back to their account in growing batches, each of them once."""

import asyncio
import json
import signal
from asyncio.subprocess import Process
from typing import Any

import aio_pika

from tests.support.commands import Done, gateway, start
from tests.support.events import credit, verified
from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.scene import Scene

MANY = 120
WHY = ("--reason", "the platform was mended", "--yes")


async def replay(stage: Scene, *arguments: str) -> Done:
    return await gateway(stage.folder, "dead", "replay", *arguments, *WHY, "--json")


async def unknown(stage: Scene, number: int) -> list[str]:
    """So many dead letters that will be accepted once they are put back; their events' ids."""
    await stage.fault("code", code="X9999", path="accountantReg")
    ids = [f"e-{n:04}" for n in range(number)]
    before = stage.service.outcomes().total()
    for n, name in enumerate(ids):
        await stage.service.publish(enrolment(f"t-{n:04}", id=name))
    await stage.service.ended(before + number)
    await stage.platform.heal()
    return ids


async def test_letters_are_replayed_by_id_by_event_and_by_category(stage: Scene) -> None:
    names = ("by-letter", "by-event", "by-category")
    async with stage.running():
        for name in names:
            await stage.service.publish(credit(f"t-{name}", id=name))
        await stage.service.publish(mobile_login("t-1", id="stays") | {"data": {}})
        await stage.service.ended(4)
        for name in names:
            await stage.platform.tell("verify", **verified(f"t-{name}"))
        listed = await gateway(stage.folder, "dead", "list", "--event", "by-letter", "--json")
        for choice in ((listed.json[0]["id"],), ("by-event",), ("--category", "rejected", "--code", "A0727")):
            done = await replay(stage, *choice)
            assert (done.code, done.json["state"], done.json["accepted"]) == (0, "done", 1), done
        assert stage.service.outcomes() == {"accepted": 3, "rejected": 1}
        assert [str(left.headers["x-gateway-event-id"]) for left in await stage.letters()] == ["stays"]
    assert [result["attempts"] for name in names for result in stage.service.of(name)] == [1, 1] * 3


async def test_a_replayed_event_keeps_headers_and_properties_and_starts_to_count_anew(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running(ladder=(1,)):
        await stage.fault("code", code="500", times=3)
        await stage.service.publish(event, headers={"x-school": "17"}, message_id="m-1")
        await stage.service.ended(1)
        assert (await replay(stage, event["id"])).code == 0
        await until(lambda: len(stage.service.of(event["id"])) == 2, what="the second result")
    exhausted, accepted = stage.service.of(event["id"])
    assert (exhausted["category"], exhausted["attempts"]) == ("exhausted", 2)
    assert (accepted["outcome"], accepted["attempts"]) == ("accepted", 2)


async def test_a_run_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(stage: Scene) -> None:
    async with stage.running(max_in_flight=20):
        await unknown(stage, MANY)
        command = ("dead", "replay", "--category", "unknown", *WHY)
        for kill_after in (3, 20, 50):
            await kill_amid(stage, await start(stage.folder, *command), kill_after)
            command = ("runs", "resume", "--all")
        last = await gateway(stage.folder, *command, "--json")
        assert last.code == 0, last
        (run,) = last.json
        assert (run["state"], run["accepted"], run["total"]) == ("done", MANY, MANY)
        await eventually(lambda: nothing_stands(stage), what="empty queues")
    answers = [call["answer"] for call in await stage.platform.calls("accountantReg")]
    assert answers.count("200") == MANY
    assert answers.count("X9999") == MANY
    assert len(answers) == 2 * MANY


async def kill_amid(stage: Scene, process: Process, accepted: int) -> None:
    """kill -9 once so many have been accepted."""
    while stage.service.outcomes()["accepted"] < accepted and process.returncode is None:
        await asyncio.sleep(0.001)
        if process.stdout is not None and process.stdout.at_eof():
            break
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def nothing_stands(stage: Scene) -> bool:
    return not any([await stage.depth(role) for role in ("bulk", "due", "dead")])


async def test_a_batch_that_fails_again_stops_the_run_and_says_which(stage: Scene) -> None:
    async with stage.running():
        await unknown(stage, 10)
        await stage.fault("code", code="X9999", path="accountantReg", skip=1, times=1)
        stopped = await replay(stage, "--category", "unknown")
        calls = len(await stage.platform.calls("accountantReg"))
        (new,) = (await gateway(stage.folder, "dead", "list", "--newer-than", "1h", "--category", "unknown", "--json")).json[-1:]
        resumed = await gateway(stage.folder, "runs", "resume", stopped.json["id"], "--json")
        shown = await gateway(stage.folder, "runs", "show", stopped.json["id"], "--json")
    assert (stopped.code, stopped.json["state"]) == (1, "stopped")
    assert stopped.json["note"].startswith("batch 2: 1 of 2 failed again")
    assert (stopped.json["failed"], stopped.json["pending"]) == (1, 7)
    assert calls == 10 + 3
    assert new["run"] is None
    assert (resumed.code, resumed.json[0]["state"], resumed.json[0]["accepted"]) == (1, "done", 9)
    failed = shown.json["letters"][0]
    assert (failed["state"], failed["code"], failed["event_id"]) == ("failed", "X9999", new["event_id"])
    assert [str(left.headers["x-gateway-event-id"]) for left in await stage.letters()] == [new["event_id"]]


async def test_of_two_operators_at_once_nothing_is_replayed_twice(stage: Scene) -> None:
    async with stage.running():
        await unknown(stage, 30)
        done = await asyncio.gather(*(replay(stage, "--category", "unknown") for _ in range(2)))
        assert stage.service.outcomes() == {"accepted": 30}
    assert sum(each.json["accepted"] for each in done if each.out and "accepted" in each.json) == 30
    assert all("Traceback" not in each.err for each in done)
    assert len(await stage.platform.calls("accountantReg")) == 60


async def test_a_run_waits_while_somebody_else_works_on_the_letters(stage: Scene) -> None:
    async with stage.running():
        await stage.service.publish(credit("t-1", id="e-1"))
        await stage.service.ended(1)
        await stage.platform.tell("verify", **verified("t-1"))
        async with await aio_pika.connect(stage.url) as first:
            channel = await first.channel()
            await channel.declare_queue("gateway.gd_accounting.default.dead.lock", exclusive=True, durable=False)
            waiting = asyncio.create_task(replay(stage, "e-1"))
            await eventually(lambda: noted(stage, "somebody else"), what="the note")
            assert len(await stage.letters()) == 1
        assert (await waiting).code == 0


async def noted(stage: Scene, text: str) -> bool:
    runs = await gateway(stage.folder, "runs", "list", "--json")
    return any(text in run["note"] for run in runs.json)


async def test_what_is_left_of_a_run_keeps_its_order(stage: Scene) -> None:
    async with stage.running():
        for number in range(10):
            await stage.service.publish(credit(f"t-{number}", id=f"e-{number}"))
            await stage.service.ended(number + 1)
        for number in (3, 7):
            await stage.platform.tell("verify", **verified(f"t-{number}"))
        assert (await replay(stage, "e-3", "e-7")).code == 0
    left = [str(letter.headers["x-gateway-event-id"]) for letter in await stage.letters()]
    assert left == [f"e-{number}" for number in range(10) if number not in {3, 7}]


async def test_ctrl_c_pauses_the_run_and_resume_ends_it(stage: Scene) -> None:
    async with stage.running():
        await unknown(stage, 12)
        process = await start(stage.folder, "dead", "replay", "--category", "unknown", "--rate", "2", *WHY, "--json")
        await until(lambda: stage.service.outcomes()["accepted"] >= 2, 60, "the first letters")
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        paused: dict[str, Any] = json.loads(out)
        assert (process.returncode, paused["state"]) == (1, "paused"), err
        assert 0 < paused["pending"] < 12
        resumed = await gateway(stage.folder, "runs", "resume", paused["id"], "--json")
        assert (resumed.code, resumed.json[0]["accepted"]) == (0, 12)


async def test_a_copy_that_was_buried_twice_is_listed_once_and_replayed_once(stage: Scene) -> None:
    async with stage.running():
        await unknown(stage, 3)
        (letter, *_) = await stage.letters()
        exchange = await stage.service.channel.get_exchange("gateway.dead", ensure=False)
        copy = aio_pika.Message(
            letter.body, headers=letter.headers, content_type=letter.content_type, delivery_mode=letter.delivery_mode
        )
        await exchange.publish(copy, letter.routing_key or "")
        listed = await gateway(stage.folder, "dead", "list", "--json")
        assert sorted(row["copies"] for row in listed.json) == [1, 1, 2]
        assert (await replay(stage, "--category", "unknown")).json["accepted"] == 3
        assert await stage.letters() == []
    assert len(await stage.platform.calls("accountantReg")) == 6
