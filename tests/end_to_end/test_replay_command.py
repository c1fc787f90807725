"""`gateway dead replay` and `gateway runs`, as an operator types them, also killed and interrupted."""

import asyncio
import json
import signal
from asyncio.subprocess import Process
from typing import Any

from tests.support.commands import Done, gateway, start
from tests.support.events import credit, verified
from tests.support.operators import dead_enrolments
from tests.support.outside import eventually, until
from tests.support.scene import Scene

MANY = 120
WHY = ("--reason", "the platform was mended", "--yes")


async def replay(stage: Scene, *arguments: str) -> Done:
    return await gateway(stage.folder, "dead", "replay", *arguments, *WHY, "--json")


async def test_letters_are_replayed_by_id_and_by_event(stage: Scene) -> None:
    names = ("by-letter", "by-event")
    async with stage.running():
        for name in (*names, "stays"):
            await stage.service.publish(credit(f"t-{name}", id=name))
        await stage.service.ended(3)
        for name in names:
            await stage.platform.tell("verify", **verified(f"t-{name}"))
        listed = await gateway(stage.folder, "dead", "list", "--event", "by-letter", "--json")
        done = await replay(stage, listed.json[0]["id"], "by-event")
        assert (done.code, done.json["state"], done.json["accepted"]) == (0, "done", 2), done
        assert stage.service.outcomes() == {"accepted": 2, "rejected": 1}
        assert [str(left.headers["x-gateway-event-id"]) for left in await stage.letters()] == ["stays"]


async def test_a_run_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(stage: Scene) -> None:
    async with stage.running(max_in_flight=20):
        await dead_enrolments(stage, MANY)
        command: tuple[str, ...] = ("dead", "replay", "--category", "unknown", *WHY)
        for kill_after in (3, 40):
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


async def test_ctrl_c_pauses_the_run_and_resume_ends_it(stage: Scene) -> None:
    async with stage.running():
        await dead_enrolments(stage, 12)
        process = await start(stage.folder, "dead", "replay", "--category", "unknown", "--rate", "1", *WHY, "--json")
        await until(lambda: stage.service.outcomes()["accepted"] >= 2, 60, "the first letters")
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        paused: dict[str, Any] = json.loads(out)
        assert (process.returncode, paused["state"]) == (1, "paused"), err
        assert 0 < paused["pending"] < 12
        resumed = await gateway(stage.folder, "runs", "resume", paused["id"], "--json")
        assert (resumed.code, resumed.json[0]["accepted"], resumed.json[0]["rate"]) == (0, 12, 1.0)


async def test_a_dry_run_says_what_is_eligible_and_why_not_and_changes_nothing(stage: Scene) -> None:
    async with stage.running():
        await dead_enrolments(stage, 2)
        await stage.service.publish(credit("t-1", id="bad") | {"data": {}})
        await stage.service.ended(3)
    plan = await gateway(stage.folder, "dead", "replay", "--account", "gd_accounting", "--dry-run")
    unsaid = await gateway(stage.folder, "dead", "replay", "--account", "gd_accounting", "--yes")
    unasked = await gateway(stage.folder, "dead", "replay", "--account", "gd_accounting", "--reason", "why")
    assert plan.code == 0
    assert "replay: 2 eligible" in plan.out
    assert "1: invalid: as it is it can never succeed; --edit it" in plan.out
    assert (unsaid.code, "--reason TEXT" in unsaid.err) == (2, True)
    assert (unasked.code, "--yes" in unasked.err) == (2, True)
    assert len(await stage.letters()) == 3
