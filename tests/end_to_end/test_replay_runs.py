"""Replay runs: frozen sets in growing batches, each letter once, in order, stopped by what fails again."""

import asyncio
from collections import Counter

import aio_pika
import orjson
import pytest

from gateway import shift
from gateway.errors import RefusedError
from gateway.operating import Filter
from gateway.operating.batches import SIZES
from tests.support.events import credit, verified
from tests.support.operators import WHY, dead_enrolments, operator, replayed
from tests.support.outside import enrolment, eventually, mobile_login, until
from tests.support.scene import Scene

UNKNOWN = Filter(category="unknown")


async def test_a_replayed_event_keeps_headers_and_properties_and_starts_to_count_anew(stage: Scene) -> None:
    event = mobile_login("t-1")
    async with stage.running(ladder=(1,)) as running:
        await stage.fault("code", code="500", times=3)
        await stage.service.publish(event, headers={"x-school": "17"}, message_id="m-1")
        await stage.service.ended(1)
        run = await replayed(operator(stage, running), Filter(ids=(event["id"],)))
        await until(lambda: len(stage.service.of(event["id"])) == 2, what="the second result")
    exhausted, accepted = stage.service.of(event["id"])
    assert (run.state, run.counts.accepted) == ("done", 1)
    assert (exhausted["category"], exhausted["attempts"]) == ("exhausted", 2)
    assert (accepted["outcome"], accepted["attempts"]) == ("accepted", 2)


async def test_a_batch_that_fails_again_stops_the_run_and_says_which(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 10)
        await stage.fault("code", code="X9999", path="accountantReg", times=1)
        stopped = await replayed(ana, UNKNOWN)
        assert (stopped.state, stopped.counts.failed, stopped.counts.pending) == ("stopped", 1, 9)
        assert stopped.note.startswith("batch 1: 1 of 1 failed again")
        assert len(await stage.platform.calls("accountantReg")) == 11
        new = [letter for letter in await ana.letters(UNKNOWN) if letter.run is None]
        await ana.resume(stopped.id, "one of a kind")
        await ana.drive(stopped.id)
        done = await ana.run(stopped.id)
        failed = await ana.run_letters(stopped.id, "failed")
    assert (done.state, done.counts.accepted, done.counts.failed) == ("done", 9, 1)
    assert [(one.event_id, one.code) for one in failed] == [(new[0].event_id, "X9999")]
    assert [str(left.headers["x-gateway-event-id"]) for left in await stage.letters()] == [new[0].event_id]


async def test_large_batches_that_overlap_replay_each_letter_once_and_leave_no_copy(stage: Scene) -> None:
    letters = sum(SIZES) + SIZES[-1]
    async with stage.running(max_in_flight=50) as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, letters)
        done = await replayed(ana, UNKNOWN)
        assert (done.state, done.counts.accepted, done.batch) == ("done", letters, len(SIZES) + 1)
        assert await stage.letters() == []
        assert await ana.count(Filter()) == 0
    assert len(await stage.platform.calls("accountantReg")) == 2 * letters


async def test_a_run_that_is_paused_within_a_batch_goes_on_with_small_ones(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 40)
        run = await ana.start(UNKNOWN, WHY, rate=3)
        driving = asyncio.create_task(ana.drive(run.id))
        await until(lambda: stage.service.outcomes()["accepted"] >= 9, 60, "a letter of the fourth batch")
        assert (await ana.pause(run.id)).batch == 4
        await driving
        await ana.resume(run.id)
        driving = asyncio.create_task(ana.drive(run.id))

        async def regrouped() -> bool:
            return (await ana.run(run.id)).batch >= 6

        await eventually(regrouped, 60, "smaller batches")
        batches = Counter(letter.batch for letter in await ana.run_letters(run.id))
        await ana.cancel(run.id)
        await driving
    assert (batches[5], batches[6]) == (1, 2)
    assert batches[4] < SIZES[3]


async def test_of_two_runs_at_once_nothing_is_replayed_twice(stage: Scene) -> None:
    async with stage.running() as running:
        await dead_enrolments(stage, 30)
        both = (replayed(operator(stage, running, name), UNKNOWN) for name in ("ana", "bo"))
        done = await asyncio.gather(*both, return_exceptions=True)
        assert stage.service.outcomes() == {"accepted": 30}
    runs = [run for run in done if not isinstance(run, BaseException)]
    assert all(isinstance(each, RefusedError) for each in done if isinstance(each, BaseException))
    assert sum(run.counts.accepted for run in runs) == 30
    assert len(await stage.platform.calls("accountantReg")) == 60


