"""The morning after a bad night, walked through in Chromium: understand it, mend it, prove it."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from deploy.local.chromium import find_program
from deploy.local.management import Management, own_vhost
from tests.console.browser import SECONDS, Visit, chromium, visit
from tests.console.night import ALL, EXHAUSTED, HELD, INVALID, PLATFORM, REJECTED, UNKNOWN, Night, night

LIMIT = SECONDS * 1000


@pytest.fixture(scope="module")
def morning(_broker: tuple[str, Management], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    url, management = _broker
    if find_program() is None:
        pytest.skip("no Chromium here: python -m deploy.local.chromium")
    if not management.answers():
        pytest.skip("the broker of GATEWAY_BROKER__URL shows no management API: no virtual host of our own")
    with own_vhost(url, management) as own, night(tmp_path_factory.mktemp("night"), own.url) as made:
        yield made


@pytest.fixture(scope="module")
def browser(morning: Night) -> Iterator[Browser]:
    program = find_program()
    assert program is not None
    with chromium(program) as running:
        yield running


def test_what_died_is_understood_from_two_pages(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console) as vera:
        vera.open("/dead?category=unknown")
        vera.picture("login")
        vera.login("vera")
        vera.sees("Unlisted answer")  # back where the login had interrupted
        vera.open()
        vera.sees("Working")
        vera.sees("广东省会计信息服务平台")
        expect(vera.page.locator(".account", has_text=PLATFORM).locator("a.count")).to_have_text(str(ALL))
        vera.picture("overview")
        vera.page.get_by_role("link", name="Dead letters").click()
        for category, count in (("Unlisted answer", UNKNOWN), ("Held behind", HELD), ("Refused by", REJECTED)):
            expect(vera.group(category).locator("a.count")).to_have_text(str(count))
        vera.picture("dead-letters")
        assert vera.page.get_by_role("link", name="Replay…").count() == 0  # a viewer does nothing
        vera.page.get_by_role("link", name="enrolment-0000").click()
        vera.sees("X9999")
        vera.sees("Life of the event")
        vera.sees('"type": "gd_accounting.enrolment-register"')
        assert "personal-ticket" not in vera.page.content()
        vera.picture("letter")


def plan(visitor: Visit, kind: str, category: str) -> None:
    """From the groups to what a replay or a discard would do."""
    visitor.open("/dead")
    visitor.group(category).get_by_role("link", name=f"{kind}…").click()
    visitor.sees("Eligible")


def begin(visitor: Visit, reason: str, *, rate: str = "") -> str:
    """Start what was planned; the run's id."""
    visitor.page.get_by_label("Reason, for the audit").fill(reason)
    if rate:
        visitor.page.get_by_label("Letters a second").fill(rate)
    visitor.page.locator("form.stack button:not([formaction])").click()
    expect(visitor.page).to_have_url(re.compile(r"/console/runs/[^/]+$"), timeout=LIMIT)
    return visitor.page.url.rpartition("/")[2]


def stands(visitor: Visit, state: str) -> None:
    """Wait until the run's page says so, by itself."""
    expect(visitor.page.locator("#progress [role=status]")).to_contain_text(state, timeout=LIMIT)


def counted(visitor: Visit, state: str, number: int) -> None:
    expect(visitor.page.locator(f"#progress .letter-{state} dd")).to_have_text(str(number), timeout=LIMIT)


