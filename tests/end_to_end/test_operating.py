"""Understanding dead letters: causes, payloads, lives; the queues are the truth, also when the ledger is lost."""

import asyncio
import json

import pytest

from gateway.errors import RefusedError
from gateway.operating import Filter
from gateway.operating.keeper import Keeper
from gateway.settings import accounts, load
from tests.support.events import credit
from tests.support.operators import WHY, dead_enrolments, operator, replayed
from tests.support.outside import enrolment, eventually, mobile_login
from tests.support.scene import Scene

TICKET = "208cbc66aaef4317843c6cedabe319e0"


async def test_letters_are_grouped_by_cause_with_counts_and_times(stage: Scene) -> None:
    async with stage.running() as running:
        await dead_enrolments(stage, 3)
        for number in (1, 2):
            await stage.service.publish(mobile_login("t", id=f"bad-{number}") | {"data": {"ticket": "x" * number}})
        await stage.service.ended(5)
        groups = await operator(stage, running).groups(Filter())
    assert [(group.category, group.count) for group in groups] == [("unknown", 3), ("invalid", 2)]
    assert all(group.first <= group.last for group in groups)
    assert groups[1].account == "gd_accounting.default"


async def test_with_the_ledger_lost_no_letter_is_lost_nor_unreplayable(stage: Scene) -> None:
    async with stage.running():
        await dead_enrolments(stage, 4)
        await stage.service.publish(b"no JSON", "gd_accounting.default.credit-sync")
        await stage.service.ended(5)
    for part in stage.folder.glob("gateway.db*"):
        part.unlink()
    async with stage.running() as running:
        ana = operator(stage, running)
        assert await ana.count(Filter()) == 0
        (said,) = await ana.check_index()
        assert "5 dead letters; 5 were missing" in said
        assert await ana.check_index() == []
        assert (await replayed(ana, Filter(category="unknown"))).counts.accepted == 4
        (left,) = await ana.letters(Filter())
    assert (left.event_id, left.category, len(await stage.letters())) == (None, "invalid", 1)


async def test_a_payload_is_masked_unless_who_asks_may_see_it_and_that_is_recorded(stage: Scene) -> None:
    async with stage.running() as running:
        await stage.service.publish(credit(TICKET, id="e-1"))
        await stage.service.ended(1)
        ana, bo = operator(stage, running), operator(stage, running, "bo", may_reveal=True)
        (masked,) = await ana.letter("e-1")
        with pytest.raises(RefusedError, match=r"operators\.reveal"):
            await ana.letter("e-1", reveal=True)
        assert await ana.audit() == []
        (shown,) = await bo.letter("e-1", reveal=True)
        exported = [row async for row in ana.export(Filter())]
        acts = [(row.actor, row.act) for row in await ana.audit()]
    assert TICKET not in json.dumps([masked.event, exported], default=str)
    assert masked.event["data"]["areaCode"] == "440106"
    assert shown.event["data"]["ticket"] == TICKET
    assert acts == [("ana", "export"), ("bo", "reveal")]


async def test_the_life_of_a_replayed_event_tells_attempts_waits_and_runs(stage: Scene) -> None:
    async with stage.running(ladder=(1,)) as running:
        ana = operator(stage, running)
        await stage.fault("code", code="500", path="syncLoginInfo", times=2)
        await stage.service.publish(mobile_login(TICKET, id="e-1", subject="s"))
        await stage.service.publish(mobile_login(TICKET, id="e-2", subject="s"))
        await stage.service.ended(2)
        run = await replayed(ana, Filter(ids=("e-1",)))
        (life,), (behind,) = await ana.trace("e-1"), await ana.trace("e-2")
    told = [(moment.what, moment.attempt, moment.code) for moment in life.moments]
    assert told == [
        ("first-seen", None, None), ("delayed", 1, "500"), ("dead", 2, "500"), ("replayed", None, None),
        ("accepted", 1, "200"),
    ]  # fmt: skip
    assert life.moments[3].note == f"run {run.id} by ana"
    assert all(moment.milliseconds for moment in (*life.moments[1:3], life.moments[4]))
    assert "behind event e-1" in [moment.note for moment in behind.moments]
    assert TICKET not in str(life)


async def test_a_process_that_serves_takes_up_what_nobody_drives(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 5)
        run = await ana.start(Filter(), WHY)
        settings = load(stage.folder / "gateway.toml")
        async with Keeper(settings, accounts(settings), running.ledger).driving():

            async def done() -> bool:
                return (await ana.run(run.id)).state == "done"

            await eventually(done, 60, "the end of the run")
        assert (await ana.run(run.id)).counts.accepted == 5


async def test_an_account_that_is_paused_is_not_fed(stage: Scene) -> None:
    async with stage.running(pause_seconds=2) as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 3)
        await stage.fault("code", code="A0508", times=1)
        await stage.service.publish(enrolment("t-x", id="pauses"))

        async def state(*wanted: str) -> bool:
            (account,) = await ana.accounts()
            return account.state in wanted

        await eventually(lambda: state("paused"), what="the pause")
        run = await ana.start(Filter(category="unknown"), WHY)
        driving = asyncio.create_task(ana.drive(run.id))

        async def waits() -> bool:
            return "is paused" in (await ana.run(run.id)).note

        await eventually(waits, what="the wait")
        assert (await ana.run(run.id)).counts.pending == 3
        await driving
        assert (await ana.run(run.id)).counts.accepted == 3


async def test_a_cancelled_run_leaves_the_rest_free_for_others(stage: Scene) -> None:
    async with stage.running() as running:
        ana = operator(stage, running)
        await dead_enrolments(stage, 3)
        run = await ana.start(Filter(), WHY, rate=0.5)
        with pytest.raises(RefusedError, match=f"already in run {run.id}"):
            await ana.start(Filter(), WHY)
        assert (await ana.cancel(run.id, "not now")).state == "cancelled"
        await ana.drive(run.id)
        with pytest.raises(RefusedError, match="is cancelled"):
            await ana.resume(run.id)
        assert (await replayed(ana, Filter())).counts.accepted == 3
        acts = [(row.act, row.reason) for row in await ana.audit(run=run.id)]
    assert acts == [("cancel", "not now"), ("replay", WHY)]
