"""One running system and one browser for all walks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support import servers
from tests.support.browser import ARTIFACTS, Window, launched
from tests.support.whole import whole

PICTURES = ARTIFACTS / "walk"


class Person(Window):
    """Somebody who is signed in, in a window of their own."""

    def __init__(self, chromium, system, login, *, first="My Open Work Orders", **looks):
        super().__init__(chromium, system.admin, **looks)
        self.sign_in(login, system.password)
        # technicians with visits today start with them
        start = re.compile(f"^({re.escape(first)}|My day)$")
        expect(self.page.get_by_role("heading", name=start)).to_be_visible()

    def open(self, path, tab=""):
        self.page.goto(path + (f"?tab={tab}" if tab else ""))
        self.settled()
        return self.page

    def act(self, name):
        """Press a button of the action bar and wait for its dialog."""
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

    def keep(self, name):
        """Keep a picture, and find nothing that keeps anybody out."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(PICTURES / f"{name}.png"), full_page=True)
        assert self.violations() == []


@pytest.fixture(scope="package")
def system(first_start, tmp_path_factory):
    servers.browser()
    with whole(first_start.copied(tmp_path_factory.mktemp("walk") / "data")) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def people(system, chromium):
    made = {}

    def person(login):
        if login not in made:
            made[login] = Person(chromium, system, login)
        return made[login]

    return person
