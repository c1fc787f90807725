"""Who gets in, and what a page lets anybody do: over real HTTP, without a browser's help."""

import asyncio
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from gateway.console.desk import LOGIN_COOKIE, SESSION_COOKIE
from tests.console.house import PASSWORDS, ROLES, House, configured, house, where

PAGES = (
    "",
    "/",
    "/accounts",
    "/dead",
    "/dead/plan",
    "/dead/abc",
    "/trace",
    "/runs",
    "/runs/r",
    "/runs/r/progress",
    "/audit",
)
DEEDS = ("/dead/plan", "/dead/start", "/runs/r/pause", "/runs/r/resume", "/runs/r/cancel")
POSTS = (*DEEDS, "/dead/abc", "/logout")


def cookies(response: ClientResponse) -> SimpleCookie:
    """As they were set, with all they say about themselves."""
    found = SimpleCookie()
    for line in response.headers.getall("Set-Cookie", []):
        found.load(line)
    return found


async def test_without_a_session_every_page_leads_to_the_login_and_from_there_back(open_house: House) -> None:
    async with open_house.visitor() as stranger:
        for page in PAGES:
            answer = await stranger.get(page)
            assert answer.status == 303, page
            assert where(answer).startswith("/console/login?next=%2Fconsole"), page
        asked = where(await stranger.get("/dead?category=rejected"))
        assert asked == "/console/login?next=%2Fconsole%2Fdead%3Fcategory%3Drejected"
        part = await stranger.get("/accounts", **{"HX-Request": "true"})
        assert part.headers["HX-Redirect"] == "/console/login?next=%2Fconsole"
        back = await stranger.login("vera", PASSWORDS["vera"], next="/console/dead?category=rejected")
        assert where(back) == "/console/dead?category=rejected"


async def test_without_a_session_nothing_can_be_done(open_house: House) -> None:
    async with open_house.visitor() as stranger:
        for post in POSTS:
            answer = await stranger.post(post, form_token="x", reason="x")
            assert (answer.status, where(answer)) == (303, "/console/login?next=%2Fconsole"), post
        assert (await stranger.http.put(f"{stranger.base}/console/dead", allow_redirects=False)).status == 303


async def test_every_post_is_refused_without_the_token_of_this_very_login(open_house: House) -> None:
    async with open_house.visitor("anna") as admin, open_house.visitor("anna") as elsewhere:
        foreign = await elsewhere.token("/none")
        own = await admin.token("/none")
        for post in POSTS:
            for token in ("", "x", foreign, own[:-1], "é"):
                answer = await admin.post(post, form_token=token, reason="x")
                assert answer.status == 403, (post, token)
                assert "load the page again" in await answer.text()
            assert (await admin.post(post)).status == 403
            crossing = await admin.post_from_elsewhere(post, form_token=own)
            assert crossing.status == 403
        assert (await admin.get("/none")).status == 404  # still logged in


async def test_the_login_form_too_is_taken_only_from_the_page_it_was_on(open_house: House) -> None:
    async with open_house.visitor() as victim, open_house.visitor() as attacker:
        token = await attacker.token("/login")
        fields = {"user": "anna", "password": PASSWORDS["anna"]}
        assert (await victim.post("/login", form_token=token, **fields)).status == 403
        await victim.get("/login")
        assert (await victim.post("/login", form_token=token, **fields)).status == 403
        assert (await victim.post("/login", **fields)).status == 403
        assert (await attacker.post("/login", form_token=token, **fields)).status == 303


async def test_a_viewer_does_nothing_and_an_operator_reveals_nothing(open_house: House) -> None:
    async with open_house.visitor("vera") as viewer, open_house.visitor("olga") as operator:
        token = await viewer.token("/none")
        for post in (*DEEDS, "/dead/abc"):
            answer = await viewer.post(post, form_token=token, reason="x", kind="replay")
            assert answer.status == 403, post
            assert "and you are viewer" in await answer.text()
        assert (await viewer.get("/dead/plan")).status == 403
        refused = await operator.post("/dead/abc", form_token=await operator.token("/none"))
        assert refused.status == 403
        assert "needs the role admin" in await refused.text()


async def test_the_session_cookie_is_for_us_alone(open_house: House) -> None:
    async with open_house.visitor() as visitor:
        nonce = cookies(await visitor.get("/login"))[LOGIN_COOKIE]
        session = cookies(await visitor.login("anna", PASSWORDS["anna"]))[SESSION_COOKIE]
        for cookie in (nonce, session):
            assert cookie["httponly"] is True
            assert cookie["samesite"] == "Strict"
            assert cookie["path"] == "/console"
        assert session["max-age"] == str(480 * 60)
        assert not session["secure"]  # all on this machine
        token = await visitor.token("/none")
        await visitor.post("/logout", form_token=token)
        named = {"Host": "gateway.example"}
        page = await visitor.get("/login", **named)
        assert cookies(page)[LOGIN_COOKIE]["secure"] is True


async def test_a_cookie_that_was_changed_is_worth_nothing(open_house: House) -> None:
    async with open_house.visitor() as visitor:
        value = cookies(await visitor.login("vera", PASSWORDS["vera"]))[SESSION_COOKIE].value
        name, ends, identity, seal = value.split(".")
        visitor.http.cookie_jar.clear()
        wrong = (
            f"anna.{ends}.{identity}.{seal}",
            f"{name}.{int(ends) + 1}.{identity}.{seal}",
            f"{name}.{ends}.x{identity}.{seal}",
            f"{name}.{ends}.{identity}.",
            f"{name}.{ends}.{identity}",
            "anna", "....", "é.1.2.3", f"{name}.٣.{identity}.{seal}", "",
        )  # fmt: skip
        for cookie in wrong:
            answer = await visitor.get("/none", Cookie=f"{SESSION_COOKIE}={cookie}")
            assert answer.status == 303, cookie
        assert (await visitor.get("/none", Cookie=f"{SESSION_COOKIE}={value}")).status == 404


