"""How many durable calls at once: slow start, halved once a round, never beyond the ceiling."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.window import LEAST_SHARE, Window


def rounds(window: Window, number: int) -> list[int]:
    """The sizes at the beginning of so many rounds, in each of which every call is answered."""
    sizes = []
    for _ in range(number):
        sizes.append(window.size)
        for _ in range(window.size):
            window.answered()
    return sizes


def test_a_new_window_is_as_wide_as_configured() -> None:
    assert rounds(Window(50), 3) == [50, 50, 50]


@pytest.mark.parametrize(
    ("ceiling", "sizes"),
    [(50, [1, 2, 4, 8, 16, 32, 50, 50]), (4, [1, 2, 4, 4]), (2, [1, 2, 2]), (1, [1, 1])],
)
def test_after_an_outage_it_begins_with_one_call_and_doubles(ceiling: int, sizes: list[int]) -> None:
    window = Window(ceiling)
    window.collapsed()
    assert rounds(window, len(sizes)) == sizes


def test_an_outage_that_goes_on_does_not_make_the_way_back_slower() -> None:
    window = Window(32)
    for _ in range(10):
        window.collapsed()
    assert rounds(window, 6) == [1, 2, 4, 8, 16, 32]


def test_above_where_it_last_went_wrong_it_grows_by_one_call_a_round() -> None:
    window = Window(50)
    window.throttled(began=1.0, now=2.0)
    sizes = rounds(window, 15)
    assert sizes[0] == 25
    assert all(0 <= later - size <= 1 for size, later in pairwise(sizes))
    assert 36 <= sizes[-1] <= 39


def test_a_platform_that_went_away_is_asked_slowly_from_where_it_was_throttled() -> None:
    window = Window(50)
    window.throttled(began=1.0, now=2.0)
    window.collapsed()
    sizes = rounds(window, 7)
    assert sizes[:6] == [1, 2, 4, 8, 16, 25]
    assert sizes[6] <= 26


def test_throttling_halves_once_for_all_calls_that_were_under_way() -> None:
    window = Window(40)
    window.throttled(began=10.0, now=11.0)
    for began in (9.0, 10.0, 10.5, 10.99):
        window.throttled(began, now=12.0)
    assert (window.size, window.share) == (20, 0.5)


def test_a_call_begun_after_the_halving_can_halve_again() -> None:
    window = Window(40)
    window.throttled(began=10.0, now=11.0)
    window.throttled(began=11.0, now=12.0)
    assert (window.size, window.share) == (10, 0.25)


def test_it_never_gets_narrower_than_one_call_and_a_small_share() -> None:
    window = Window(40)
    for round_number in range(20):
        window.throttled(began=round_number, now=round_number)
    assert (window.size, window.share) == (1, LEAST_SHARE)


def test_the_share_of_the_rate_comes_back_a_hundredth_with_every_answer() -> None:
    window = Window(40)
    window.throttled(began=1.0, now=1.0)
    shares = []
    for _ in range(3):
        window.answered()
        shares.append(round(window.share, 9))
    assert shares == [0.51, 0.52, 0.53]
    for _ in range(100):
        window.answered()
    assert window.share == 1.0


def test_an_outage_does_not_touch_the_share() -> None:
    window = Window(40)
    window.collapsed()
    assert window.share == 1.0


STEPS = st.lists(st.tuples(st.sampled_from(["answered", "throttled", "collapsed"]), st.integers(0, 3)), max_size=200)


@settings(max_examples=100)
@given(st.integers(1, 1000), STEPS)
def test_whatever_happens_it_stays_within_its_bounds_and_comes_back(
    ceiling: int, steps: list[tuple[str, int]]
) -> None:
    window = Window(ceiling)
    for now, (step, ago) in enumerate(steps):
        size, share = window.size, window.share
        match step:
            case "answered":
                window.answered()
                assert window.size >= size
                assert window.share >= share
            case "throttled":
                window.throttled(now - ago, now)
                assert window.size <= size
            case _:
                window.collapsed()
                assert window.size == 1
        assert 1 <= window.size <= ceiling
        assert LEAST_SHARE <= window.share <= 1
    for _ in range(ceiling * ceiling if ceiling < 100 else 0):
        window.answered()
    assert ceiling >= 100 or window.size == ceiling
