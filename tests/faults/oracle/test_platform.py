"""The platform keeps what the interface document says, and can be as rude as it is told to."""

import asyncio
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import aiohttp
import pytest

from tests.faults.oracle.history import DEAD_TOKEN
from tests.faults.oracle.numbered import OPERATIONS, Event, Wish
from tests.faults.oracle.platform import APP_ID, SECRET, Mood, Platform


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    platform = Platform(Random(1))
    await platform.open()
    yield platform
    await platform.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.5)) as http:
        yield http


async def post(http: aiohttp.ClientSession, platform: Platform, path: str, body: Any, token: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    async with http.post(f"http://127.0.0.1:{platform.port}{path}", json=body, headers=headers) as response:
        return response.status, await response.text() if response.status != 200 else await response.json()


async def login(http: aiohttp.ClientSession, platform: Platform) -> str:
    _, answer = await post(http, platform, "/intf/login", {"appId": APP_ID, "secret": SECRET})
    token: str = answer["data"]["token"]
    return token


async def ask(
    http: aiohttp.ClientSession, platform: Platform, token: str, wish: Wish = "accept", number: int = 1
) -> str:
    event = Event("k0001", number, "enrolment-register", wish)
    _, answer = await post(http, platform, OPERATIONS[event.operation][0], event.data(), token)
    status: str = answer["status"]
    return status


async def test_a_new_login_kills_the_token_before(platform: Platform, http: aiohttp.ClientSession) -> None:
    old, new = await login(http, platform), await login(http, platform)
    assert await ask(http, platform, old) in DEAD_TOKEN
    assert await ask(http, platform, new) == "200"


async def test_an_expired_token_is_refused(platform: Platform, http: aiohttp.ClientSession) -> None:
    token = await login(http, platform)
    platform.expire_token()
    assert await ask(http, platform, token) in DEAD_TOKEN


async def test_the_same_content_is_done_once(platform: Platform, http: aiohttp.ClientSession) -> None:
    token = await login(http, platform)
    assert [await ask(http, platform, token), await ask(http, platform, token)] == ["200", "A0506"]
    assert [call.executed is not None for call in platform.calls] == [True, True, False]


async def test_wishes_are_granted(platform: Platform, http: aiohttp.ClientSession) -> None:
    token = await login(http, platform)
    assert await ask(http, platform, token, "refuse", 1) == "A0416"
    assert await ask(http, platform, token, "unlisted", 2) == "X9001"
    assert [await ask(http, platform, token, "busy-once", 3) for _ in range(2)] == ["C0508", "200"]
    platform.mended = True
    assert await ask(http, platform, token, "refuse", 1) == "200"


async def test_a_call_tells_its_event_whatever_names_the_lane(
    platform: Platform, http: aiohttp.ClientSession
) -> None:
    token = await login(http, platform)
    for event in (Event("k0001", 7, "credit-sync", "accept"), Event("k0002", 8, "enrolment-cancel", "accept")):
        await post(http, platform, OPERATIONS[event.operation][0], event.data(), token)
        assert (platform.calls[-1].event, platform.calls[-1].lane) == (event.id, event.lane)


@pytest.mark.parametrize("mood", ["hang", "drop"])
async def test_a_platform_that_hangs_or_drops_gives_no_answer(
    mood: Mood, platform: Platform, http: aiohttp.ClientSession
) -> None:
    token = await login(http, platform)
    platform.mood = mood
    with pytest.raises((aiohttp.ClientError, TimeoutError)):
        await ask(http, platform, token)
    await asyncio.sleep(0.05)
    assert (platform.calls[-1].answer, platform.calls[-1].ended > 0) == (mood, True)


@pytest.mark.parametrize(
    ("mood", "status"), [("html", 200), ("garbage", 200), ("error", 500), ("busy", 503), ("limit", 429)]
)
async def test_a_rude_platform_answers_what_no_document_lists(
    mood: Mood, status: int, platform: Platform, http: aiohttp.ClientSession
) -> None:
    platform.mood = mood
    async with http.post(f"http://127.0.0.1:{platform.port}/intf/login", json={}) as response:
        assert response.status == status
        assert not (await response.text()).endswith("}")
        assert response.headers.get("Retry-After") == ("1" if mood == "limit" else None)


async def test_a_held_login_is_answered_to_nobody_before_its_caller_is_gone(
    platform: Platform, http: aiohttp.ClientSession
) -> None:
    platform.login_trap = "after"
    with pytest.raises(TimeoutError):
        await login(http, platform)
    assert (platform.held, platform.calls[0].executed is not None) == ("127.0.0.1", True)
