"""The main line as people walk it: dispatcher, partner, technician and approver, in a browser, reading their mails."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.steps import accept, allocate, carry, create, mailed, until_state, workday

DELAY_REASONS = [
    "Delay due to Unresponsive POC", "Delay due to POC Schedule Preference",
    "O&M Partner Work Order Management Performance", "Delay due to weather", "Technician Availability",
    "Delay due to Special On-Site Requirement", "Delay due to local Regulatory/Compliance",
    "Part delivery is later than expected delivery date", "Parts arrived damaged or are missing",
]  # fmt: skip
pytestmark = [pytest.mark.timeout(1500), pytest.mark.xdist_group("walk")]


def picture():
    target = io.BytesIO()
    Image.new("RGB", (320, 200), "teal").save(target, "PNG")
    return {"name": "after.png", "mimeType": "image/png", "buffer": target.getvalue()}


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

    number = allocate(dispatcher)
    mailed(system, "megan.castellano@bluefern.example.com", number)

    partner = people("partner")
    partner.open(path)
    partner.keep("02-assigned")
    accept(partner)
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
