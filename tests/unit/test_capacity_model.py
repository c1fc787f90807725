import math

import pytest

from tests.bench.capacity_fitting import Observed, Trio, compare, fitted
from tests.bench.capacity_model import DAY, Constants, Line, Load, TooMuchError, need

CONSTANTS = Constants(
    gateway=Line(0.01, 0.001),
    broker=Line(0.02, 0.002),
    memory=Line(100e6, 1e6),
    gateway_event=0.0005,
    broker_event=0.0004,
    broker_bytes=1_000,
    ledger_rows=3,
    ledger_bytes=1_500,
)


def seen(accounts: int, events: int) -> Observed:
    """What an installation of which the constants are true would have shown."""
    gateway = 60 * CONSTANTS.gateway.at(accounts) + events * CONSTANTS.gateway_event
    broker = 60 * CONSTANTS.broker.at(accounts) + events * CONSTANTS.broker_event
    memory = CONSTANTS.memory.at(accounts)
    return Observed(accounts, events, 60, gateway, broker, memory, 3 * events, 1_500 * events)


def test_a_small_load_needs_one_of_everything() -> None:
    found = need(Load(accounts=1, events_a_day=1_000, answer_seconds=0.2), CONSTANTS)
    assert (found.slots, found.processes, found.broker_nodes) == (1, 1, 1)
    assert found.memory_bytes == 101e6


def test_processes_follow_the_busiest_time() -> None:
    load = Load(accounts=100, events_a_day=1_000 * DAY, answer_seconds=0.5, peak=4)
    found = need(load, CONSTANTS)
    assert found.processes == math.ceil(100 * (0.001 + 40 * 0.0005) / (0.7 - 0.01))
    assert found.slots == 20


def test_what_is_kept_follows_the_mean() -> None:
    found = need(Load(accounts=10, events_a_day=24_000, answer_seconds=0.2, outage_hours=2, keep_days=10), CONSTANTS)
    assert found.broker_disk_bytes == 2_000 * 1_000
    assert (found.ledger_rows, found.ledger_bytes) == (720_000, 360_000_000)


def test_one_account_is_no_more_than_one_process_can_do() -> None:
    with pytest.raises(TooMuchError):
        need(Load(accounts=1, events_a_day=400 * DAY, answer_seconds=0.1), CONSTANTS)


def test_constants_are_found_again_and_predict_what_is_larger() -> None:
    trio = Trio(seen(10, 6_000), seen(40, 6_000), seen(40, 3_000))
    found = fitted(trio, broker_bytes=1_000)
    assert found.gateway_event == pytest.approx(0.0005)
    assert found.gateway.each == pytest.approx(0.001)
    assert found.memory.base == pytest.approx(100e6)
    assert max(abs(one.error) for one in compare(found, seen(200, 9_000))) < 1e-9
