"""Walks over what goes otherwise: two parcels, an override, somebody new who leaves again, and an order on hold."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.steps import accept, allocate, create, mailed, order_number, told, until_state

NOOR, CORPORATE = "noor.haddad@example.com", "noor@bluefern.example.com"
pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]


@pytest.mark.req("CP-66")
@pytest.mark.req("CP-72")
@pytest.mark.req("CP-65")
@pytest.mark.req("CP-93")
@pytest.mark.req("CP-94")
def test_parts_come_in_two_parcels_and_people_come_and_go(system, people):
    dispatcher, partner = people("dispatcher"), people("partner")
    path = create(dispatcher)
    number = allocate(dispatcher)
    partner.open(path)
    accept(partner)
    until_state(partner, path, "Parts Ordered")

    split(system, partner, path)
    override(partner, path)
    onboard(partner)
    choose(partner, path, "Noor Haddad")
    expect(partner.page.locator("#notices")).to_contain_text("The technician was assigned.")
    mailed(system, CORPORATE, number)
    offboard(partner, path)
    assert dispatcher.messages == []
    assert [message for message in partner.messages if "422" not in message] == []  # refused on purpose


def split(system, partner, path):
    """The last of the two parcels counts, and the page says what is missing until then."""
    order = order_number(partner, path)
    for sequence, state in ((1, "announced"), (2, "handed-over")):
        for parcel in "AB":
            told(system, order, parcel, state, sequence)
    until_state(partner, path, "Shipped")
    told(system, order, "A", "delivered", 3)
    page = partner.open(path, "parts")
    parcels = page.locator(".parcel")
    expect(parcels).to_have_count(2)
    expect(page.locator("dl.facts").first).to_contain_text("1 of 2")
    expect(parcels.filter(has_text=f"NW{order}A")).to_contain_text("Delivered")
    expect(parcels.filter(has_text=f"NW{order}B")).not_to_contain_text("Delivered")
    expect(page.locator(".record-name")).to_contain_text("Shipped")
    partner.keep("09-split")
    told(system, order, "B", "delivered", 3)
    until_state(partner, path, "In Progress")


def onboard(partner):
    """Only with an address in one of the organisation's domains."""
    page = partner.open("/field-technicians/")
    page.get_by_label("No", exact=True).check()
    page.get_by_label("Email Address").fill(NOOR)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Onboard").click()
    page.get_by_label("Corporate Email Address").fill("noor@elsewhere.example.com")
    page.get_by_role("button", name="Onboard", exact=True).click()
    expect(page.locator("#corporate_email-error")).to_contain_text("bluefern.example.com")
    partner.keep("11-onboard")
    page.get_by_label("Corporate Email Address").fill(CORPORATE)
    page.get_by_role("button", name="Onboard", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("Noor Haddad")


def override(partner, path):
    """Priya lacks the certificate: a reason is asked for, and stands in the feed."""
    dialog = choose(partner, path, "Priya Raman")
    expect(dialog).to_contain_text("Missing Skills")
    dialog.get_by_role("button", name="Confirm Override").click()
    expect(dialog.locator(".field-error").first).to_be_visible()
    partner.keep("10-override")
    dialog.get_by_label("Reason").select_option(label="Other")
    dialog.get_by_label("Explanation").fill("Trained with us last week.")
    dialog.get_by_role("button", name="Confirm Override").click()
    expect(partner.page.locator("#notices")).to_contain_text("The technician was assigned.")
    feed = partner.open(path, "collaborate").locator("#feed")
    expect(feed).to_contain_text("Priya Raman")
    expect(feed).to_contain_text("Trained with us last week.")


def choose(partner, path, name):
    """Somebody of the matrix; gives the dialog that may ask why."""
    page = partner.open(path, "assignment")
    matrix = page.locator("#matrix")
    matrix.get_by_role("radio", name=name, exact=True).check()
    matrix.get_by_role("button", name="Assign To WO").click()
    return page.locator("#dialog[open]")


def offboard(partner, path):
    """What Noor was to do returns to the queue, and the order has nobody."""
    page = partner.open("/field-technicians/")
    page.get_by_role("textbox", name="Search").fill("Noor")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Offboard Noor Haddad").click()
    page.get_by_label("Reason").fill("Moved away")
    page.get_by_role("button", name="Offboard", exact=True).click()
    expect(page.locator(".field-error")).to_contain_text("Choose who does it, or return it to the queue.")
    partner.keep("12-offboard")
    page.get_by_label(re.compile("^Who does")).select_option(label="Return to the queue")
    page.get_by_role("button", name="Offboard", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("Noor Haddad")
    partner.open(path, "assignment")
    expect(page.locator("main")).not_to_contain_text(CORPORATE)


@pytest.mark.req("B-1")
def test_a_hold_over_a_weekend_moves_the_target_by_the_working_days_that_it_took(people):
    """The demo has an order that has been on hold for five working days, and so over a weekend."""
    dispatcher = people("dispatcher")
    page = dispatcher.open("/work-orders/?view=all")
    held = page.locator("table.grid tbody tr").filter(has_text="On Hold").first.locator("th a")
    path = held.get_attribute("href")
    page = dispatcher.open(path)
    target = page.locator(".target")
    explain = page.get_by_role("button", name="How this target came about")
    explain.click()
    expect(target).to_contain_text("the clock stands still")
    before = due(target)
    dispatcher.keep("13-held")

    page.locator(".action-bar").get_by_role("button", name="Resume", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("Work goes on.")
    dispatcher.open(path)
    explain.click()
    expect(target).to_contain_text("On hold from")
    expect(target).not_to_contain_text("the clock stands still")
    assert (due(target) - before).days >= 7
    dispatcher.keep("14-resumed")


def due(target):
    """The day on which a target is due, of its last step."""
    found = re.findall(r"Due on \w+ (\d+ \w+ \d+)", target.inner_text())
    return dt.datetime.strptime(found[-1], "%d %b %Y").date()  # noqa: DTZ007 - a day at the site
