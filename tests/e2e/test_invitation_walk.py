"""Somebody is invited, reads the mail, chooses a password, and signs in with what was given: in the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Person
from tests.e2e.test_approval_walk import link_in, mail_to
from tests.support.browser import PHONE, Window

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]
CHOSEN = "four calm herons wading"


@pytest.mark.req("R-1")
@pytest.mark.req("CP-1")
def test_an_office_invites_somebody_who_chooses_a_password_from_the_mail_and_signs_in(system, chromium):
    office = Person(chromium, system, "partner")
    office.open("/invitations/").get_by_role("link", name="Invite somebody").click()
    office.page.get_by_label("Name").fill("Noor Haddad")
    office.page.get_by_label("E-mail").fill("noor.haddad@elsewhere.example.com")
    office.page.get_by_label("Partner: the office").check()
    office.keep("invitation-new")
    office.page.get_by_role("button", name="Send invitation").click()
    expect(office.page.get_by_text("bluefern.example.com").first).to_be_visible()
    office.page.get_by_label("E-mail").fill("noor.haddad@bluefern.example.com")
    office.page.get_by_role("button", name="Send invitation").click()
    expect(office.page.get_by_role("row", name="Noor Haddad")).to_contain_text("Open")
    office.keep("invitations")

    link = link_in(system, mail_to(system, "noor.haddad", "invites you"), "invited")
    guest = Window(chromium, system.admin, size=PHONE)
    guest.page.goto(link)
    expect(guest.page.get_by_text("as partner")).to_be_visible()
    assert guest.violations() == []
    assert not guest.scrolls_sideways()
    guest.page.get_by_label("Password", exact=True).fill(CHOSEN)
    guest.page.get_by_label("Password, again").fill(CHOSEN)
    guest.page.get_by_role("button", name="Save and go to sign-in").click()
    expect(guest.page.get_by_text("Sign in as noor.haddad")).to_be_visible()
    guest.sign_in("noor.haddad", CHOSEN)
    expect(guest.page.get_by_role("heading", name="My Open Work Orders")).to_be_visible()
    guest.page.goto("/account/")
    expect(guest.page.locator("main")).to_contain_text("Bluefern Dispatch")
    expect(guest.page.locator("main")).to_contain_text("artner")

    later = Window(chromium, system.admin)
    later.page.goto(link)
    expect(later.page.get_by_role("heading", name="This invitation was used")).to_be_visible()
    office.page.goto("/invitations/")
    expect(office.page.get_by_role("row", name="Noor Haddad")).to_contain_text("Accepted")
