"""A browser for tests: everything that goes wrong in it is noted, and axe-core looks at its pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import expect, sync_playwright

from tests.support import servers
from tests.support.mesh import ROOT
from tests.support.patience import SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

ARTIFACTS = ROOT / "test-artifacts"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip
HASH_OF_NOTHING = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
DESKTOP, PHONE = (1360, 860), (390, 844)
# Nothing is pressed before the page's scripts are there: no hand is that fast. Playwright waits for what is enabled.
UNTIL_SCRIPTS_RAN = """
if (document.readyState === "loading") {
  const root = new MutationObserver(() => {
    if (!document.documentElement) return;
    root.disconnect();
    document.documentElement.setAttribute("aria-disabled", "true");
  });
  root.observe(document, {childList: true});
  document.addEventListener("DOMContentLoaded", () => document.documentElement.removeAttribute("aria-disabled"));
}
"""
WRONG = """
axe.run(document, {resultTypes: ["violations"], preload: false}).then(
  ({violations}) => violations.map(({id, nodes}) => [id, nodes.map(({html}) => html.slice(0, 200))]))
"""

expect.set_options(timeout=SECONDS * 1000)


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser that is gone afterwards: a second one cannot be driven from the same thread beside it."""
    if not AXE.is_file():
        servers.without("axe-core", "run `npm ci --ignore-scripts`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=servers.browser(), args=FLAGS)
        yield browser
        browser.close()


class Window:
    """A window with cookies of its own; `messages` holds what came up on its console."""

    def __init__(self, chromium: Browser, site: str, *, size: tuple[int, int] = DESKTOP, theme: str = "light") -> None:
        self.context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, base_url=site
        )
        self.context.set_default_timeout(SECONDS * 1000)
        self.context.add_init_script(UNTIL_SCRIPTS_RAN)
        self.page: Page = self.context.new_page()
        self.messages: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        # axe-core itself sets empty styles, which the page's policy blocks.
        if HASH_OF_NOTHING not in message.text:
            self.messages.append(message.text)

    def sign_in(self, login: str, password: str, onward: str = "/login/") -> None:
        """Sends the login form of a page that asks for it."""
        self.page.goto(onward)
        self.page.fill("[name=username]", login)
        self.page.fill("[name=password]", password)
        self.page.click("button[type=submit]")

    def settled(self) -> None:
        """Waits until everything that the page asks for by itself has come."""
        expect(self.page.locator(".loading, .htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)

    def violations(self) -> list[tuple[str, list[str]]]:
        """What axe-core finds on the page."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        return [(name, nodes) for name, nodes in self.page.evaluate(WRONG)]

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