async def test_one_process_at_a_time_drives_a_run(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 8)
        run = await ana.start(UNKNOWN, WHY)
        assert sorted(await asyncio.gather(*(ana.drive(run.id) for _ in range(3)))) == [False, False, True]
        assert (await ana.run(run.id)).counts.accepted == 8
    assert len(await stage.platform.calls("accountantReg")) == 16


async def test_a_run_waits_while_somebody_else_works_on_the_letters(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 1)
        run = await ana.start(UNKNOWN, WHY)
        async with await aio_pika.connect(stage.url) as first:
            channel = await first.channel()
            await channel.declare_queue("gateway.gd_accounting.default.dead.lock", exclusive=True, durable=False)
            driving = asyncio.create_task(ana.drive(run.id))

            async def noted() -> bool:
                return "somebody else" in (await ana.run(run.id)).note

            await eventually(noted, what="the note")
            assert len(await stage.letters()) == 1
        await driving
        assert (await ana.run(run.id)).counts.accepted == 1


async def test_what_is_left_of_a_run_keeps_its_order(stage: Scene) -> None:
    async with stage.running() as running:
        for number in range(10):
            await stage.service.publish(credit(f"t-{number}", id=f"e-{number}"))
            await stage.service.ended(number + 1)
        for number in (3, 7):
            await stage.platform.tell("verify", **verified(f"t-{number}"))
        assert (await replayed(operator(stage, running), Filter(ids=("e-3", "e-7")))).counts.accepted == 2
    left = [str(letter.headers["x-gateway-event-id"]) for letter in await stage.letters()]
    assert left == [f"e-{number}" for number in range(10) if number not in {3, 7}]


async def test_a_copy_that_was_buried_twice_is_listed_once_and_replayed_once(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 3)
        await bury_again(stage)
        assert await ana.check_index() != []
        assert sorted(letter.copies for letter in await ana.letters(Filter())) == [1, 1, 2]
        assert (await replayed(ana, UNKNOWN)).counts.accepted == 3
        assert await stage.letters() == []
    assert len(await stage.platform.calls("accountantReg")) == 6


async def bury_again(stage: Scene) -> None:
    """A copy of the first letter, as a redelivered event may leave it."""
    (letter, *_) = await stage.letters()
    exchange = await stage.service.channel.get_exchange("gateway.dead", ensure=False)
    copy = aio_pika.Message(letter.body, headers=letter.headers, content_type=letter.content_type, delivery_mode=2)
    await exchange.publish(copy, letter.routing_key or "")


async def test_a_discard_takes_every_copy_away_and_needs_a_reason(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 3)
        await bury_again(stage)
        await ana.check_index()
        with pytest.raises(RefusedError, match="say why"):
            await ana.start(UNKNOWN, " ", kind="discard")
        run = await replayed(ana, UNKNOWN, kind="discard")
        assert (run.state, run.counts.discarded) == ("done", 3)
        assert await stage.letters() == []
        assert await ana.count(Filter()) == 0
        rows = await ana.audit(run=run.id)
        (life,) = await ana.trace("e-00000")
    assert [(row.act, row.actor, row.result) for row in reversed(rows)] == [
        ("discard", "ana", "started"),
        ("discard ended", "ana", "done"),
    ]
    assert rows[-1].reason == WHY
    assert rows[0].target["counts"] == {"discarded": 3}
    assert [moment.what for moment in life.moments] == ["first-seen", "dead", "discarded"]
    assert len(await stage.platform.calls("accountantReg")) == 3


async def lane_with_a_dead_head(stage: Scene, followers: int) -> None:
    await stage.fault("code", code="X9999", path="accountantReg", times=1)
    for number in range(followers + 1):
        await stage.service.publish(enrolment(f"t-{number}", id=f"l-{number}", subject="learner/1"))
        await stage.service.ended(number + 1)


