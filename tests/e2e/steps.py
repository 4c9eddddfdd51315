"""Steps that several walks take."""

from __future__ import annotations

import datetime as dt
import re

from playwright.sync_api import expect

from tests.support.patience import eventually

PREFILLED = {
    "Ship to name": "Bluefern Dispatch", "Ship to phone number": "614-555-0110",
    "Shipping party": "Bluefern Dispatch", "Street": "88 E Broad St", "City": "Columbus", "State/Province": "OH",
    "Postal code": "43215", "Country": "US",
}  # fmt: skip


def mailed(system, address, subject):
    """The mails to an address whose subject holds some words, as soon as there is one."""

    def found():
        return [mail for mail in system.mails() if address in str(mail) and subject.lower() in str(mail).lower()]

    return eventually(found, pause=0.3)


def until_state(person, path, label):
    """Look at the record until it stands in a state."""

    def reached():
        person.open(path)
        return person.page.locator(".record-name .badge-tone").inner_text().strip() == label

    eventually(reached, pause=0.4)


def workday(days):
    day = dt.datetime.now().astimezone().date()
    while days:
        day += dt.timedelta(days=1)
        days -= day.weekday() < 5
    return day


def create(dispatcher):
    page = dispatcher.open("/work-orders/new")
    dispatcher.pick(page.locator("main"), "Account", "Harbor Glen")
    dispatcher.pick(page.locator("main"), "Facility", "Harbor Glen North")
    dispatcher.pick(page.locator("main"), "Service Territory", "Ohio - Columbus")
    dispatcher.pick(page.locator("main"), "Entitlement", "Repair SLA Assure")
    dispatcher.pick(page.locator("main"), "Customer Service Executive", "Jonas")
    page.get_by_label("Subject").first.fill("Assure - VT-40 - Head Replacement (Ver 01)")
    item = page.locator("[data-item='0']")
    dispatcher.pick(item, "Work type", "VT-40 Head")
    dispatcher.pick(item, "Part", "VT40-HEAD")
    page.get_by_role("button", name="Create work order").click()
    expect(page.locator(".record-name")).to_contain_text("Unallocated")
    return re.sub(r"^https?://[^/]+", "", page.url).split("?")[0]


def allocate(dispatcher):
    dialog = dispatcher.act("Allocate")
    dialog.get_by_label("Organisation", exact=False).select_option(label="Bluefern Dispatch")
    dialog.get_by_role("button", name="Allocate").click()
    expect(dispatcher.page.locator(".record-name")).to_contain_text("Assigned")
    return dispatcher.page.locator(".record-name .num").inner_text()


def accept(partner):
    dialog = partner.act("Accept")
    for label, value in PREFILLED.items():
        expect(dialog.get_by_label(re.compile(f"^{label}"))).to_have_value(value)
    dialog.get_by_label("Ship to name").fill("Megan Castellano")
    dialog.get_by_label("Does your team require", exact=False).select_option(label="Liftgate")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Draft saved")
    dialog.get_by_role("button", name="Next").click()
    dialog.locator("[name=travel__round_trip_miles]").fill("120")
    expect(dialog.locator("[data-shown=travel__billable_miles]")).to_contain_text("70")
    dialog.get_by_role("button", name="Submit").click()
    expect(partner.page.locator("#notices")).to_contain_text("The work order was accepted.")


def told(system, order, parcel, state, sequence):
    """A carrier's message of one parcel, through `fieldmesh track`."""
    given = ["--order", order, "--sequence", str(sequence), "--expected", workday(1).isoformat()]
    system.fieldmesh("track", f"NW{order}{parcel}", state, *given)


def carry(system, partner, path):
    """All messages of one parcel until it is delivered."""
    order = order_number(partner, path)
    for sequence, state in ((1, "announced"), (2, "handed-over"), (3, "delivered")):
        told(system, order, "", state, sequence)


def order_number(partner, path):
    """That of the fulfilment order."""
    partner.open(path, "parts")
    return partner.page.locator("main .facts a.num").first.inner_text()
