"""The walk through a bad night: dead letters of five causes, the platform still failing for one of them.

Small in every run; `-m long` has 10,000 letters, and kills a run of 2,000, and prints the seconds.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
import pytest

from gateway.operating import Filter, Group, Operator, Run
from tests.support.commands import gateway, start
from tests.support.events import cancellation, credit, verified
from tests.support.operators import WHY, dead_enrolments, operator, replayed
from tests.support.outside import enrolment, eventually, mobile_login
from tests.support.scene import Scene, scene

CAUSES = ("unknown", "unlisted", "invalid", "rejected", "still failing")
AT_ONCE = 50


@pytest.fixture
async def stage(vhost_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(vhost_url, tmp_path) as made:
        yield made


class Watch:
    """What each step took."""

    def __init__(self) -> None:
        self._at = perf_counter()
        self.said: list[str] = []

    def lap(self, what: str) -> None:
        now = perf_counter()
        self.said.append(f"{what}: {now - self._at:.1f} s")
        self._at = now


def night(letters: int) -> list[dict[str, Any]]:
    """A fifth of each cause."""
    return [_event(CAUSES[n % len(CAUSES)], n) for n in range(letters)]


def _event(cause: str, n: int) -> dict[str, Any]:
    ticket, name = f"t-{n:05}", f"n-{n:05}"
    match cause:
        case "unknown":
            return enrolment(ticket, id=name)
        case "unlisted":
            return mobile_login(ticket, id=name)
        case "invalid":
            wrong = mobile_login(ticket, id=name)
            return wrong | {"data": {**wrong["data"], "year": "now"}}
        case "rejected":
            return credit(ticket, id=name)
        case _:
            return cancellation(ticket, id=name)


async def bad_night(stage: Scene, letters: int) -> None:
    for path, code in (("accountantReg", "X9999"), ("syncLoginInfo", "X7777"), ("cancelAccountReg", "X8888")):
        await stage.fault("code", code=code, path=path)
    events = night(letters)
    for at in range(0, letters, AT_ONCE):
        await asyncio.gather(*(stage.service.publish(event) for event in events[at : at + AT_ONCE]))
    await stage.service.ended(letters, 600)


async def morning(stage: Scene, letters: int) -> None:
    """Everything but one cause is mended."""
    await stage.platform.heal()
    await stage.fault("code", code="X8888", path="cancelAccountReg")
    for n in range(letters):
        if CAUSES[n % len(CAUSES)] == "rejected":
            await stage.platform.tell("verify", **verified(f"t-{n:05}"))


async def walk(stage: Scene, ana: Operator, letters: int) -> list[str]:
    """What an operator does, cause by cause; what each step took."""
    watch, each = Watch(), letters // len(CAUSES)
    groups = await ana.groups(Filter())
    assert sorted(group.count for group in groups) == [each] * len(CAUSES)
    watch.lap("understood")
    edit = orjson.dumps([{"op": "replace", "path": "/data/year", "value": 2026}])
    for group in groups:
        run = await replayed(ana, _of(group), edit=edit if group.category == "invalid" else None)
        _as_it_should(run, group, each)
        watch.lap(f"{group.code} {group.operation}: {run.counts.accepted} accepted, {run.counts.failed} failed again")
    return watch.said


def _of(group: Group) -> Filter:
    return Filter(operation=group.operation, category=group.category, code=group.code, cause=group.cause)


def _as_it_should(run: Run, group: Group, each: int) -> None:
    if group.code == "X8888":
        assert (run.state, run.counts.failed, run.counts.pending) == ("stopped", 1, each - 1)
    else:
        assert (run.state, run.counts.accepted) == ("done", each)


@pytest.mark.parametrize("letters", [150, pytest.param(10_000, marks=[pytest.mark.long, pytest.mark.timeout(3000)])])
async def test_a_bad_night_is_understood_and_mended(stage: Scene, letters: int) -> None:
    async with stage.running(ladder=(1,), max_in_flight=100) as running:
        await bad_night(stage, letters)
        ana = operator(stage, running)
        await morning(stage, letters)
        said = await walk(stage, ana, letters)
        left = await ana.count(Filter())
    print("\n".join(["", f"{letters} dead letters:", *said]))  # noqa: T201
    calls = Counter(call["answer"] for call in await stage.platform.calls())
    assert calls["X8888"] == letters // len(CAUSES) + 1
    assert left == letters // len(CAUSES)
    assert stage.service.outcomes()["accepted"] == letters - left


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_a_run_of_two_thousand_killed_in_the_middle_loses_nothing_and_doubles_nothing(stage: Scene) -> None:
    many, killed = 2000, 0
    async with stage.running(max_in_flight=100):
        await dead_enrolments(stage, many)
        command: tuple[str, ...] = ("dead", "replay", "--category", "unknown", "--reason", WHY, "--yes")
        for share in (0.02, 0.3, 0.6):
            process = await start(stage.folder, *command)
            command = ("runs", "resume", "--all")

            async def enough(share: float = share) -> bool:
                return stage.service.outcomes()["accepted"] >= share * many

            await eventually(enough, 300, "the middle")
            if process.returncode is None:
                process.kill()
                killed += 1
            await process.communicate()
        last = await gateway(stage.folder, *command, "--json")
        (run,) = last.json
    assert (killed, run["state"], run["accepted"]) == (3, "done", many)
    answers = Counter(call["answer"] for call in await stage.platform.calls("accountantReg"))
    print(f"\n{many} letters, killed {killed} times: {dict(answers)} calls at the platform")  # noqa: T201
    assert answers == {"X9999": many, "200": many}
    assert await stage.letters() == []
