"""An order that is approved before it is dispatched: from draft to resolved in the browser, with its mails."""

from __future__ import annotations

import json
import re
import urllib.request
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Person
from tests.support.browser import PHONE, Window
from tests.support.patience import eventually

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]


def mail_to(system, address, words):
    """The newest mail to an address whose subject has these words."""

    def found():
        return [mail for mail in system.mails() if address in str(mail["to"]) and words in mail["subject"]]

    return eventually(found, pause=0.5)[0]


def link_in(system, mail, page="decide"):
    """The link of a mail that lets its reader act without signing in."""
    address = f"{system.mailbox}/api/messages/{mail['id']}"
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - loopback
        text = json.loads(answer.read())["text"]
    return re.search(rf"https?://\S+/{page}/\S+", text)[0]


@pytest.mark.req("PT-2")
@pytest.mark.req("PT-8")
@pytest.mark.req("PT-9")
@pytest.mark.req("PT-10")
@pytest.mark.req("PT-11")
@pytest.mark.req("B-8")
def test_a_company_user_drafts_an_approver_approves_from_the_mail_and_the_visit_resolves_it(system, chromium):
    user = Person(chromium, system, "company", first="Open")
    user.page.get_by_role("link", name="New work order").click()
    user.pick(user.page.locator("main"), "Facility", "Larkspur")
    user.page.get_by_label("Subject").fill("Gate of yard 2")
    user.page.locator("#action_items").get_by_label(re.compile("^Action item")).fill("Gate does not lock")
    user.page.get_by_role("button", name="Add an estimate").click()
    estimate = user.page.locator("#estimates")
    estimate.get_by_label("Estimate for").fill("Lock")
    estimate.get_by_label(re.compile("^Unit price")).first.fill("120.50")
    user.keep("approval-new")
    user.page.get_by_role("button", name="Create draft").click()
    expect(user.page.get_by_role("heading", name=re.compile("Draft"))).to_be_visible()
    number = user.page.locator("h1 .num").inner_text()
    record = user.page.url
    dialog = user.act("Submit")
    dialog.get_by_label(re.compile("^Approver")).select_option(label="Greta Lund")
    dialog.get_by_role("button", name="Submit").click()
    expect(user.page.get_by_role("heading", name=re.compile("Submitted"))).to_be_visible()
    user.keep("approval-submitted")

    asked = mail_to(system, "greta.lund", f"approve work order {number}")
    mail_to(system, "elena.marsh", f"{number} was submitted")
    link = link_in(system, asked)
    reader = Window(chromium, system.admin, size=PHONE)
    reader.page.goto(link)
    expect(reader.page.get_by_role("heading", name=f"Approve work order {number}?")).to_be_visible()
    assert reader.violations() == []
    reader.page.get_by_role("button", name="Approve").click()
    expect(reader.page.get_by_role("heading", name="Thank you")).to_be_visible()
    reader.page.goto(link)
    expect(reader.page.get_by_role("heading", name="This was decided already")).to_be_visible()

    mail_to(system, "elena.marsh", f"{number} is approved")
    user.page.goto(record)
    dialog = user.act("Dispatch")
    today = datetime.now(ZoneInfo("America/Denver")).date()
    dialog.get_by_label(re.compile("^Date")).fill(today.isoformat())
    dialog.get_by_label(re.compile("^Time")).fill("00:00")
    dialog.get_by_label(re.compile("^Assignee")).select_option(label="Samir Haddad")
    dialog.get_by_role("button", name="Dispatch").click()
    expect(user.page.get_by_role("heading", name=re.compile("Dispatched"))).to_be_visible()
    mail_to(system, "samir.haddad", number)
    user.page.goto("/calendar/")
    visit = user.page.locator(".week a", has_text=number)
    expect(visit).to_contain_text("00:00")
    visit.click()
    expect(user.page).to_have_url(record)
    dialog = user.act("Resolve")
    dialog.get_by_role("button", name="Resolve").click()
    expect(user.page.get_by_role("heading", name=re.compile("Resolved"))).to_be_visible()
    user.keep("approval-resolved")
    mail_to(system, "greta.lund", f"{number} is resolved")
