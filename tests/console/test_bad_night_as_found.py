"""The morning after a bad night, before anything is mended: everybody can read what happened."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.browser import SECONDS, visit
from tests.console.night import ALL, BRANCH, HELD, INVALID, PLATFORM, REJECTED, TICKET, UNKNOWN, Night

pytestmark = pytest.mark.timeout(420)  # the first test waits for the whole night
LIMIT = SECONDS * 1000
PAGES = ("", "/dead", "/dead?category=unknown", "/runs", "/trace?event=enrolment-0001", "/audit")


def test_what_died_is_understood_from_two_pages(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console) as vera:
        vera.open("/dead?category=unknown")
        vera.login("vera")
        vera.sees("Unlisted answer")  # back where the login had interrupted
        vera.open()
        good, bad = (vera.page.locator(".account", has_text=name) for name in (f"{PLATFORM}.default", BRANCH))
        expect(good).to_contain_text("Working")
        expect(good).to_contain_text("广东省会计信息服务平台")
        expect(good.locator("a.count")).to_have_text(str(ALL))
        expect(bad).to_contain_text("Stopped until somebody acts", timeout=LIMIT)
        expect(bad).to_contain_text("A0210")
        vera.picture("overview")
        vera.page.get_by_role("link", name="Dead letters").click()
        counts = {"Unlisted": UNKNOWN, "Held behind": HELD, "Refused by": REJECTED, "Never valid": INVALID}
        for category, count in counts.items():
            expect(vera.group(category).locator("a.count")).to_have_text(str(count))
        vera.picture("dead-letters")
        assert vera.page.get_by_role("link", name="Replay…").count() == 0  # a viewer does nothing
        vera.page.get_by_role("link", name="enrolment-0000").click()
        for text in ("X9999", "Life of the event", '"type": "gd_accounting.enrolment-register"'):
            vera.sees(text)
        assert "personal-ticket" not in vera.page.content()
        vera.picture("letter")


def test_the_overview_renews_itself(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console) as vera:
        vera.open()
        vera.login("vera")
        vera.page.evaluate("document.querySelector('#accounts').firstElementChild.remove()")
        vera.page.evaluate("document.title = 'still the same page'")
        expect(vera.page.locator("#accounts .account").first).to_be_visible(timeout=LIMIT)
        expect(vera.page).to_have_title("still the same page")


def test_a_payload_is_revealed_to_an_admin_alone_and_that_is_recorded(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console) as anna, visit(browser, morning.console) as olga:
        for who, name in ((anna, "anna"), (olga, "olga")):
            who.open("/dead?event_id=enrolment-0002")
            who.login(name)
            who.page.get_by_role("link", name="enrolment-0002").click()
            who.sees("masked")
        expect(olga.page.get_by_role("button", name="Reveal")).to_have_count(0)
        anna.page.get_by_role("button", name="Reveal").click()
        anna.sees(TICKET % 2)
        olga.open("/audit")
        olga.sees("reveal")
        olga.sees("anna")
        assert TICKET % 2 not in olga.page.content()


def test_without_scripts_everything_can_be_read_and_forms_work(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console, scripts=False) as visitor:
        visitor.open()
        visitor.login("olga")
        for path in PAGES:
            visitor.open(path)
            expect(visitor.page.locator("h1").first).to_be_visible()
        visitor.open("/dead")
        visitor.page.locator("summary", has_text="Filter").click()
        visitor.page.get_by_label("Code").fill("X9999")
        visitor.page.get_by_role("button", name="Show").click()
        expect(visitor.page.locator("h1 .count")).to_have_text(str(UNKNOWN))
        visitor.group("Unlisted").get_by_role("link", name="Replay…").click()
        visitor.sees("Eligible")
        visitor.page.locator("footer").get_by_role("link", name="中文", exact=True).click()
        expect(visitor.page.locator(".top")).to_contain_text("死信")
        expect(visitor.page.get_by_text("Dead letters").first).to_be_hidden()


def test_the_keyboard_alone_gets_from_the_login_to_a_dry_run(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console) as olga:
        olga.open()
        olga.page.keyboard.type("olga")  # the first field has the focus
        olga.page.keyboard.press("Tab")
        olga.page.keyboard.type("operator-password")
        olga.page.keyboard.press("Enter")
        olga.sees("Overview")
        olga.page.keyboard.press("Tab")
        assert focused(olga.page).startswith("Skip to content")
        tab_to(olga.page, "Dead letters")
        olga.page.keyboard.press("Enter")
        olga.sees("By reason")
        tab_to(olga.page, "Replay…")
        outline = olga.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"  # who uses the keyboard sees where they are
        olga.page.keyboard.press("Enter")
        olga.sees("what it would do")


def tab_to(page: Page, text: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page).startswith(text):
            return
    raise AssertionError(f"no way to {text!r} with the Tab key")


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.innerText || ''")
    return found.strip()


def test_on_a_phone_nothing_is_cut_off_and_nothing_is_wider_than_the_screen(morning: Night, browser: Browser) -> None:
    with visit(browser, morning.console, width=390, height=844) as olga:
        olga.open()
        olga.login("olga")
        for path in (*PAGES, "/dead/plan?kind=replay&category=unknown"):
            olga.open(path)
            width = olga.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, path
        olga.open("/dead")
        olga.picture("phone")
    with visit(browser, morning.console, width=390, height=844, scheme="dark") as dark:
        dark.open()
        dark.login("vera")
        background = dark.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert background == "rgb(18, 21, 27)"
