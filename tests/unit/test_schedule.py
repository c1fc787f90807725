"""A rate holds over the whole run, and what a wait has cost is made up for, by a second's letters at the most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.operating.schedule import BEHIND_SECONDS, Schedule

RATES = st.floats(0.1, 5000)


def sent(rate: float, waits: list[float]) -> list[float]:
    """When letters go whose sender asks for the next one's time so long after the last one went."""
    schedule, clock, times = Schedule(rate, 0.0), 0.0, []
    for wait in waits:
        clock += wait
        due, schedule = schedule.due, schedule.following(clock)
        clock = max(clock, due)
        times.append(clock)
    return times


@given(RATES, st.lists(st.floats(0, 3), min_size=1, max_size=100))
def test_in_no_stretch_of_time_go_more_than_the_rate_allows_and_a_second_of_it(
    rate: float, waits: list[float]
) -> None:
    times = sent(rate, waits)
    for first, began in enumerate(times):
        for last, ended in enumerate(times[first:], first):
            assert last - first <= (ended - began + BEHIND_SECONDS) * rate + 1e-3


@given(st.floats(1, 500), st.integers(1, 20))
def test_short_waits_between_batches_cost_nothing(rate: float, batches: int) -> None:
    busy = int(rate)  # a batch is a second's letters, after each of which half a second passes otherwise
    waits = ([0.5] + [0.0] * (busy - 1)) * batches
    assert sent(rate, waits)[-1] <= len(waits) / rate + 0.5


def test_after_a_long_wait_a_second_of_the_schedule_is_made_up_for_and_no_more() -> None:
    times = sent(10, [0.0, 60.0, *[0.0] * 30])
    assert times[0] == 0
    assert times[1:12] == pytest.approx([60.0] * 11)
    assert times[12:14] == pytest.approx([60.1, 60.2])


def test_the_first_letter_goes_at_once_and_the_others_follow_evenly() -> None:
    assert sent(4, [0.0] * 5) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
