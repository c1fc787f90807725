"""What ended long ago is deleted; what waits or holds its lane never is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.ledger import Ledger, Record, forgetting
from tests.unit.ledgers import CALL, event, found

LONG = timedelta(days=90)


def ended(name: str | int, days: float, **changed: Any) -> Record:
    at = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    return event(name, updated_at=at, **changed)


async def test_what_ended_longer_ago_is_forgotten_with_its_steps(ledger: Ledger) -> None:
    old, young = ended("old", 90.01), ended("young", 89.99, outcome="rejected")
    for one in (old, young):
        await ledger.record(one)
        await (await ledger.steps(one.key)).record("upload", 1)
    assert await ledger.forget(LONG) == 1
    assert [await found(ledger, one.key) for one in (old, young)] == [None, young]
    assert ["upload" in await ledger.steps(one.key) for one in (old, young)] == [False, True]
    assert await ledger.forget(LONG) == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": None},
        {"outcome": None, "blocks": "waits", "lane": "l", "position": 1},
        {"outcome": "dead", "category": "rejected", "blocks": "holds", "lane": "l", "position": 1},
    ],
)
async def test_what_waits_or_holds_its_lane_is_kept_however_old(ledger: Ledger, changed: dict[str, Any]) -> None:
    kept = ended("kept", 900, **changed)
    await ledger.record(kept)
    await (await ledger.steps(kept.key)).record("upload", 1)
    assert await ledger.forget(LONG) == 0
    assert await found(ledger, kept.key) == kept
    assert "upload" in await ledger.steps(kept.key)


async def test_one_time_values_are_forgotten_by_their_own_age(ledger: Ledger) -> None:
    assert await ledger.inbox.take(CALL, "once")
    await ledger.inbox.remove(CALL)
    assert await ledger.forget(LONG) == 0
    assert not await ledger.inbox.take(CALL, "once")
    assert await ledger.forget(timedelta(seconds=-1)) == 1
    assert await ledger.inbox.take(CALL, "once")


async def test_many_are_forgotten_a_little_at_a_time_while_others_are_recorded(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "PAUSE_SECONDS", 0.001)
    many = 3 * forgetting.AT_ONCE + 7
    await asyncio.gather(*(ledger.record(ended(n, 100)) for n in range(many)))
    new = [ended(f"new-{n}", 1) for n in range(50)]
    forgotten, *_ = await asyncio.gather(ledger.forget(LONG), *(ledger.record(one) for one in new))
    assert forgotten == many
    assert await asyncio.gather(*(found(ledger, one.key) for one in new)) == new
