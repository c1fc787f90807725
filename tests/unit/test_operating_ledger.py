"""The ledger's part of operating: index, history and audit, on a file and on PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time

import pytest

from gateway.burial import cause
from gateway.history import delayed, ended, waits
from gateway.ledger import Buried, Ledger, LedgerError
from gateway.ledger.operating_tables import AUDIT, DEAD_LETTERS
from gateway.operating import Filter
from gateway.operating.index import Index
from gateway.operating.tracing import Tracing
from gateway.operating.trail import Trail
from gateway.topology import Names
from tests.unit.ledgers import KEY, event, record

MANY = 100_000
REASONS = (
    "HTTP 503 after {n} ms",
    "该课程验证的通过时间不在范围 ({n})",
    "证件号码有误 (got 4***6(18))",
    "no answer",
    "held {n}",
)


def letter(number: int, **changed: object) -> Buried:
    at = (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=number)).isoformat(timespec="milliseconds")
    reason = REASONS[number % len(REASONS)].format(n=number)
    row = Buried(
        f"l-{number:06}", "toy_land", "default", "credit-sync", "/s", f"e-{number}", "rejected", f"A{number % 5}",
        reason, cause(reason), number % 3, None, at, at,
    )  # fmt: skip
    return replace(row, **changed)  # type: ignore[arg-type]


async def test_letters_are_found_by_every_part_of_a_filter(ledger: Ledger) -> None:
    for number in range(10):
        await ledger.record(None, letter=letter(number, lane="x" if number == 7 else None))
    index = Index(ledger.store)
    found = {
        "ids": Filter(ids=("l-000003", "e-4")),
        "text": Filter(text="不在范围"),
        "no wildcard": Filter(text="%"),
        "code": Filter(code="A2"),
        "lane": Filter(lane="x"),
        "platform": Filter(account="toy_land"),
        "other account": Filter(account="toy_land.second"),
        "attempts": Filter(attempts=2),
        "old": Filter(older_than=1),
        "new": Filter(newer_than=1),
        "both": Filter(code="A2", attempts=1),
    }
    counts = {name: await index.count(wanted) for name, wanted in found.items()}
    assert counts == {
        "ids": 2, "text": 2, "no wildcard": 0, "code": 2, "lane": 1, "platform": 10, "other account": 0,
        "attempts": 3, "old": 10, "new": 0, "both": 2,
    }  # fmt: skip
    assert [one.event_id for one in await index.letters(Filter(), limit=2, offset=1)] == ["e-1", "e-2"]


async def test_a_letter_that_is_written_twice_is_one(ledger: Ledger) -> None:
    for _ in range(2):
        await ledger.record(None, letter=letter(1))
    assert await Index(ledger.store).count(Filter()) == 1


async def test_a_hundred_thousand_letters_are_listed_and_grouped_within_three_seconds(ledger: Ledger) -> None:
    async with ledger.store.writing() as connection:
        names = [column.name for column in DEAD_LETTERS.columns]
        rows = [dict(zip(names, vars_of(letter(number)), strict=True)) for number in range(MANY)]
        for at in range(0, MANY, 10_000):
            await connection.execute(DEAD_LETTERS.insert(), rows[at : at + 10_000])
    index, began, worked = Index(ledger.store), perf_counter(), process_time()
    groups = await index.groups(Filter())
    grouped = process_time() - worked
    letters = await index.letters(Filter())
    listed, seconds = process_time() - worked - grouped, perf_counter() - began
    said = f"grouped in {grouped:.2f} s, listed in {listed:.2f} s of work; {seconds:.2f} s by the clock"
    print(f"{MANY} letters: {said}")  # noqa: T201
    assert [group.count for group in groups] == [MANY // 5] * 5
    assert len(letters) == MANY
    assert grouped + listed < 3  # of this process's own time: the machine may be doing other things


def vars_of(row: Buried) -> list[object]:
    return [getattr(row, name) for name in row.__slots__]


async def test_the_index_is_corrected_by_what_stands_in_the_queue(ledger: Ledger) -> None:
    index, names = Index(ledger.store), Names("toy_land", "default")
    for number in range(3):
        await ledger.record(None, letter=letter(number))
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    await ledger.record(None, letter=letter(9, dead_at=now))  # on its way into the queue
    there = [letter(1, copies=2), letter(5)]
    assert await index.correct(names, there) == (1, 2)
    found = {one.id: one.copies for one in await index.letters(Filter())}
    assert found == {"l-000001": 2, "l-000005": 1, "l-000009": 1}


async def test_a_life_is_told_in_order_and_what_is_repeated_counts_on(ledger: Ledger) -> None:
    first = record(outcome=None, attempts=0, updated_at="2026-03-01T08:00:01.000+00:00")
    for at in ("2026-03-01T08:00:01.000+00:00", "2026-03-01T08:00:02.000+00:00"):
        waiting = first._replace(updated_at=at)
        await ledger.record(waiting, waits(waiting, 1, "e-0"))
    failed = first._replace(attempts=1, code="500", updated_at="2026-03-01T08:00:03.000+00:00")
    await ledger.record(failed, delayed(failed, 0.25, 5))
    done = record(attempts=2, updated_at="2026-03-01T08:00:08.000+00:00")
    await ledger.record(done, ended(done, 0.125))
    (life,) = await Tracing(ledger.store).lives(KEY.id)
    assert [(one.what, one.attempt, one.times) for one in life.moments] == [
        ("first-seen", None, 1), ("waits", 0, 2), ("delayed", 1, 1), ("accepted", 2, 1),
    ]  # fmt: skip
    assert (life.moments[1].note, life.moments[2].milliseconds, life.moments[2].seconds) == (
        "behind event e-0",
        250,
        5,
    )
    assert life.state == "accepted"


async def test_what_is_forgotten_takes_its_history_along(ledger: Ledger) -> None:
    old = event("old", updated_at="2020-01-01T00:00:00.000+00:00")
    await ledger.record(old, ended(old, None))
    assert await ledger.forget(timedelta(days=90)) == 1
    async with ledger.store.reading() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM history")).scalar_one() == 0


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
async def test_the_audit_cannot_be_changed(ledger: Ledger, statement: str) -> None:
    trail = Trail(ledger.store)
    await trail.add("ana", "reveal", {"letters": 1}, "to see")
    with pytest.raises(LedgerError):
        async with ledger.store.writing() as connection:
            await connection.exec_driver_sql(statement)
    (row,) = await trail.rows(10)
    assert (row.actor, row.act, row.reason, row.target) == ("ana", "reveal", "to see", {"letters": 1})
    async with ledger.store.reading() as connection:
        assert len((await connection.execute(AUDIT.select())).all()) == 1
