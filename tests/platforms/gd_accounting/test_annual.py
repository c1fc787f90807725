"""年度继续教育完成学分要求: sums of a learner's year, and that nothing counts twice."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.ledger import Ledger, open_ledger
from gateway.tally import Counted, Tally
from schemas.gd_accounting.events import CreditSync
from schemas.gd_accounting.requirement import annual
from tests.platforms.gd_accounting.document import example
from tests.unit.ledgers import found, record
from workers.gd_accounting.annual import ANNUAL


@pytest.mark.parametrize(
    ("professional", "public", "missing", "fulfilled"),
    [
        (0, 0, (90, 60, 30), False),
        (60, 30, (0, 0, 0), True),
        (90, 0, (0, 0, 30), True),  # 公需学分 is wanted 原则上 only
        (59.99, 40, (0, 0.01, 0), False),
        (60, 29.99, (0.01, 0, 0.01), False),
    ],
)
def test_what_is_missing_follows_the_document(
    professional: float, public: float, missing: tuple[float, float, float], fulfilled: bool
) -> None:
    found = annual(2022, {"PRO": Decimal(str(professional)), "PUB": Decimal(str(public))})
    assert found["missing"] == dict(zip(("total", "professional", "public"), missing, strict=True))
    assert found["fulfilled"] is fulfilled


def tally(**changes: object) -> Tally:
    found = ANNUAL.tally(CreditSync.model_validate(example("credit-sync", **changes)))
    assert found is not None
    return found


async def add(ledger: Ledger, one: Tally, *, duplicate: bool = False) -> dict[str, Decimal]:
    told: dict[str, Decimal] = {}

    def tell(sums: Mapping[str, Decimal]) -> dict[str, float]:
        told.update(sums)
        return {part: float(amount) for part, amount in sums.items()}

    written = await ledger.record(record(), counted=Counted(one, duplicate, tell))
    assert await found(ledger) == written  # the sums stand in the record too
    return told


async def test_a_credit_that_comes_again_counts_once(tmp_path: Path) -> None:
    async with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        first = await add(ledger, tally())
        assert await add(ledger, tally()) == first
        assert await add(ledger, tally(), duplicate=True) == first
        later = tally(startTime="2022-04-05 08:00:00", endTime="2022-04-20 18:00:00")
        assert await add(ledger, later, duplicate=True) == first  # the platform has that course already
        assert await add(ledger, later) == {part: 2 * amount for part, amount in first.items()}


async def test_learners_and_years_are_kept_apart(tmp_path: Path) -> None:
    async with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        first = await add(ledger, tally())
        for other in (tally(ticket="another"), tally(year=2023)):
            assert await add(ledger, other) == first


def test_before_2021_nothing_is_added_up() -> None:
    data = CreditSync.model_construct(**{**example("credit-sync"), "year": 2020})
    assert ANNUAL.tally(data) is None
