"""The budget of forced logins: how a contest over the account is told from tokens that die now and then."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.account import AccountSettings
from gateway.contest import Contest
from gateway.outcome import Contested, Paused
from gateway.token import LoginFailedError
from tests.unit.token_bench import BUSY, Bench, recorded


@pytest.fixture
async def bench() -> Bench:
    """With half the default budget: 5 forced logins in 600 s, then a pause of 600 s. A token's share is 120 s."""
    return Bench(forced_logins=5)


async def contested(bench: Bench) -> Contested:
    """What whoever asks for a token is told; there was no login for it."""
    logins = bench.platform.logins
    with pytest.raises(LoginFailedError) as caught:
        await bench.keeper.current()
    assert bench.platform.logins == logins
    assert isinstance(caught.value.ending, Contested)
    return caught.value.ending


async def use_up(bench: Bench, seconds: float = 0.0) -> None:
    """The first login and five forced ones, each token living so long."""
    for _ in range(6):
        token = await bench.keeper.current()
        bench.now += seconds
        bench.keeper.used(token)
        bench.keeper.refuse(token)


async def test_tokens_that_die_again_and_again_make_the_account_contested(bench: Bench) -> None:
    await use_up(bench)
    ending = await contested(bench)
    assert (bench.platform.logins, bench.keeper.state) == (6, "contested")
    assert isinstance(ending, Paused)
    assert (ending.code, ending.seconds) == ("account-contested", 600)
    assert "账号可能被其他系统使用" in ending.message


async def test_within_the_budget_a_dead_token_costs_a_login_and_nothing_else(bench: Bench) -> None:
    for _ in range(5):
        await bench.die()
        assert bench.keeper.state == "none"
    assert (await bench.keeper.current()).value == "token 6"


async def test_a_slower_rival_is_recognised_too(bench: Bench) -> None:
    await use_up(bench, seconds=90)
    await contested(bench)


async def test_tokens_that_live_longer_than_their_share_never_use_up_the_budget(bench: Bench) -> None:
    for _ in range(30):
        token = await bench.keeper.current()
        for _ in range(2):
            bench.now += 60
            bench.keeper.used(token)
        bench.keeper.refuse(token)
    assert bench.platform.logins == 30
    await bench.keeper.current()


async def test_a_token_that_has_outlived_its_sliding_expiry_may_be_refused_as_often_as_it_likes(bench: Bench) -> None:
    for _ in range(20):
        token = await bench.keeper.current()
        bench.now += 91
        bench.keeper.refuse(token)
    assert await bench.keeper.current()


async def test_renewals_of_our_own_are_not_forced_also_after_one_that_was(bench: Bench) -> None:
    await bench.die()
    for _ in range(5):
        await bench.keeper.current()
        bench.now += 91
    for _ in range(4):
        await bench.die()
    assert await bench.keeper.current()


async def test_a_recorded_token_that_is_refused_counts_as_well() -> None:
    bench = Bench(recorded(unused=10), forced_logins=1)
    await bench.keeper.adopt()
    await bench.die()
    await bench.die()
    await contested(bench)


async def test_logins_that_fail_use_up_nothing(bench: Bench) -> None:
    await bench.die()
    bench.platform.answers = [BUSY] * 20
    for _ in range(20):
        await asyncio.wait([bench.start()])
    for _ in range(5):
        await bench.die()
    await contested(bench)


async def test_many_calls_refused_with_one_token_cost_one_forced_login(bench: Bench) -> None:
    token = await bench.keeper.current()
    for _ in range(50):
        bench.keeper.refuse(token)
    for _ in range(4):
        await bench.die()
    assert await bench.keeper.current()


async def test_a_contested_account_logs_in_once_after_the_pause_and_when_that_token_dies_it_waits_again(
    bench: Bench,
) -> None:
    await use_up(bench)
    for number in range(1, 5):
        bench.now += 599
        assert (await contested(bench)).seconds == 1
        bench.now += 1
        token = await bench.keeper.current()
        bench.now += 119
        bench.keeper.used(token)
        bench.keeper.refuse(token)
        assert bench.keeper.state == "contested"
        assert bench.platform.logins == 6 + number


async def test_once_the_others_have_gone_the_whole_budget_is_there_again(bench: Bench) -> None:
    """The login that looked whether they have gone is one of it."""
    await use_up(bench)
    bench.now += 600
    for _ in range(3):
        token = await bench.keeper.current()
        bench.now += 60
        bench.keeper.used(token)
    bench.keeper.refuse(token)
    for _ in range(3):
        await bench.die()
    assert await bench.keeper.current()


async def test_a_login_that_fails_after_the_pause_is_tried_again(bench: Bench) -> None:
    await use_up(bench)
    bench.now += 600
    bench.platform.answers = [BUSY]
    await asyncio.wait([bench.start()])
    assert bench.keeper.state == "none"
    assert await bench.keeper.current()


async def test_the_contest_outlives_a_lease(bench: Bench) -> None:
    await use_up(bench)
    await bench.keeper.close()
    bench.keeper = bench.another_keeper()
    await contested(bench)
    assert bench.keeper.state == "contested"


async def test_the_dead_token_that_a_lease_left_behind_costs_no_login_either(bench: Bench) -> None:
    await use_up(bench)
    bench.keeper = bench.another_keeper()
    await bench.keeper.adopt()
    await bench.die()
    await contested(bench)


def test_a_dead_token_from_before_the_pause_does_not_end_the_pause() -> None:
    contest = Contest(AccountSettings(forced_logins=2, forced_logins_seconds=100, contested_seconds=60))
    contest.logged_in(0)
    contest.logged_in(50)
    assert contest.refused(60, lived=10)
    assert contest.refused(115, lived=55)
    assert contest.forbids(119.9) is not None
    assert contest.forbids(120) is None


async def test_every_state_is_told_once_when_it_begins(bench: Bench) -> None:
    await use_up(bench)
    dying = ["none", "renewing", "held"] * 6
    assert bench.states == [*dying, "contested"]
    await contested(bench)
    await bench.keeper.close()
    assert bench.states == [*dying, "contested", "none"]


intervals = st.lists(st.floats(0, 400), max_size=60)


@given(intervals, st.integers(1, 6), st.floats(1, 900), st.floats(1, 900))
def test_in_no_window_there_are_more_forced_logins_than_allowed(
    lives: list[float], most: int, window: float, pause: float
) -> None:
    """Whatever the tokens' lives, and however short the pause beside the window."""
    limits = AccountSettings(forced_logins=most, forced_logins_seconds=window, contested_seconds=pause)
    contest, now, made = Contest(limits), 0.0, []
    for life in lives:
        now += life
        contest.refused(now, life)
        forbidden = contest.forbids(now)
        now += forbidden.seconds or 0 if forbidden else 0
        contest.logged_in(now)
        made.append(now)
    for first, beyond in zip(made, made[most:], strict=False):
        assert beyond - first >= window * 0.999999


@pytest.mark.parametrize("key", ["forced_logins", "forced_logins_seconds", "contested_seconds"])
def test_limits_of_nothing_are_refused(key: str) -> None:
    with pytest.raises(ValidationError):
        AccountSettings.model_validate({key: 0})
