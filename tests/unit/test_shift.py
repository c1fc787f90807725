"""How many deliveries an account holds: enough for a long lane, and not so many times the accounts."""

import pytest

from gateway.shift import AHEAD_TOGETHER, LEAST_AHEAD, READ_AHEAD, ahead


@pytest.mark.parametrize(
    ("max_in_flight", "together", "held"),
    [
        (1, 1, LEAST_AHEAD),
        (50, 1, LEAST_AHEAD),
        (200, 1, 200 * READ_AHEAD),
        (8, AHEAD_TOGETHER // LEAST_AHEAD, LEAST_AHEAD),
        (8, 2 * AHEAD_TOGETHER // LEAST_AHEAD, LEAST_AHEAD // 2),
        (20, 1000, 20 * READ_AHEAD),
    ],
)
def test_many_accounts_share_what_they_hold_to_keep_a_long_lane_going(
    max_in_flight: int, together: int, held: int
) -> None:
    assert ahead(max_in_flight, together) == held
