"""The main line as people walk it: dispatcher, partner, technician and approver, in a browser, reading their mails."""

from __future__ import annotations

import datetime as dt
import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.support.patience import eventually

PREFILLED = {
    "Ship to name": "Bluefern Dispatch", "Ship to phone number": "614-555-0110",
    "Shipping party": "Bluefern Dispatch", "Street": "88 E Broad St", "City": "Columbus", "State/Province": "OH",
    "Postal code": "43215", "Country": "US",
}  # fmt: skip
DELAY_REASONS = [
    "Delay due to Unresponsive POC", "Delay due to POC Schedule Preference",
    "O&M Partner Work Order Management Performance", "Delay due to weather", "Technician Availability",
    "Delay due to Special On-Site Requirement", "Delay due to local Regulatory/Compliance",
    "Part delivery is later than expected delivery date", "Parts arrived damaged or are missing",
]  # fmt: skip
pytestmark = [pytest.mark.timeout(1500), pytest.mark.xdist_group("walk")]


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


def picture():
    target = io.BytesIO()
    Image.new("RGB", (320, 200), "teal").save(target, "PNG")
    return {"name": "after.png", "mimeType": "image/png", "buffer": target.getvalue()}


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
    dispatcher.keep("01-new")
    page.get_by_role("button", name="Create work order").click()
    expect(page.locator(".record-name")).to_contain_text("Unallocated")
    return re.sub(r"^https?://[^/]+", "", page.url).split("?")[0]


@pytest.mark.req("CP-37")
@pytest.mark.req("CP-48")
@pytest.mark.req("CP-50")
@pytest.mark.req("CP-51")
@pytest.mark.req("CP-56")
@pytest.mark.req("CP-63")
@pytest.mark.req("CP-64")
@pytest.mark.req("CP-68")
@pytest.mark.req("CP-76")
@pytest.mark.req("CP-77")
def test_one_work_order_from_allocation_to_closed(system, people):
    dispatcher = people("dispatcher")
    path = create(dispatcher)

    dialog = dispatcher.act("Allocate")
    dialog.get_by_label("Organisation", exact=False).select_option(label="Bluefern Dispatch")
    dialog.get_by_role("button", name="Allocate").click()
    expect(dispatcher.page.locator(".record-name")).to_contain_text("Assigned")
    number = dispatcher.page.locator(".record-name .num").inner_text()
    mailed(system, "megan.castellano@bluefern.example.com", number)

    partner = people("partner")
    partner.open(path)
    partner.keep("02-assigned")
    accept(partner, path)
    until_state(partner, path, "Parts Ordered")

    carry(system, partner, path)
    until_state(partner, path, "In Progress")
    partner.open(path, "parts")
    expect(partner.page.locator("main")).to_contain_text("Delivered")
    partner.keep("04-parts")

    assign(partner, path)
    schedule(system, partner, path)
    work(people("technician"), path)
    prove(people("technician"), path)
    complete(partner, path)
    mailed(system, "dana.whitfield@voltara.example.com", number)

    settle(people("dispatcher"), path)
    approver = people("approver")
    approver.open(path)
    dialog = approver.act("Close")
    dialog.get_by_role("button", name="Close").click()
    expect(approver.page.locator(".record-name")).to_contain_text("Closed")
    partner.open(path)
    expect(partner.page.locator(".action-bar")).to_have_count(0)
    partner.open(path, "related")
    partner.keep("08-closed")
    assert "broken" not in system.fieldmesh("verify", number).lower()

    for login in ("dispatcher", "partner", "technician", "approver"):
        assert people(login).messages == []


def accept(partner, path):
    dialog = partner.act("Accept")
    for label, value in PREFILLED.items():
        expect(dialog.get_by_label(re.compile(f"^{label}"))).to_have_value(value)
    dialog.get_by_label("Ship to name").fill("Megan Castellano")
    dialog.get_by_label("Does your team require", exact=False).select_option(label="Liftgate")
    partner.keep("03-accept")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Draft saved")
    dialog.get_by_role("button", name="Next").click()
    dialog.locator("[name=travel__round_trip_miles]").fill("120")
    expect(dialog.locator("[data-shown=travel__billable_miles]")).to_contain_text("70")
    dialog.get_by_role("button", name="Submit").click()
    expect(partner.page.locator("#notices")).to_contain_text("The work order was accepted.")


def carry(system, partner, path):
    """The carrier's messages, through `fieldmesh track`."""
    partner.open(path, "parts")
    order = partner.page.locator("main .facts a.num").first.inner_text()
    for sequence, state in ((1, "announced"), (2, "handed-over"), (3, "delivered")):
        given = ["--order", order, "--sequence", str(sequence), "--expected", workday(1).isoformat()]
        system.fieldmesh("track", f"NW{order}", state, *given)