async def test_a_logout_ends_the_session_for_whoever_still_has_the_cookie(open_house: House) -> None:
    async with open_house.visitor() as visitor:
        value = cookies(await visitor.login("anna", PASSWORDS["anna"]))[SESSION_COOKIE].value
        left = await visitor.post("/logout", form_token=await visitor.token("/none"))
        assert (left.status, where(left)) == (303, "/console/login")
        assert (await visitor.get("/none", Cookie=f"{SESSION_COOKIE}={value}")).status == 303


async def test_a_new_role_or_password_ends_the_sessions_of_the_old_one(open_house: House) -> None:
    async with open_house.visitor() as visitor:
        value = cookies(await visitor.login("anna", PASSWORDS["anna"]))[SESSION_COOKIE].value
    folder = open_house.settings.ledger.url.removeprefix("sqlite:///").rpartition("/")[0]
    users = open_house.settings.console.users
    hashes = {name: user.password_hash.get_secret_value() for name, user in users.items()}
    demoted = {name: {"role": "viewer", "password_hash": kept} for name, kept in hashes.items()}
    for changed, status in (
        (demoted, 303),
        ({n: {"role": ROLES[n], "password_hash": hashes[n]} for n in hashes}, 404),
    ):
        async with house(configured(Path(folder), users=changed)) as again, again.visitor() as visitor:
            answer = await visitor.get("/none", Cookie=f"{SESSION_COOKIE}={value}")
            assert answer.status == status


async def test_wrong_passwords_lock_the_user_out_for_a_while_that_is_told(open_house: House) -> None:
    async with open_house.visitor() as visitor:
        for _ in range(4):
            assert (await visitor.login("anna", "wrong")).status == 403
        locked = await visitor.login("anna", "wrong")
        assert locked.status == 429
        assert 25 < int(locked.headers["Retry-After"]) <= 31
        assert (await visitor.login("anna", PASSWORDS["anna"])).status == 429  # the right one too
        assert (await visitor.login("olga", PASSWORDS["olga"])).status == 303


async def test_many_passwords_at_once_are_not_all_looked_at(open_house: House) -> None:
    async with open_house.visitor() as visitor:
        token = await visitor.token("/login")

        async def attempt(number: int) -> int:
            answer = await visitor.post("/login", form_token=token, user="anna", password=f"guess {number}")
            return answer.status

        statuses = await asyncio.gather(*map(attempt, range(40)))
    assert statuses.count(403) == 4
    assert statuses.count(429) == 36


async def test_who_does_not_exist_and_who_has_another_password_are_told_the_same(open_house: House) -> None:
    async with open_house.visitor() as visitor:
        answers = [await visitor.login(name, "wrong") for name in ("anna", "nobody")]
        first, second = [(answer.status, await answer.text()) for answer in answers]
        assert first == second
        assert first[0] == 403


@pytest.mark.parametrize("elsewhere", [
    "https://evil.example/", "//evil.example/", "/console//evil", "/console\\evil", "/inbound", "/consoles", "",
    "/console/\x7f", "javascript:alert(1)",
])  # fmt: skip
async def test_a_login_leads_to_no_other_site(open_house: House, elsewhere: str) -> None:
    async with open_house.visitor() as visitor:
        assert where(await visitor.login("vera", PASSWORDS["vera"], next=elsewhere)) == "/console"


async def test_every_answer_says_what_browsers_may_do_with_it(open_house: House) -> None:
    async with open_house.visitor("vera") as visitor:
        answers = [await visitor.get(path) for path in ("/login", "/none", "/static/console.css", "/static/none")]
        answers += [await visitor.post("/logout"), await visitor.get("/dead/plan")]
        for answer in answers:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
        assert [answer.headers["Cache-Control"] for answer in answers[:3]] == ["no-store", "no-store", "max-age=3600"]


async def test_no_secret_and_no_hash_stands_in_a_page(open_house: House) -> None:
    async with open_house.visitor("anna") as admin:
        texts = [await (await admin.get(page)).text() for page in ("", "/dead", "/runs", "/audit", "/trace", "/none")]
    account = open_house.settings.platforms["gd_accounting"]["default"]
    hashes = [user.password_hash.get_secret_value() for user in open_house.settings.console.users.values()]
    for text in texts:
        assert "anna" in text
        assert not [secret for secret in (account["secret"], *hashes, *PASSWORDS.values()) if secret in text]


async def test_without_users_nobody_comes_in_and_the_page_says_how_to_add_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with house(configured(tmp_path_factory.mktemp("empty"), users={})) as served, served.visitor() as visitor:
        text = await (await visitor.get("/login")).text()
        assert "gateway console hash" in text
        assert 'name="password"' not in text
        assert (await visitor.get("/dead")).status == 303
        assert (await visitor.post("/login", user="anna", password="x")).status == 403


async def test_the_language_is_kept_and_only_the_chosen_one_is_announced(open_house: House) -> None:
    async with open_house.visitor("vera") as visitor:
        gone = await visitor.get("/language?to=zh&next=/console/none")
        assert where(gone) == "/console/none"
        assert '<html lang="zh-CN" data-language="zh">' in await (await visitor.get("/none")).text()
        await visitor.get("/language?to=xx")
        assert 'data-language="zh"' in await (await visitor.get("/none")).text()
