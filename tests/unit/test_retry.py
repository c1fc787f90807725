"""What follows on a failed attempt: a rung of the ladder, the end, or an answer that comes too late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outcome import Category, Dead, Expired, Retry
from gateway.retry import Delay, after_failure

LADDER = (5, 30, 120, 600, 3600)
BUSY = Retry("500", "服务异常")


def asked_for(seconds: float) -> Retry:
    return Retry("http-429", "busy", after=seconds)


@pytest.mark.parametrize(("attempts", "seconds"), list(enumerate(LADDER, start=1)))
def test_each_attempt_waits_on_the_next_rung(attempts: int, seconds: int) -> None:
    assert after_failure(BUSY, attempts, LADDER) == Delay(seconds)


def test_an_event_that_has_paid_for_nothing_yet_waits_on_the_first_rung() -> None:
    assert after_failure(BUSY, 0, LADDER) == Delay(5)
    assert after_failure(asked_for(31), 0, LADDER) == Delay(120)


@pytest.mark.parametrize("attempts", [6, 7, 1000])
def test_past_the_last_rung_the_event_is_dead_and_says_why(attempts: int) -> None:
    end = after_failure(BUSY, attempts, LADDER)
    assert end == Dead("500", f"{attempts} attempts failed, the last with: 服务异常", Category.EXHAUSTED)


@pytest.mark.parametrize(
    ("attempts", "after", "seconds"),
    [
        (1, 0, 5),
        (1, 5, 5),
        (1, 5.1, 30),
        (1, 31, 120),
        (1, 3600, 3600),
        (1, 3601, 3600),  # the last rung is the longest wait there is
        (1, float("inf"), 3600),
        (3, 1, 120),  # never a rung below the one whose turn it is
        (5, 1, 3600),
    ],
)
def test_a_platform_that_asks_for_time_gets_the_first_rung_that_is_long_enough(
    attempts: int, after: float, seconds: int
) -> None:
    assert after_failure(asked_for(after), attempts, LADDER) == Delay(seconds)


@pytest.mark.parametrize("left", [5, 4.9, 0, -1])
def test_a_question_with_no_time_for_the_wait_is_answered_at_once(left: float) -> None:
    end = after_failure(BUSY, 1, LADDER, left)
    assert end == Expired("500", "no answer in time; the last attempt failed with: 服务异常")


@pytest.mark.parametrize(("attempts", "left", "step"), [(1, 5.1, Delay(5)), (2, 31, Delay(30))])
def test_a_question_with_time_left_waits_on_the_ladder(attempts: int, left: float, step: Delay) -> None:
    assert after_failure(BUSY, attempts, LADDER, left) == step


def test_a_question_is_never_exhausted_it_expires() -> None:
    assert after_failure(BUSY, 2, (5,), 60) == Delay(5)
    assert isinstance(after_failure(BUSY, 99, (5,), 5), Expired)


@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 86_400), min_size=1, max_size=20, unique=True).map(sorted),
    st.none() | st.floats(0, 1e6),
    st.none() | st.floats(-10, 1e6),
)
def test_every_failure_leads_somewhere(
    attempts: int, ladder: list[int], after: float | None, left: float | None
) -> None:
    step = after_failure(Retry("500", "busy", after), attempts, ladder, left)
    match step:
        case Delay(seconds):
            assert seconds in ladder
            assert seconds >= min(after or 0, ladder[-1])
            assert seconds >= ladder[min(max(attempts, 1), len(ladder)) - 1]
            assert left is None or seconds < left
        case Dead(category=category):
            assert (left, category) == (None, Category.EXHAUSTED)
            assert attempts > len(ladder)
        case Expired():
            assert left is not None