def assign(partner, path):
    partner.open(path, "assignment")
    matrix = partner.page.locator("#matrix")
    expect(matrix.locator("thead")).to_contain_text("VT40-CM")
    partner.keep("05-assignment")
    # those who are suggested stand above the matrix, with their scores
    expect(matrix.locator(".suggestion").first).to_contain_text("Holds everything that the work needs.")
    matrix.get_by_role("radio", name="Priya Raman", exact=True).check()
    matrix.get_by_role("button", name="Assign To WO").click()
    dialog = partner.page.locator("#dialog[open]")
    expect(dialog).to_contain_text("Missing Skills")
    dialog.get_by_role("button", name="Cancel").click()
    matrix.get_by_role("radio", name="Allan Heward", exact=True).check()
    matrix.get_by_role("button", name="Assign To WO").click()
    expect(partner.page.locator("#notices")).to_contain_text("The technician was assigned.")
    partner.open(path, "collaborate")
    expect(partner.page.locator("#feed")).to_contain_text("Allan Heward")


def schedule(system, partner, path):
    """First after the target, with a reason; the vendor is told."""
    page = partner.open(path)
    form = page.locator("form.move-inline").filter(has=page.locator("[name=appointment__date]"))
    form.locator("[name=appointment__date]").fill(workday(9).isoformat())
    form.locator("[name=appointment__time]").fill("09:30")
    form.locator("[name=scheduling_completed_date]").fill(workday(0).isoformat())
    form.get_by_role("button", name="Save").click()
    dialog = page.locator("#dialog[open]")
    expect(dialog).to_contain_text("Selected Appointment Date is not within SLA Completed Date")
    assert [label.splitlines()[0] for label in dialog.locator(".reason label").all_inner_texts()] == DELAY_REASONS
    expect(dialog.locator(".reason .guidance")).to_have_count(9)
    partner.keep("06-late")
    dialog.get_by_label("No, let me choose another date").check()
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_contain_text("Choose another date.")
    expect(dialog.get_by_label("Appointment date")).to_have_value(workday(9).isoformat())
    dialog.get_by_role("button", name="Cancel").click()
    form.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("Do you want to continue?")
    dialog.get_by_label("Delay due to weather").check()
    dialog.get_by_role("button", name="OK").click()
    expect(page.locator("#notices")).to_contain_text("The appointment was saved.")
    mailed(system, "jonas.reidel@voltara.example.com", "after its target date")


def work(technician, path):
    page = technician.open(path, "related")
    page.locator(".line-items").get_by_role("link", name="Finish").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_role("button", name="Finish line item").click()
    expect(page.locator("#notices")).to_contain_text("The line item was finished.")
    for name in ("Photo of the station before", "Photo of the station after"):
        technician.open(path, "related")
        page.set_input_files("#upload-files", picture())
        page.select_option("#upload-deliverable", label=name)
        page.get_by_role("button", name="Upload").click()
        expect(page.locator("#notices")).to_contain_text("uploaded")
    technician.open(path)
    form = page.locator("form.move-inline").filter(has=page.locator("[name=visit__arrive_time]"))
    form.locator("[name=visit__arrive_time]").fill("2026-01-05T08:30")
    form.locator("[name=visit__depart_time]").fill("2026-01-05T10:00")
    form.get_by_role("button", name="Save visit times").click()
    expect(page.locator("#notices")).to_contain_text("The visit times were saved.")


def prove(technician, path):
    """The old part is on its way back (CP-83)."""
    page = technician.open(path, "parts")
    page.get_by_role("link", name="Record proof of return").click()
    page.get_by_label("Carrier").fill("Northway Freight")
    page.get_by_label("Tracking number").fill("NWBACK1")
    page.get_by_role("button", name="Record proof of return").click()
    expect(page.locator("#notices")).to_contain_text("The proof of return was recorded.")


def settle(dispatcher, path):
    """The warehouse has it."""
    for name in ("Receive", "Close return"):
        page = dispatcher.open(path, "parts")
        page.get_by_role("link", name=name).click()
        page.get_by_role("button", name=name).click()
        expect(page.locator("#notices")).to_contain_text("Return ")


def complete(partner, path):
    partner.open(path)
    partner.keep("07-ready")
    dialog = partner.act("Completed")
    dialog.get_by_role("button", name="Completed").click()
    expect(partner.page.locator(".record-name")).to_contain_text("Completed")
