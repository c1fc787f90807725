import gc

from hypothesis import given
from hypothesis import strategies as st

from workers.gd_driving.timestamps import Timestamps, of_certificate


class Hands:
    """A clock that a test sets."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_stamps_are_milliseconds_and_rise_also_within_one_and_when_the_clock_goes_back() -> None:
    clock = Hands()
    stamps = Timestamps(clock)
    first = [stamps.next().milliseconds for _ in range(3)]
    clock.now -= 100
    assert [*first, stamps.next().milliseconds] == [1_700_000_000_000 + n for n in range(4)]


def test_a_refused_stamp_far_from_the_platforms_time_corrects_the_clock() -> None:
    for skew in (-1000.0, 1000.0):
        stamps = Timestamps(Hands())
        stamps.correct(stamps.next(), 1_700_000_000 + skew)
        assert stamps.next().milliseconds == 1_700_000_000_000 + skew * 1000


def test_a_repeated_stamp_leaves_the_clock_alone() -> None:
    stamps = Timestamps(Hands())
    stamps.correct(stamps.next(), 1_700_000_001.5)
    assert stamps.next().milliseconds == 1_700_000_000_001


def test_a_platform_without_a_date_leaves_the_clock_alone() -> None:
    stamps = Timestamps(Hands())
    stamps.correct(stamps.next(), None)
    assert stamps.next().milliseconds == 1_700_000_000_001


def test_what_was_stamped_before_a_correction_does_not_correct_again() -> None:
    clock = Hands()
    stamps = Timestamps(clock)
    early, late = stamps.next(), stamps.next()
    stamps.correct(early, 1_700_001_000)
    clock.now += 30
    stamps.correct(late, 1_700_001_000)  # the answer to the other one took half a minute
    assert stamps.next().milliseconds == 1_700_001_030_000


def test_no_stamp_is_given_twice_though_the_clock_was_put_back() -> None:
    clock = Hands()
    stamps = Timestamps(clock)
    used = [stamps.next() for _ in range(50)]
    clock.now += 100
    stamps.correct(stamps.next(), clock.now - 100)  # back to where the fifty were taken
    fresh = [stamps.next().milliseconds for _ in range(50)]
    assert fresh == sorted(set(fresh))
    assert not {stamp.milliseconds for stamp in used} & set(fresh)


@given(st.lists(st.tuples(st.floats(-400, 400), st.none() | st.floats(-400, 400)), max_size=60))
def test_stamps_are_unique_whatever_the_clocks_do(steps: list[tuple[float, float | None]]) -> None:
    clock = Hands()
    stamps = Timestamps(clock)
    given_: list[int] = []
    for move, platform in steps:
        clock.now += move
        stamp = stamps.next()
        given_.append(stamp.milliseconds)
        stamps.correct(stamp, None if platform is None else clock.now + platform)
    assert len(set(given_)) == len(given_) or max(given_) - min(given_) > 10 * 60 * 1000


def test_accounts_with_the_same_certificate_share_their_stamps() -> None:
    one = of_certificate("1A2B")
    assert of_certificate("1A2B") is one
    assert of_certificate("1A2C") is not one
    first = one.next().milliseconds
    assert of_certificate("1A2B").next().milliseconds > first
    del one
    gc.collect()


def test_stamps_long_past_are_forgotten() -> None:
    clock = Hands()
    stamps = Timestamps(clock)
    for _ in range(100):
        stamps.next()
    clock.now += 601
    stamps.next()
    assert len(stamps._given) == 1
