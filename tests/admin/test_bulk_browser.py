"""An action on forty orders in a real browser: selecting, the preview, running it, and the report."""

from __future__ import annotations

import csv
import re

import pytest
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2
from playwright.sync_api import expect

from services.chassis.errors import Unavailable
from services.workorders.domain import bulk
from services.workorders.domain.workflow import Offer
from services.workorders.presenting import offer_message
from tests.admin.conftest import PASSWORD
from tests.support import browser, service_orders
from tests.support.memory_data import ident
from tests.support.memory_orders import ORDER, SERVICE

ORDERS, REFUSED = 40, 3
WHY = "“Put on hold” is not possible while the work order is Cancelled."


@pytest.fixture(scope="module")
def chromium():
    with browser.launched() as found:
        yield found


@pytest.fixture
def window(chromium, site, mesh, portal):
    orders = [ORDER]
    for number in range(1, ORDERS):
        made = work_order_pb2.WorkOrder(id=ident("bulk", number), number=f"3{number:07d}", state="in_progress")
        orders.append(mesh.put(made).id)
    portal.refused.update(dict.fromkeys(orders[7 : 7 + REFUSED], WHY))
    made = browser.Window(chromium, site)
    made.sign_in("dispatcher", PASSWORD, "/login/?next=/work-orders/?view=all")
    expect(made.page.locator("#list")).to_be_visible()
    yield made
    made.context.close()


@pytest.mark.req("B-4")
@pytest.mark.req("UM-10")
def test_forty_rows_of_which_three_are_refused_are_previewed_run_and_reported(window, portal, tmp_path):
    page = window.page
    page.get_by_label("Select all rows of this page").check()
    page.get_by_role("button", name=f"Select all {ORDERS} of this view").click()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Put on hold").click()
    page.get_by_label("Reason").select_option("customer_request")
    page.get_by_label("Resume on").fill("2027-03-05")
    assert window.violations() == []
    page.get_by_role("button", name="Preview").click()

    told = page.locator("[data-bulk-told]")
    expect(told).to_have_text("37 would succeed, 3 would be refused.")
    assert all(batch.validate_only for batch in portal.batches)
    lines = page.locator("[data-bulk-refused] tbody tr")
    assert lines.count() == REFUSED
    expect(lines.first).to_contain_text(WHY)
    assert window.violations() == []

    page.get_by_role("button", name="Put on hold: 37 work orders").click()
    expect(told).to_have_text("37 done, 3 explained.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (CSV)").click()
    download.value.save_as(tmp_path / "report.csv")

    ran = [batch for batch in portal.batches if not batch.validate_only]
    assert [len(batch.rows) for batch in ran] == [25, 12]
    assert {row.etag for batch in ran for row in batch.rows} == {"read"}
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Result"] for row in rows].count("Done") == ORDERS - REFUSED
    assert [row["Why"] for row in rows if row["Result"] == "Refused"] == [WHY] * REFUSED
    assert window.messages == []
    assert not window.scrolls_sideways()


@pytest.mark.req("B-4")
def test_a_batch_that_fails_stops_and_goes_on_with_the_same_request(window, portal, mesh):
    page = window.page
    page.get_by_label("Select all rows of this page").check()
    page.get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("[data-bulk-told]")).to_contain_text("would succeed")

    mesh.refuse["BatchTransitionWorkOrders"] = Unavailable("Gone.", metadata={"service": "workorders"})
    page.locator("[data-bulk-start]").click()
    expect(page.locator("[data-bulk-problem]")).to_contain_text("not answering")
    mesh.refuse.clear()
    page.get_by_role("button", name="Go on").click()

    expect(page.locator("[data-bulk-told]")).to_contain_text("done")
    assert len({batch.request_id for batch in portal.batches}) == 1


@pytest.mark.req("B-4")
def test_rows_that_are_ticked_before_scripts_run_are_selected(window):
    def ticked(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('name="rowid"', 'name="rowid" checked', 2))

    window.page.route("**/work-orders/?view=all", ticked)
    window.page.goto("/work-orders/?view=all")

    expect(window.page.locator("[data-bulk-bar]")).to_contain_text("2 selected")
    assert window.page.get_by_label("Select all rows of this page").evaluate("box => box.indeterminate")


@pytest.mark.req("UM-10")
def test_a_whole_view_of_service_orders_is_selected_and_cancelled(chromium, site, mesh, portal):
    listed = f"{SERVICE}.WorkOrderService/ListBulkTransitions"
    definition = service_orders.WORKFLOW.definition
    offered = [
        work_order_service_pb2.BulkTransition(
            workflow=definition.name, workflow_label=definition.label, transition=offer_message(Offer(each, (), {}))
        )
        for each in bulk.offered(definition, service_orders.ADMIN)
    ]
    before = mesh.verbs[listed]
    mesh.verbs[listed] = lambda _request, _caller: work_order_service_pb2.ListBulkTransitionsResponse(
        transitions=offered
    )
    for number in range(ORDERS):
        mesh.put(
            work_order_pb2.WorkOrder(
                id=ident("service", number), number=f"4{number:07d}", workflow="utility_request", state="new"
            )
        )
    window = browser.Window(chromium, site)
    try:
        page = window.page
        window.sign_in("admin", PASSWORD, "/login/?next=/service-orders/views/?view=service_new")
        page.get_by_label("Select all rows of this page").check()
        page.get_by_role("button", name=re.compile("Select all [0-9]+ of this view")).click()
        expect(page.get_by_role("button", name="Complete")).to_be_focused()
        assert window.violations() == []
        page.get_by_role("button", name="Cancel order").click()
        page.get_by_label(re.compile("^Why")).fill("The billing run was repeated")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator("[data-bulk-told]")).to_contain_text("would succeed")
        assert len({row.work_order_id for batch in portal.batches for row in batch.rows}) >= ORDERS
        assert window.messages == []
    finally:
        mesh.verbs[listed] = before
        window.context.close()
