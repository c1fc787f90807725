"""Debian's Chromium with somebody in front of it, who notices whatever a browser complains about."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from deploy.local.chromium import FLAGS
from tests.console.house import PASSWORDS

SECONDS = 60
"""How long anything may take on a busy machine before it counts as not coming."""

SCREENSHOTS = os.environ.get("GATEWAY_TEST_SCREENSHOTS")
"""A folder: pictures of the pages go there."""


@dataclass
class Visit:
    """One browser window with cookies of its own."""

    page: Page
    console: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(SECONDS * 1000)
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", lambda request: self._failed(request.url, request.failure or ""))

    def open(self, path: str = "") -> None:
        """Go to a page of the console."""
        self.page.goto(f"{self.console}{path}")

    def login(self, user: str) -> None:
        """Fill in the form that is shown."""
        self.page.get_by_label("User").fill(user)
        self.page.get_by_label("Password").fill(PASSWORDS[user])
        self.page.locator("main").get_by_role("button", name="Log in").click()
        expect(self.page.locator(".who")).to_contain_text(user)

    def group(self, category: str) -> Locator:
        """The row of the groups that shows this category."""
        return self.page.locator("table.groups tbody tr", has_text=category)

    def sees(self, text: str, within: str = "main") -> None:
        """Wait until the text is there."""
        expect(self.page.locator(within)).to_contain_text(text, timeout=SECONDS * 1000)

    def picture(self, name: str) -> None:
        """A picture for the documentation, where it was asked for."""
        if SCREENSHOTS:
            self.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _failed(self, url: str, why: str) -> None:
        if "ERR_ABORTED" not in why:  # a page that was left while it still asked for something
            self.complaints.append(f"{url}: {why}")


@contextmanager
def chromium(program: Path) -> Iterator[Browser]:
    """The browser, with an empty profile that goes with it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(
    browser: Browser,
    console: str,
    *,
    width: int = 1080,
    height: int = 700,
    scripts: bool = True,
    scheme: str = "light",
) -> Iterator[Visit]:
    """A window; at its end the browser must have had nothing to complain about."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        java_script_enabled=scripts,
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    try:
        made = Visit(context.new_page(), console)
        yield made
        assert made.complaints == []
    finally:
        context.close()
