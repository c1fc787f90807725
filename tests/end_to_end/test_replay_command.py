"""`gateway dead replay`: put back, once, whatever happens to the command or who else is at it."""

import asyncio

import aio_pika

from tests.end_to_end.test_dead_command import listed
from tests.support.commands import gateway, start
from tests.support.events import credit, verified
from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.scene import Scene

MANY = 200


async def test_letters_are_replayed_by_id_by_event_and_by_category(stage: Scene) -> None:
    names = ("by-letter", "by-event", "by-category")
    async with stage.running():
        for name in names:
            await stage.service.publish(credit(f"t-{name}", id=name))
        await stage.service.publish(mobile_login("t-1", id="stays") | {"data": {}})
        await stage.service.ended(4)
        for name in names:
            await stage.platform.tell("verify", **verified(f"t-{name}"))
        (letter,) = await listed(stage, "--event", "by-letter")
        for choice in ((letter["id"],), ("by-event",), ("--category", "rejected", "--code", "A0727")):
            done = await gateway(stage.folder, "dead", "replay", *choice, "--json")
            assert done.code == 0
            assert len(done.json) == 1
        await until(lambda: stage.service.outcomes() == {"accepted": 3, "rejected": 1}, what="three accepted")
        assert [str(left.headers["x-gateway-event-id"]) for left in await stage.letters()] == ["stays"]
    assert [result["attempts"] for name in names for result in stage.service.of(name)] == [1, 1] * 3


async def test_a_replayed_event_keeps_headers_and_properties_and_starts_to_count_anew(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running(ladder=(1,)):
        await stage.fault("code", code="500", times=3)
        await stage.service.publish(event, headers={"x-school": "17"}, message_id="m-1")
        await stage.service.ended(1)
        assert (await gateway(stage.folder, "dead", "replay", event["id"])).code == 0
        await until(lambda: len(stage.service.of(event["id"])) == 2, what="the second result")
    exhausted, accepted = stage.service.of(event["id"])
    assert (exhausted["category"], exhausted["attempts"]) == ("exhausted", 2)
    assert (accepted["outcome"], accepted["attempts"]) == ("accepted", 2)


async def test_replays_killed_again_and_again_lose_nothing_and_double_nothing(stage: Scene) -> None:
    await stage.fault("code", code="X9999", path="accountantReg")
    async with stage.running(max_in_flight=20):
        await asyncio.gather(*(stage.service.publish(enrolment(f"t-{n:03}", id=f"e-{n:03}")) for n in range(MANY)))
        await stage.service.ended(MANY)
        await stage.platform.heal()
        for _ in range(4):
            await kill_amid_a_replay(stage)
        last = await gateway(stage.folder, "dead", "replay", "--category", "unknown", "--json")
        assert last.code in {0, 1}
        await until(lambda: stage.service.outcomes() == {"accepted": MANY}, 30, "everything accepted")
        await eventually(lambda: nothing_stands(stage), what="empty queues")
    answers = [call["answer"] for call in await stage.platform.calls("accountantReg")]
    assert answers.count("200") == MANY
    assert answers.count("X9999") == MANY
    assert len(answers) == 2 * MANY


async def kill_amid_a_replay(stage: Scene) -> None:
    """Start a replay of everything, and kill -9 it as soon as the first letters have been done again."""
    before = stage.service.outcomes()["accepted"]
    process = await start(stage.folder, "dead", "replay", "--category", "unknown")
    while stage.service.outcomes()["accepted"] < before + 5 and process.returncode is None:
        await asyncio.sleep(0.001)
        if process.stdout is not None and process.stdout.at_eof():
            break
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def nothing_stands(stage: Scene) -> bool:
    return not any([await stage.depth(role) for role in ("bulk", "due", "dead")])


async def test_a_second_operator_is_refused_while_the_first_is_at_it(stage: Scene) -> None:
    async with stage.running():
        await stage.service.publish(credit("t-1", id="e-1"))
        await stage.service.ended(1)
    async with await aio_pika.connect(stage.url) as first:
        channel = await first.channel()
        await channel.declare_queue("gateway.gd_accounting.default.dead.lock", exclusive=True, durable=False)
        second = await gateway(stage.folder, "dead", "replay", "e-1")
    assert second.code == 2
    assert "somebody else" in second.err
    assert len(second.err.splitlines()) == 1
    assert len(await stage.letters()) == 1


async def test_of_two_operators_at_once_nothing_is_replayed_twice(stage: Scene) -> None:
    async with stage.running():
        await stage.fault("code", code="X9999", path="accountantReg", times=30)
        for number in range(30):
            await stage.service.publish(enrolment(f"t-{number}"))
        await stage.service.ended(30)
        replays = [gateway(stage.folder, "dead", "replay", "--category", "unknown", "--json") for _ in range(3)]
        done = await asyncio.gather(*replays)
        await until(lambda: stage.service.outcomes() == {"accepted": 30}, what="everything accepted")
    for each in done:
        assert each.code in {0, 1, 2}
        assert "Traceback" not in each.err
        assert each.code != 2 or "somebody else" in each.err
    assert sum(len(each.json) for each in done if each.code == 0) == 30
    assert len(await stage.platform.calls("accountantReg")) == 60


async def test_what_is_left_of_a_replay_keeps_its_order(stage: Scene) -> None:
    async with stage.running():
        for number in range(10):
            await stage.service.publish(credit(f"t-{number}", id=f"e-{number}"))
            await stage.service.ended(number + 1)
    done = await gateway(stage.folder, "dead", "replay", "e-3", "e-7")
    assert done.code == 0
    left = [str(letter.headers["x-gateway-event-id"]) for letter in await stage.letters()]
    assert left == [f"e-{number}" for number in range(10) if number not in {3, 7}]
    assert await stage.depth("due") == 2
