"""The clock that is stamped on messages and compared with them."""

import time

import pytest

from gateway import steady


@pytest.mark.parametrize("jump", [-26 * 3600.0, 90.0, 26 * 3600.0])
def test_whoever_sets_the_machines_clock_does_not_set_that_of_a_process_that_runs(
    jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, wall = steady.time(), time.time
    monkeypatch.setattr(time, "time", lambda: wall() + jump)
    monkeypatch.setattr(steady, "wall", lambda: wall() + jump)
    assert 0 <= steady.time() - before < 30


def test_it_begins_as_the_wall_clock_does() -> None:
    assert abs(steady.time() - time.time()) < 60
