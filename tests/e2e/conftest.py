"""One running system and one browser for all walks."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support import servers
from tests.support.mesh import ROOT
from tests.support.whole import PASSWORD, whole

ARTIFACTS = ROOT / "test-artifacts" / "walk"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run"]  # fmt: skip
HASH_OF_NOTHING = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
DESKTOP, PHONE = (1360, 860), (390, 844)


class Person:
    """Somebody at a browser of their own; everything that goes wrong in it is noted."""

    def __init__(self, chromium, site, login, *, size=DESKTOP, theme="light"):
        self.login = login
        self.context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme, base_url=site
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.messages = []
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.goto("/login/")
        self.page.fill("[name=username]", login)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        expect(self.page.get_by_role("heading", name="My Open Work Orders")).to_be_visible()

    def note(self, message):
        """Keep a console message; axe-core itself sets empty styles, which the page's policy blocks."""
        if HASH_OF_NOTHING not in message.text:
            self.messages.append(message.text)

    def open(self, path, tab=""):
        self.page.goto(path + (f"?tab={tab}" if tab else ""))
        self.page.wait_for_load_state("networkidle")
        return self.page

    def act(self, name):
        """Press a button of the action bar and wait for its dialog."""
        self.page.wait_for_load_state("networkidle")  # scripts turn the link into a dialog
        self.page.locator(".action-bar").get_by_role("link", name=name).click()
        expect(self.page.locator("#dialog[open]")).to_be_visible()
        return self.page.locator("#dialog")

    def pick(self, scope, label, words):
        """Choose in a search box that asks the server."""
        box = scope.get_by_label(label, exact=False).first
        box.click()
        box.fill(words)
        option = scope.page.locator(f"[role=option][data-value]:has-text('{words}')").first
        option.click()

    def violations(self):
        """What axe-core finds on the page."""
        if not AXE.is_file():
            servers.without("axe-core", "run `npm ci --ignore-scripts`")
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run()")["violations"]
        return [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found]

    def keep(self, name):
        """Keep a picture, and find nothing that keeps anybody out."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(ARTIFACTS / f"{name}.png"), full_page=True)
        assert self.violations() == []


@pytest.fixture(scope="session")
def system(tmp_path_factory):
    servers.browser()
    with whole(tmp_path_factory.mktemp("walk") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    """A browser that is gone after the module: a second one cannot be driven from this thread beside it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=servers.browser(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def people(system, chromium):
    made = {}

    def person(login):
        if login not in made:
            made[login] = Person(chromium, system.admin, login)
        return made[login]

    return person
