"""What the ledger keeps of an account: its token, fenced by generation, and whether it was stopped."""

import asyncio
from pathlib import Path
from time import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.account import Account, AccountSettings
from gateway.contest import Contest
from gateway.ledger import Ledger, open_ledger
from gateway.token import Token, TokenKeeper


class Toy(AccountSettings):
    secret: SecretStr = SecretStr("s")


ACCOUNT = Account("toy_land", "default", Toy())
OTHERS = [Account("toy_land", "second", Toy()), Account("other_land", "default", Toy())]


# --- tokens


async def test_a_token_is_loaded_as_it_was_saved_and_by_its_account_only(ledger: Ledger) -> None:
    token = Token("token-值", 3, 1772323200.25)
    await ledger.tokens(ACCOUNT).save_token(token)
    assert await ledger.tokens(ACCOUNT).load_token() == token
    assert [await ledger.tokens(other).load_token() for other in OTHERS] == [None, None]


@pytest.mark.parametrize(("generation", "kept"), [(2, "old"), (3, "new"), (4, "new")])
async def test_a_token_of_an_earlier_generation_never_replaces_a_later_one(
    ledger: Ledger, generation: int, kept: str
) -> None:
    store = ledger.tokens(ACCOUNT)
    await store.save_token(Token("old", 3, 1.0))
    await store.save_token(Token("new", generation, 2.0))
    loaded = await store.load_token()
    assert loaded is not None
    assert (loaded.value, loaded.generation) == (kept, max(3, generation))


@settings(max_examples=8)
@given(st.permutations(range(1, 9)))
async def test_in_whatever_order_logins_arrive_the_latest_generation_stays(url: str, order: list[int]) -> None:
    async with open_ledger(url) as ledger:
        store = ledger.tokens(Account("toy_land", str(order).strip("[]"), Toy()))
        for generation in order:
            await store.save_token(Token(f"t{generation}", generation, 0.0))
        assert await store.load_token() == Token("t8", 8, 0.0)


async def test_logins_of_two_processes_at_once_leave_one_whole_token(ledger: Ledger, url: str) -> None:
    async with open_ledger(url) as second:
        saves = [
            side.tokens(ACCOUNT).save_token(Token(f"token {number}", number, float(number)))
            for number in range(10)
            for side in (ledger, second)
        ]
        await asyncio.gather(*saves)
    assert await ledger.tokens(ACCOUNT).load_token() == Token("token 9", 9, 9.0)


async def test_a_keeper_goes_on_where_the_one_before_it_ended(ledger: Ledger) -> None:
    logins = iter(["first", "second"])

    async def login() -> str:
        return next(logins)

    def keeper() -> TokenKeeper:
        return TokenKeeper(login, ledger.tokens(ACCOUNT), Contest(ACCOUNT.settings), sliding_seconds=1000)

    old = keeper()
    await old.adopt()
    first = await old.current()
    await old.close()
    new = keeper()
    await new.adopt()
    token = await new.current()
    assert (token.value, token.generation) == ("first", first.generation)
    new.refuse(token)
    assert (await new.current()).generation == first.generation + 1


async def test_a_reserved_generation_takes_the_place_of_the_token_before_it(ledger: Ledger) -> None:
    store = ledger.tokens(ACCOUNT)
    await store.save_token(Token("old", 3, 1.0))
    assert await store.reserve() == 4
    assert await store.load_token() is None
    await store.save_token(Token("old", 3, 2.0))
    assert await store.load_token() is None
    await store.save_token(Token("new", 4, 3.0))
    assert await store.load_token() == Token("new", 4, 3.0)


async def test_everybody_who_reserves_gets_a_generation_of_his_own(ledger: Ledger, url: str) -> None:
    async with open_ledger(url) as second:
        sides = [side.tokens(ACCOUNT) for side in (ledger, second) for _ in range(10)]
        taken = await asyncio.gather(*(side.reserve() for side in sides))
    assert len(set(taken)) == 20
    assert [await ledger.tokens(other).load_token() for other in OTHERS] == [None, None]


async def test_generations_of_a_new_ledger_are_later_than_those_of_one_that_was_lost(ledger: Ledger) -> None:
    assert await ledger.tokens(ACCOUNT).reserve() >= time() - 60


# --- halts


async def test_an_account_that_was_stopped_is_stopped_with_its_reason_until_resumed(ledger: Ledger) -> None:
    assert await ledger.halted(ACCOUNT) is None
    await ledger.halt(ACCOUNT, "A0210", "用户名/密码错误")
    assert await ledger.halted(ACCOUNT) == ("A0210", "用户名/密码错误")
    assert await ledger.resume(ACCOUNT)
    assert await ledger.halted(ACCOUNT) is None
    assert not await ledger.resume(ACCOUNT)


async def test_only_the_account_itself_is_stopped(ledger: Ledger) -> None:
    await ledger.halt(ACCOUNT, "A0210", "no")
    assert [await ledger.halted(other) for other in OTHERS] == [None, None]
    assert [await ledger.resume(other) for other in OTHERS] == [False, False]
    assert await ledger.halted(ACCOUNT) == ("A0210", "no")


async def test_the_latest_reason_is_the_one_that_counts(ledger: Ledger) -> None:
    await ledger.halt(ACCOUNT, "A0210", "wrong")
    await ledger.halt(ACCOUNT, None, "locked")
    assert await ledger.halted(ACCOUNT) == (None, "locked")


@pytest.mark.parametrize("changed", [Toy(secret=SecretStr("mended")), Toy(max_in_flight=7)])
async def test_an_account_configured_anew_is_not_stopped_and_with_its_old_settings_it_is(
    ledger: Ledger, changed: Toy
) -> None:
    await ledger.halt(ACCOUNT, "A0210", "wrong")
    mended = Account("toy_land", "default", changed)
    assert await ledger.halted(mended) is None
    assert await ledger.halted(ACCOUNT) == ("A0210", "wrong")
    await ledger.halt(mended, "A0211", "again")
    assert await ledger.halted(mended) == ("A0211", "again")
    assert await ledger.resume(mended)


async def test_a_stop_outlives_the_process_and_a_secret_is_not_written_down(file: Path) -> None:
    account = Account("toy_land", "default", Toy(secret=SecretStr("a-very-secret-word")))
    async with open_ledger(f"sqlite:///{file}") as ledger:
        await ledger.halt(account, "A0210", "wrong")
    assert not _written(file, b"a-very-secret-word")
    async with open_ledger(f"sqlite:///{file}") as ledger:
        assert await ledger.halted(account) == ("A0210", "wrong")


def _written(file: Path, text: bytes) -> bool:
    return any(text in path.read_bytes() for path in file.parent.iterdir())
