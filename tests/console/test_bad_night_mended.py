"""The morning after a bad night: mend it in Chromium, without fear. Each test mends letters of its own."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.console.browser import SECONDS, Visit, visit
from tests.console.night import EXHAUSTED, HELD, INVALID, REJECTED, UNKNOWN, Night

pytestmark = pytest.mark.timeout(420)  # the first test waits for the whole night
LIMIT = SECONDS * 1000


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


def recorded(visitor: Visit, act: str, why: str) -> None:
    """The audit says who did that, and why."""
    visitor.open("/audit")
    row = visitor.page.locator("table.rows tbody tr", has_text=act).filter(has_text=why).first
    expect(row).to_contain_text("olga")


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
        olga.page.goto(cancelled)
        for act in ("pause", "resume", "cancel"):
            olga.sees(act)
        olga.open("/dead")
        expect(olga.group("Unlisted answer")).to_have_count(0)
        plan(olga, "Replay", "Held behind")
        begin(olga, "their enrolments are there now")
        stands(olga, "Done")
        counted(olga, "accepted", HELD)
        recorded(olga, "replay", "platform mended X9999")
        recorded(olga, "cancel", "")
        olga.picture("audit")
        olga.open("/runs")
        olga.sees("the rest, at full speed")
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
        morning.heal()
        plan(olga, "Replay", "Retries used up")
        run = begin(olga, "the platform is well", rate="0.5")
        olga.page.goto("about:blank")  # nothing is asked for while nobody is there
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
        expect(olga.group("Never valid")).to_have_count(0)
        recorded(olga, "discard", "sent by a test of theirs")
        olga.complaints[:] = [said for said in olga.complaints if "409" not in said]  # the edit that was refused
