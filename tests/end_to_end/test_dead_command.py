"""`gateway dead list` and `dead show`: finding and understanding dead letters."""

import json
from typing import Any

from tests.support.commands import Done, gateway
from tests.support.events import credit
from tests.support.outside import enrolment, mobile_login
from tests.support.scene import Scene

TICKET = "208cbc66aaef4317843c6cedabe319e0"
ID_NUMBER = "440681198512063416"


async def four_letters(stage: Scene) -> list[str]:
    """Four ways to die, oldest first."""
    await stage.fault("code", code="X9999", path="accountantReg")
    await stage.fault("code", code="500", path="syncLoginInfo")
    events = [
        credit(TICKET, id="e-rejected"),
        enrolment(TICKET, id="e-unknown", subject="learner/1"),  # it holds its lane
        mobile_login(TICKET, id="e-exhausted"),
    ]
    invalid = credit(TICKET, id="e-invalid", realname="张三丰")
    invalid["data"] |= {"idNum": ID_NUMBER, "year": 2020}
    async with stage.running(ladder=(1,)):
        for number, event in enumerate([*events, invalid]):
            await stage.service.publish(event)
            await stage.service.ended(number + 1)
    return ["e-rejected", "e-unknown", "e-exhausted", "e-invalid"]


async def listed(stage: Scene, *options: str) -> list[dict[str, Any]]:
    done = await gateway(stage.folder, "dead", "list", "--json", *options)
    assert (done.code, done.err) == (0, "")
    rows: list[dict[str, Any]] = done.json
    return rows


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["event_id"] for row in rows]


async def test_dead_letters_are_listed_oldest_first_and_filtered_and_stay_where_they_are(stage: Scene) -> None:
    events = await four_letters(stage)
    rows = await listed(stage)
    assert ids(rows) == events
    assert [row["category"] for row in rows] == ["rejected", "unknown", "exhausted", "invalid"]
    assert [row["attempts"] for row in rows] == [1, 1, 2, 0]
    assert {row["account"] for row in rows} == {"gd_accounting.default"}
    assert ids(await listed(stage, "--category", "exhausted")) == ["e-exhausted"]
    assert ids(await listed(stage, "--operation", "credit-sync", "--code", "A0727")) == ["e-rejected"]
    assert ids(await listed(stage, "--event", "e-unknown", "--account", "gd_accounting")) == ["e-unknown"]
    assert await listed(stage, "--category", "held", "--limit", "2") == []
    assert [str(letter.headers["x-gateway-event-id"]) for letter in await stage.letters()] == events


async def test_a_dead_letter_is_shown_with_everything_personal_masked(stage: Scene) -> None:
    await four_letters(stage)
    (row,) = await listed(stage, "--event", "e-invalid")
    by_letter = await gateway(stage.folder, "dead", "show", row["id"])
    table = await gateway(stage.folder, "dead", "list")
    shown = json.loads(by_letter.out)
    assert shown["category"] == "invalid"
    assert shown["event"]["id"] == "e-invalid"
    assert shown["event"]["data"]["areaCode"] == "440106"
    for done in (by_letter, table):
        assert done.code == 0
        assert [secret for secret in (TICKET, ID_NUMBER, "张三丰") if secret in done.out] == []
    assert "e-exhausted" in table.out


async def test_what_there_is_not_is_refused_in_one_line(stage: Scene) -> None:
    await stage.declare()
    for arguments in (
        ("dead", "show", "no-such-letter"),
        ("dead", "list", "--account", "gd_accounting.second"),
        ("dead", "replay"),
    ):
        done = await gateway(stage.folder, *arguments)
        assert (done.code, len(done.err.splitlines())) == (2, 1), done
    none = await gateway(stage.folder, "dead", "replay", "no-such-letter", "--reason", "mended", "--yes")
    assert (none.code, none.out) == (1, "replay: 0 eligible 可处理\n")


async def test_where_nothing_is_declared_dead_list_says_so_in_one_line(stage: Scene) -> None:
    stage.settings()
    done: Done = await gateway(stage.folder, "dead", "list")
    assert done.code in {1, 2}
    assert len(done.err.splitlines()) == 1, done.err


async def test_a_body_that_is_no_event_can_be_listed_and_shown(stage: Scene) -> None:
    deep = b'{"id": "deep", "data": ' + b"[" * 400 + b"]" * 400 + b"}"
    await stage.declare()
    async with stage.running():
        for body in (b"\xff\xfe no JSON", deep):
            await stage.service.publish(body, "gd_accounting.default.credit-sync")
        await stage.service.ended(2)
        ids_of_letters = [row["id"] for row in await listed(stage)]
    assert len(ids_of_letters) == 2
    for letter in ids_of_letters:
        shown = await gateway(stage.folder, "dead", "show", letter)
        assert shown.code == 0, shown.err[-300:]