async def test_what_is_held_is_replayed_with_its_head_and_in_order(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await lane_with_a_dead_head(stage, 4)
        alone = await ana.dry_run(Filter(category="held"))
        assert (alone.eligible, alone.ineligible[0].count) == ([], 4)
        assert "held behind the dead letter of event l-0" in alone.ineligible[0].why
        assert (await replayed(ana, Filter(account="gd_accounting"))).counts.accepted == 5
    calls = [call["body"]["ticket"] for call in await stage.platform.calls("accountantReg")]
    assert calls == ["t-0", "t-0", "t-1", "t-2", "t-3", "t-4"]


async def test_a_lane_longer_than_a_worker_keeps_is_replayed_in_order(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of it waits on the ladder, behind those who stand in the worker though they died before."""
    monkeypatch.setattr(shift, "LEAST_AHEAD", 6)
    lane = [f"t-{number}" for number in range(sum(SIZES[:3]))]
    async with stage.running(max_in_flight=1, ladder=(1,)) as running:
        ana = operator(stage, running)
        await stage.fault("code", code="X9999", path="accountantReg")
        for ticket in lane:
            await stage.service.publish(enrolment(ticket, subject="learner/1"))
        await stage.service.ended(len(lane), seconds=60)
        await stage.platform.heal()
        await stage.fault("delay", seconds=0.6)
        run = await replayed(ana, Filter(account="gd_accounting"))
        assert (run.state, run.counts.accepted) == ("done", len(lane)), run
    calls = [call["body"]["ticket"] for call in await stage.platform.calls("accountantReg")]
    assert calls == [lane[0], *lane]


async def test_where_a_head_fails_again_what_it_holds_is_left_alone(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await lane_with_a_dead_head(stage, 3)
        await stage.fault("code", code="X9999", path="accountantReg", times=1)
        stopped = await replayed(ana, Filter(account="gd_accounting"))
        assert (stopped.state, stopped.counts.failed, stopped.counts.pending) == ("stopped", 1, 3)
        await ana.resume(stopped.id)
        await ana.drive(stopped.id)
        run = await ana.run(stopped.id)
    assert (run.state, run.counts.skipped, run.counts.failed) == ("done", 3, 1)
    assert len(await stage.platform.calls("accountantReg")) == 2
    assert len(await stage.letters()) == 4


async def test_once_a_head_is_discarded_what_it_held_can_be_replayed_by_itself(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await lane_with_a_dead_head(stage, 2)
        await replayed(ana, Filter(ids=("l-0",)), kind="discard")
        assert (await replayed(ana, Filter(category="held"))).counts.accepted == 2
    calls = [call["body"]["ticket"] for call in await stage.platform.calls("accountantReg")]
    assert calls == ["t-0", "t-1", "t-2"]


async def test_an_edit_mends_an_event_and_is_recorded_masked(stage: Scene) -> None:
    ticket = "208cbc66aaef4317843c6cedabe319e0"
    event = mobile_login("t-1", id="e-1")
    event["data"]["year"] = "two thousand"
    patch = [{"op": "replace", "path": "/data/year", "value": 2026}]
    personal = [*patch, {"op": "replace", "path": "/data/ticket", "value": ticket}]
    async with stage.running() as running:
        ana = operator(stage, running)
        await stage.service.publish(event)
        await stage.service.ended(1)
        with pytest.raises(RefusedError, match="invalid: as it is it can never succeed"):
            await ana.start(Filter(ids=("e-1",)), WHY)
        wrong = await ana.dry_run(Filter(), edit=orjson.dumps([{**patch[0], "value": "no year"}]))
        assert "the edited event is not valid" in wrong.ineligible[0].why
        other = await ana.dry_run(Filter(), edit=orjson.dumps([{"op": "replace", "path": "/id", "value": "e-2"}]))
        assert "keeps the event's identity" in other.ineligible[0].why
        run = await replayed(ana, Filter(ids=("e-1",)), edit=orjson.dumps(personal))
        rows = await ana.audit(run=run.id)
    assert (run.state, run.counts.accepted) == ("done", 1)
    assert stage.service.of("e-1")[-1]["outcome"] == "accepted"
    (call,) = await stage.platform.calls("syncLoginInfo")
    assert (call["body"]["year"], call["body"]["ticket"]) == (2026, ticket)
    year, masked = run.diff[0]["changes"]
    assert (year["path"], year["before"], year["after"]) == ("/data/year", "two thousand", 2026)
    assert masked["after"] != ticket
    assert ticket not in orjson.dumps([run.diff, [row.target for row in rows]]).decode()
    assert ticket.encode() not in (stage.folder / "gateway.db").read_bytes()
