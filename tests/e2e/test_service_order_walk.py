"""A service order in the browser: written, scheduled, read and completed; another is cancelled from the queue."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Person
from tests.e2e.test_approval_walk import mail_to

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]


@pytest.mark.req("UM-3")
@pytest.mark.req("UM-5")
@pytest.mark.req("UM-6")
@pytest.mark.req("UM-9")
@pytest.mark.req("UM-10")
@pytest.mark.req("B-8")
def test_an_office_writes_schedules_and_completes_an_order_and_cancels_another_from_the_queue(system, chromium):
    office = Person(chromium, system, "utility", first="Open service orders")
    page = office.page
    assert office.violations() == []
    page.get_by_role("link", name="New service order").click()
    page.get_by_label("Type").select_option(label="Special read")
    page.get_by_label("Meter").fill("MW-99001")
    page.get_by_label("Instructions").fill("Ask for the cellar key")
    office.pick(page.locator("main"), "Account", "Corner Bakery")
    office.pick(page.locator("main"), "Facility", "18 Franklin")
    office.keep("service-order-new")
    page.get_by_role("button", name="Create service order").click()
    expect(page.get_by_role("heading", name=re.compile("New"))).to_be_visible()
    number, record = page.locator("h1 .num").inner_text(), page.url

    dialog = office.act("Schedule and assign")
    dialog.get_by_label(re.compile("^Date")).fill("2026-12-07")
    dialog.get_by_label(re.compile("^Time")).fill("09:30")
    dialog.get_by_label(re.compile("^Technician of yours")).select_option(label="Ivo Marsh")
    dialog.get_by_role("button", name="Schedule and assign").click()
    expect(page.get_by_text("The order was scheduled and assigned.")).to_be_visible()
    mail_to(system, "ivo.marsh", number)

    page.goto(f"{system.admin}/service-orders/")
    group = page.get_by_role("region", name=re.compile("Scheduled and assigned")).first
    page.get_by_label(f"Select {number}").check()
    group.get_by_role("button", name="Complete").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-bulk-told]")).to_contain_text("1 would be refused")
    expect(page.locator("[data-bulk-refused]")).to_contain_text("give the meter read")
    assert office.violations() == []

    page.goto(record)
    dialog = office.act("Complete")
    dialog.get_by_label("Meter read").fill("1300.5")
    dialog.get_by_label("Unit").select_option(label="m³")
    dialog.get_by_role("button", name="Complete").click()
    expect(page.get_by_role("heading", name=re.compile("Completed"))).to_be_visible()
    office.keep("service-order-completed")

    page.goto(f"{system.admin}/service-orders/")
    expect(page.get_by_label(f"Select {number}")).to_have_count(0)
    other = page.locator("#h-service_new + form tbody tr").first
    gone = other.locator("th a").inner_text()
    other.get_by_role("checkbox").check()
    page.locator("#h-service_new + form").get_by_role("button", name="Cancel order").click()
    page.get_by_label(re.compile("^Why")).fill("Paid meanwhile")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Cancel order: 1 work order").click()
    expect(page.locator("[data-bulk-told]")).to_have_text("1 done.")
    page.get_by_role("link", name="Back to work orders").click()
    expect(page.get_by_label(f"Select {gone}")).to_have_count(0)
    office.keep("service-order-queue")
