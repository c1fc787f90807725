"""The keeper of an account's token: one login at a time, and only the refused token is given up."""

import asyncio

import pytest

from gateway.outcome import Paused, Stopped
from gateway.token import LoginFailedError, Token
from tests.unit.token_bench import BUSY, EPOCH, WRONG_PASSWORD, Bench, recorded, step


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_the_first_caller_logs_in_and_the_token_is_recorded(bench: Bench) -> None:
    token = await bench.keeper.current()
    assert (token.value, token.generation, token.used_at) == ("token 1", 1, EPOCH + 1000)
    assert bench.store.token == token
    assert bench.told == ["ok"]


async def test_everybody_who_waits_shares_one_login(bench: Bench) -> None:
    bench.platform.open.clear()
    callers = [bench.start() for _ in range(50)]
    await step()
    bench.platform.open.set()
    tokens = await asyncio.gather(*callers)
    assert {token.value for token in tokens} == {"token 1"}
    assert (bench.platform.logins, bench.platform.most) == (1, 1)


async def test_a_recorded_token_is_adopted_without_a_login() -> None:
    bench = Bench(recorded(unused=50))
    await bench.keeper.adopt()
    assert (await bench.keeper.current()).value == "recorded"
    assert bench.platform.logins == 0


async def test_generations_go_on_from_the_recorded_one() -> None:
    bench = Bench(recorded(unused=1000))
    await bench.keeper.adopt()
    assert (await bench.keeper.current()).generation == 8


@pytest.mark.parametrize(("unused", "logins"), [(0, 0), (89.9, 0), (90, 1), (100, 1), (10_000, 1)])
async def test_a_token_is_renewed_before_the_platform_forgets_it(unused: float, logins: int) -> None:
    bench = Bench(recorded(unused=0))
    await bench.keeper.adopt()
    bench.now += unused
    await bench.keeper.current()
    assert bench.platform.logins == logins


async def test_every_call_that_the_platform_took_keeps_the_token_alive(bench: Bench) -> None:
    token = await bench.keeper.current()
    for _ in range(10):
        bench.now += 80
        bench.keeper.used(token)
    assert await bench.keeper.current() == token
    assert bench.platform.logins == 1


async def test_a_call_with_an_older_token_does_not_keep_the_new_one_alive(bench: Bench) -> None:
    old = await bench.keeper.current()
    bench.keeper.refuse(old)
    new = await bench.keeper.current()
    bench.now += 95
    bench.keeper.used(old)
    assert (await bench.keeper.current()).generation == new.generation + 1


async def test_a_refused_token_is_replaced(bench: Bench) -> None:
    bench.keeper.refuse(await bench.keeper.current())
    assert (await bench.keeper.current()).value == "token 2"


async def test_a_refusal_of_an_older_token_leaves_the_new_one_alone(bench: Bench) -> None:
    old = await bench.keeper.current()
    bench.keeper.refuse(old)
    new = await bench.keeper.current()
    for _ in range(3):
        bench.keeper.refuse(old)
    assert await bench.keeper.current() == new
    assert bench.platform.logins == 2


async def test_a_refused_login_stops_the_account_and_is_never_tried_again(bench: Bench) -> None:
    bench.platform.answers = [WRONG_PASSWORD]
    for _ in range(3):
        with pytest.raises(LoginFailedError) as caught:
            await bench.keeper.current()
        assert caught.value.ending == Stopped("A0210", "用户名/密码错误")
        bench.now += 10_000
    assert (bench.platform.logins, bench.told) == (1, ["stopped"])


async def test_everybody_who_waits_hears_that_the_login_was_refused(bench: Bench) -> None:
    bench.platform.open.clear()
    bench.platform.answers = [WRONG_PASSWORD]
    callers = [bench.start() for _ in range(5)]
    await step()
    bench.platform.open.set()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert answers == [WRONG_PASSWORD] * 5
    assert bench.platform.logins == 1


@pytest.mark.parametrize("error", [BUSY, LoginFailedError(Paused("A0508", "closed")), RuntimeError("a defect")])
async def test_a_login_that_fails_for_now_is_tried_again_by_the_next_caller(bench: Bench, error: Exception) -> None:
    bench.platform.answers = [error]
    with pytest.raises(type(error)):
        await bench.keeper.current()
    assert (await bench.keeper.current()).value == "token 2"
    assert bench.platform.logins == 2
    assert "stopped" not in bench.told


async def test_a_caller_who_gives_up_does_not_end_the_login_of_the_others(bench: Bench) -> None:
    bench.platform.open.clear()
    first, second = bench.start(), bench.start()
    await step()
    first.cancel()
    await asyncio.wait([first])
    bench.platform.open.set()
    assert (await second).value == "token 1"
    assert bench.platform.logins == 1


@pytest.mark.parametrize("answer", ["token 1", BUSY])
async def test_a_login_that_nobody_waits_for_any_more_still_ends_well(bench: Bench, answer: str | Exception) -> None:
    bench.platform.open.clear()
    bench.platform.answers = [answer]
    caller = bench.start()
    await step()
    caller.cancel()
    await asyncio.wait([caller])
    bench.platform.open.set()
    await bench.keeper.close()
    assert (bench.store.token is not None) == isinstance(answer, str)


async def test_closing_waits_for_the_login_under_way_and_records_it(bench: Bench) -> None:
    bench.platform.open.clear()
    caller = bench.start()
    await step()
    closing = asyncio.create_task(bench.keeper.close())
    await step()
    assert not closing.done()
    bench.platform.open.set()
    await closing
    assert bench.store.token == await caller


async def test_closing_does_not_wait_for_ever_for_a_login_that_hangs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.token.CLOSE_SECONDS", 0.05)
    bench.platform.open.clear()
    caller = bench.start()
    await step()
    async with asyncio.timeout(2):
        await bench.keeper.close()
    bench.platform.open.set()
    await caller


async def test_closing_records_when_the_token_was_last_used(bench: Bench) -> None:
    token = await bench.keeper.current()
    bench.now += 42
    bench.keeper.used(token)
    await bench.keeper.close()
    assert bench.store.token == Token("token 1", 1, used_at=EPOCH + 1042)


async def test_closing_records_nothing_where_there_is_no_token(bench: Bench) -> None:
    await bench.keeper.close()
    bench.keeper.refuse(await bench.keeper.current())
    recorded = bench.store.token
    await bench.keeper.close()
    assert bench.store.token is recorded


async def test_an_older_process_that_ends_late_does_not_overwrite_the_newer_token() -> None:
    old = Bench(recorded(unused=10))
    await old.keeper.adopt()
    await old.store.reserve()
    old.store.token = newer = Token("newer", 8, used_at=EPOCH + 1000)
    await old.keeper.close()
    assert old.store.token is newer
