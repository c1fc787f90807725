from pathlib import Path

import pytest

from tests.bench.backlog import Pile, apart, behind
from tests.bench.figures import megabytes, millis, percent, rates, spread
from tests.bench.outage import Outage, read
from tests.bench.paced import schedule, shares
from tests.bench.questions import Latencies


def test_a_spread_says_the_median_and_its_limits() -> None:
    assert spread([1200, 1000, 900]) == "1,000 (900–1,200)"
    assert spread([1000]) == "1,000"
    assert spread([0.5, 0.7, 0.6], ".1f") == "0.6 (0.5–0.7)"


def test_low_rates_are_told_more_exactly() -> None:
    assert (rates([1200.4]), rates([0.126, 4])) == ("1,200", "2.06 (0.13–4.00)")


def test_figures_have_their_units() -> None:
    assert (percent(0.981), millis(0.063), megabytes(176e6)) == ("98.1 %", "63 ms", "176 MB")


def test_one_in_a_hundred_takes_longer_than_p99() -> None:
    latencies = Latencies([number / 1000 for number in range(1, 1001)])
    assert sum(seconds > latencies.p99 for seconds in latencies.seconds) == 10


def test_every_account_has_its_share_of_the_events() -> None:
    due = schedule(["a", "b", "c"], rate=110, seconds=10)
    counts = [sum(one.account == account for one in due) for account in ("a", "b", "c")]
    assert counts == [600, 300, 200]
    assert sum(shares(3)) == pytest.approx(1)
    assert due == sorted(due)


LOG = """{"event":"account.changed","state":"working","timestamp":"2026-11-20T10:00:00Z"}
{"event":"account.changed","state":"paused","timestamp":"2026-11-20T10:00:10Z"}
{"event":"event.settled","timestamp":"2026-11-20T10:00:10Z"}
{"event":"account.changed","state":"probing","timestamp":"2026-11-20T10:00:11Z"}
{"event":"account.changed","state":"paused","timestamp":"2026-11-20T10:00:11.1Z"}
{"event":"account.changed","state":"probing","timestamp":"2026-11-20T10:01:20Z"}
"""
BEGIN = 1795168800.0


def test_the_log_says_when_the_breaker_opened_and_probed(tmp_path: Path) -> None:
    (log := tmp_path / "gateway.log").write_text(LOG)
    assert read(log, BEGIN + 5, BEGIN + 60) == (BEGIN + 10, [BEGIN + 11])


def test_calls_are_wasted_that_were_made_although_it_was_known() -> None:
    attempts = [BEGIN + 9.9, BEGIN + 10.05, BEGIN + 11, BEGIN + 13]
    seen = Outage(60, 100, 2_000, 1_900, 20.9, 2, attempts, [BEGIN + 11], BEGIN + 10)
    assert (seen.noticing, seen.wasted) == (2, 2)
    assert seen.ratio == pytest.approx(1.1)


def test_the_slowest_is_held_against_the_fastest() -> None:
    piles = [Pile(1_000, False, [500.0], [], [100]), Pile(5_000, False, [480.0], [300.0], [130])]
    piles.append(Pile(9_000, False, [400.0, 490.0, 600.0], [270.0], [110]))
    assert behind(piles) == pytest.approx(0.1)
    assert behind(piles[:2]) == pytest.approx(0.04)
    assert apart(piles) == 30
