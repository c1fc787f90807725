"""What the ledger counts for the metrics, on both kinds of database."""

from dataclasses import replace
from typing import Any

from sqlalchemy import insert

from gateway import metrics, observed
from gateway.account import Account
from gateway.ledger import Buried, Counts, Ledger, Waiting
from gateway.ledger.operating_tables import RUN_LETTERS, RUNS
from tests.unit.ledgers import ACCOUNT, KEY, OTHER, event, record

UNFINISHED: dict[str, Any] = {"outcome": None, "code": None, "message": ""}
LETTER = Buried(
    letter="l-1",
    platform=KEY.platform,
    account=KEY.account,
    operation="credit-sync",
    source=KEY.source,
    event_id="e-1",
    category="rejected",
    code="A0727",
    reason="refused",
    cause="refused",
    attempts=1,
    lane=None,
    first_seen="2026-03-01T08:00:00.000+00:00",
    dead_at="2026-03-01T08:00:01.000+00:00",
)
RUN: dict[str, Any] = {
    "kind": "replay",
    "actor": "somebody",
    "reason": "mended",
    "filter": "{}",
    "diff": "[]",
    "tolerate": 0,
    "batch": 1,
    "ladder": 1,
    "note": "",
    "created_at": "2026-03-01T08:00:00.000+00:00",
    "updated_at": "2026-03-01T08:00:00.000+00:00",
}


async def test_a_new_ledger_counts_nothing(ledger: Ledger) -> None:
    assert await ledger.counts() == Counts()


async def test_who_waits_for_an_earlier_one_is_told_from_who_waits_for_its_next_attempt(ledger: Ledger) -> None:
    lane: dict[str, Any] = {"lane": "a" * 24, "due_at": 1.0}
    first_seen = "2026-03-01T07:00:00.000+00:00"
    head = event(1, **lane, position=1, blocks="waits", outcome=None, code="http-503", first_seen=first_seen)
    await ledger.record(head)
    for number in (2, 3):
        await ledger.record(event(number, **lane, **UNFINISHED, position=number, blocks="waits"))
    await ledger.record(event(4, lane="b" * 24, position=4, blocks="stands", **UNFINISHED))
    await ledger.record(event(5, lane="c" * 24, position=5, blocks="holds", outcome="dead", category="unknown"))
    await ledger.record(event(6))
    assert (await ledger.counts()).waiting == {(ACCOUNT.platform, ACCOUNT.name): Waiting(2, 1772348400.0)}


async def test_a_time_that_a_publisher_made_up_counts_as_none(ledger: Ledger) -> None:
    await ledger.record(event(1, lane="a" * 24, position=1, blocks="stands", **UNFINISHED, first_seen="!"))
    assert (await ledger.counts()).waiting == {(ACCOUNT.platform, ACCOUNT.name): Waiting(0, None)}


async def test_dead_letters_are_counted_with_their_copies_by_account_and_category(ledger: Ledger) -> None:
    for letter in (
        LETTER,
        replace(LETTER, letter="l-2", copies=3),
        replace(LETTER, letter="l-3", category=None),
        replace(LETTER, letter="l-4", account=OTHER.name, category="held"),
    ):
        await ledger.record(record(), letter=letter)
    assert (await ledger.counts()).dead == {
        (ACCOUNT.platform, ACCOUNT.name): {"rejected": 4, None: 1},
        (OTHER.platform, OTHER.name): {"held": 1},
    }


async def test_runs_and_their_letters_are_counted_until_they_end(ledger: Ledger) -> None:
    letter = {"letter": "l", "platform": "p", "account": "a", "operation": "o", "replay": "r"}
    states = {"r-1": "running", "r-2": "stopped", "r-3": "done", "r-4": "cancelled"}
    async with ledger.store.writing() as connection:
        for run, state in states.items():
            await connection.execute(insert(RUNS).values(**RUN, id=run, state=state))
            for number, where in enumerate(("pending", "pending", "failed")):
                row = {**letter, "run": run, "number": number, "state": where}
                await connection.execute(insert(RUN_LETTERS).values(**row))
    counts = await ledger.counts()
    assert counts.runs == {"running": 1, "stopped": 1}
    assert counts.run_letters == {"pending": 4, "failed": 2}


def test_every_account_shows_every_category_and_an_unreadable_one_as_unknown() -> None:
    account = Account("gd_accounting", "counted", ACCOUNT.settings)
    whose = account.platform, account.name
    counts = Counts(dead={whose: {"rejected": 4, None: 1, "nonsense": 2}}, waiting={whose: Waiting(2, 990.0)})
    try:
        observed.show_counts([account], counts, 1000.0)
        shown = {c: metrics.DEAD_LETTERS.labels(*whose, c)._value.get() for c in ("rejected", "unknown", "held")}
        assert shown == {"rejected": 4, "unknown": 3, "held": 0}
        assert metrics.OLDEST_EVENT.labels(*whose, "ladder")._value.get() == 10
        assert metrics.LANES_WAITING.labels(*whose, "broker")._value.get() == 2
    finally:
        observed.hide_counts([account])