def test_what_is_mended_is_replayed_paused_resumed_and_cancelled(morning: Night, browser: Browser) -> None:
    morning.heal()
    with visit(browser, morning.console) as olga:
        olga.open()
        olga.login("olga")
        plan(olga, "Replay", "Unlisted answer")
        expect(olga.page.locator(".letter-accepted dd")).to_have_text(str(UNKNOWN))
        olga.picture("dry-run")
        begin(olga, "platform mended X9999", rate="1")
        stands(olga, "Running")
        expect(olga.page.locator("#progress .letter-accepted dd")).not_to_have_text("0", timeout=LIMIT)
        olga.page.get_by_role("button", name="Pause").click()
        stands(olga, "Paused")
        olga.page.get_by_role("button", name="Resume").click()
        stands(olga, "Running")
        olga.page.get_by_role("button", name="Cancel").click()
        stands(olga, "Cancelled")
        cancelled = olga.page.url
        plan(olga, "Replay", "Unlisted answer")
        begin(olga, "the rest, at full speed")
        stands(olga, "Done")
        olga.picture("run-done")
        olga.page.goto(cancelled)
        for act in ("pause", "resume", "cancel"):
            olga.sees(act)
        olga.open("/dead")
        expect(olga.group("Unlisted answer")).to_have_count(0)
        plan(olga, "Replay", "Held behind")
        begin(olga, "their enrolments are there now")
        stands(olga, "Done")
        counted(olga, "accepted", HELD)
    answers = [call["answer"] for call in morning.calls("accountantReg")]
    assert answers.count("200") == UNKNOWN


def test_a_replay_of_what_still_fails_stops_by_itself_and_goes_on_once_it_is_mended(
    morning: Night, browser: Browser
) -> None:
    with visit(browser, morning.console) as olga:
        olga.open()
        olga.login("olga")
        plan(olga, "Replay", "Refused by the platform")
        begin(olga, "try whether they are verified by now")
        stands(olga, "failed again")
        counted(olga, "failed", 1)
        counted(olga, "pending", REJECTED - 1)
        olga.sees("A0727")
        olga.picture("run-stopped")
        morning.verify(range(REJECTED))
        olga.page.get_by_role("button", name="Resume").click()
        stands(olga, "Done")
        counted(olga, "accepted", REJECTED - 1)
        olga.page.get_by_role("link", name="credit-0000").click()
        olga.sees("Replayed")
        plan(olga, "Replay", "Refused by the platform")
        begin(olga, "the one that had failed again")
        stands(olga, "Done")
    answers = [call["answer"] for call in morning.calls("synchronizeScore")]
    assert answers.count("200") == REJECTED


def test_a_run_goes_on_by_itself_when_the_process_that_carried_it_out_is_killed(
    morning: Night, browser: Browser
) -> None:
    with visit(browser, morning.console) as olga:
        olga.open()
        olga.login("olga")
        plan(olga, "Replay", "Retries used up")
        run = begin(olga, "the platform is well", rate="0.5")
        morning.kill()
        morning.start()
        olga.open(f"/runs/{run}")  # and the login outlives it too
        stands(olga, "Done")
        counted(olga, "accepted", EXHAUSTED)


def test_what_can_never_succeed_is_edited_or_discarded_with_a_reason(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console) as olga:
        olga.open()
        olga.login("olga")
        plan(olga, "Replay", "Never valid")
        expect(olga.page.locator(".letter-failed dd")).to_have_text(str(INVALID))
        expect(olga.page.locator("form.stack button:not([formaction])")).to_be_disabled()
        olga.page.locator("summary", has_text="Edit the events").click()
        olga.page.get_by_label("RFC 6902").fill("no patch")
        olga.page.get_by_role("button", name="Try the edit").click()
        olga.sees("Not possible like this")
        plan(olga, "Discard", "Never valid")
        begin(olga, "sent by a test of theirs")
        stands(olga, "Done")
        counted(olga, "discarded", INVALID)
        olga.open("/dead")
        olga.sees("There are no dead letters")
        olga.complaints[:] = [said for said in olga.complaints if "409" not in said]  # the edit that was refused


def test_who_did_what_and_why_can_be_proved(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console) as vera:
        vera.open("/audit")
        vera.login("vera")
        rows = vera.page.locator("table.rows tbody tr")
        for act, why in (("discard", "sent by a test of theirs"), ("replay", "platform mended X9999")):
            row = rows.filter(has_text=why)
            expect(row).to_contain_text(act)
            expect(row).to_contain_text("olga")
        vera.picture("audit")
        vera.page.get_by_role("link", name="Runs").click()
        vera.sees("the rest, at full speed")
