"""The keeper and its store: no login that could not be noted, no token lost, no clock believed that can be set."""

import asyncio

import pytest

from gateway.ledger import LedgerError
from gateway.token import Token
from tests.unit.token_bench import BUSY, EPOCH, Bench, recorded, step


@pytest.fixture
async def bench() -> Bench:
    return Bench()


@pytest.fixture
async def unrecorded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The store went down in the middle of the login."""
    monkeypatch.setattr("gateway.token.RECORD_AGAIN_SECONDS", 0.01)
    bench.platform.open.clear()
    caller = bench.start()
    await step()
    bench.store.up = False
    bench.platform.open.set()
    await caller
    return bench


async def test_when_the_store_is_down_at_the_start_nobody_logs_in(bench: Bench) -> None:
    bench.store.up = False
    with pytest.raises(LedgerError):
        await bench.keeper.adopt()
    assert bench.platform.logins == 0


async def test_when_the_store_is_down_no_login_is_made_and_everybody_who_waits_hears_why(bench: Bench) -> None:
    await bench.die()
    bench.store.up = False
    answers = await asyncio.gather(*(bench.start() for _ in range(5)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {LedgerError}
    assert (bench.platform.logins, bench.keeper.state) == (1, "none")
    bench.store.up = True
    assert (await bench.keeper.current()).value == "token 2"


async def test_a_store_that_is_down_does_not_keep_a_token_from_being_used(bench: Bench) -> None:
    token = await bench.keeper.current()
    bench.store.up = False
    assert await bench.keeper.current() == token


async def test_a_store_that_answers_late_holds_back_the_login(bench: Bench) -> None:
    bench.store.fast.clear()
    caller = bench.start()
    await step()
    assert (bench.platform.logins, bench.keeper.state) == (0, "renewing")
    bench.store.fast.set()
    assert (await caller).value == "token 1"


async def test_while_a_login_is_under_way_the_store_gives_nobody_the_token_that_it_kills() -> None:
    bench = Bench(recorded(unused=100))
    bench.platform.open.clear()
    await bench.keeper.adopt()
    caller = bench.start()
    await step()
    assert bench.store.token is None
    after_a_crash = bench.another_keeper()
    await after_a_crash.adopt()
    assert after_a_crash.state == "none"
    bench.platform.open.set()
    assert await caller == bench.store.token


async def test_a_login_of_an_earlier_process_that_is_answered_last_replaces_nothing() -> None:
    bench = Bench(recorded(unused=100))
    bench.platform.open.clear()
    earlier = bench.start()
    await step()
    bench.platform.open.set()
    newer = await bench.another_keeper().current()
    assert bench.store.token == newer
    assert (await earlier).generation < newer.generation
    await bench.keeper.close()
    assert bench.store.token == newer


async def test_a_token_that_could_not_be_recorded_is_used_and_recorded_once_the_store_is_back(
    unrecorded: Bench,
) -> None:
    token = await unrecorded.keeper.current()
    assert (token.value, unrecorded.store.token) == ("token 1", None)
    await asyncio.sleep(0.05)
    unrecorded.store.up = True
    await asyncio.sleep(0.05)
    assert unrecorded.store.token == token
    assert unrecorded.platform.logins == 1


async def test_a_token_that_could_not_be_recorded_is_recorded_at_the_latest_when_the_keeper_closes(
    unrecorded: Bench,
) -> None:
    unrecorded.store.up = True
    await unrecorded.keeper.close()
    assert unrecorded.store.token == Token("token 1", 1, EPOCH + 1000)


async def test_a_keeper_closes_also_while_the_store_is_down(unrecorded: Bench) -> None:
    await unrecorded.keeper.close()
    tries = unrecorded.store.asked
    await asyncio.sleep(0.05)
    assert unrecorded.store.asked == tries


async def test_a_token_that_is_dead_is_not_recorded_any_more(unrecorded: Bench) -> None:
    await unrecorded.die()
    unrecorded.store.up = True
    await asyncio.sleep(0.05)
    assert unrecorded.store.token is None


async def test_a_login_that_failed_leaves_no_token_behind(bench: Bench) -> None:
    """Its answer may have been lost on the way: then the platform has killed the token before."""
    await bench.keeper.current()
    bench.now += 100
    bench.platform.answers = [BUSY]
    await asyncio.wait([bench.start()])
    assert (bench.store.token, bench.keeper.state) == (None, "none")


async def test_a_token_given_up_for_a_login_is_not_taken_up_again_by_a_late_answer(bench: Bench) -> None:
    """The store says that it is dead, and the login may have killed it though it failed."""
    token = await bench.keeper.current()
    bench.now += 100
    bench.platform.answers = [BUSY]
    bench.platform.open.clear()
    caller = bench.start()
    await step()
    bench.keeper.used(token)
    bench.platform.open.set()
    await asyncio.wait([caller])
    assert await bench.keeper.current() != token


async def test_a_token_refused_while_it_is_still_being_recorded_is_not_handed_out_again(bench: Bench) -> None:
    """The store may take seconds (a locked ledger); look again after waiting (facts, pitfall 17)."""
    bench.platform.open.clear()
    first = bench.start()
    await step()
    bench.store.fast.clear()
    bench.platform.open.set()
    token = await first  # it is there already, though not recorded yet
    bench.keeper.refuse(token)
    after = bench.start()
    await step()
    bench.store.fast.set()
    assert (await after).generation > token.generation
    await step()
    assert bench.store.token == await after


async def test_a_token_refused_in_the_moment_the_login_ends_is_replaced(bench: Bench) -> None:
    """The login's task is done, and the loop has not told anybody yet."""
    bench.platform.open.clear()
    first, second = bench.start(), bench.start()
    first.add_done_callback(lambda caller: bench.keeper.refuse(caller.result()))
    await step()
    bench.platform.open.set()
    await asyncio.wait([first, second])
    assert bench.keeper.state == "none"
    assert (await bench.keeper.current()).generation > first.result().generation


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
async def test_setting_the_clock_makes_no_token_of_a_running_process_look_fresh_or_stale(jump: float) -> None:
    bench = Bench()
    token = await bench.keeper.current()
    bench.wall_is_off = jump
    bench.now += 80
    assert await bench.keeper.current() == token
    bench.now += 20
    assert await bench.keeper.current() != token


async def test_what_is_recorded_goes_by_the_clock_that_other_processes_see(bench: Bench) -> None:
    await bench.keeper.current()
    bench.now += 30
    bench.wall_is_off = 3600
    await bench.keeper.close()
    assert bench.store.token == Token("token 1", 1, used_at=bench.wall - 30)


async def test_a_token_recorded_by_a_clock_that_is_ahead_counts_as_just_used() -> None:
    bench = Bench(recorded(unused=-5))
    await bench.keeper.adopt()
    bench.now += 80
    assert (await bench.keeper.current()).value == "recorded"
    bench.now += 20
    assert (await bench.keeper.current()).value == "token 1"
