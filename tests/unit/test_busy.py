"""How busy the process is: whether it has hardly any time to spare."""

import pytest

from gateway.busy import SATURATED, WINDOW_SECONDS, Busy


class Process:
    """Whose clocks the test winds."""

    def __init__(self) -> None:
        self.now = self.used = 100.0
        self.busy = Busy(lambda: self.now, lambda: self.used)

    def passes(self, seconds: float, share: float) -> bool:
        """What is said after so long, of which it had the processor for this share."""
        self.now += seconds
        self.used += share * seconds
        return self.busy.saturated()


def test_a_process_is_not_saturated_before_anything_is_known_of_it() -> None:
    assert not Process().busy.saturated()


@pytest.mark.parametrize(
    ("share", "saturated"), [(0.0, False), (SATURATED - 0.01, False), (SATURATED + 0.01, True), (1.2, True)]
)
def test_a_process_is_saturated_that_has_hardly_any_time_to_spare(share: float, saturated: bool) -> None:
    assert Process().passes(2 * WINDOW_SECONDS, share) is saturated


def test_what_was_long_ago_does_not_count() -> None:
    process = Process()
    assert not process.passes(3600, 0)
    assert process.passes(2 * WINDOW_SECONDS, 1)
    assert not process.passes(2 * WINDOW_SECONDS, 0)


def test_between_two_windows_the_last_one_counts() -> None:
    process = Process()
    assert process.passes(2 * WINDOW_SECONDS, 1)
    assert process.passes(0.6 * WINDOW_SECONDS, 0)
    assert not process.passes(0.6 * WINDOW_SECONDS, 0)
