"""A workflow is data: what a text says is a button in the page of an order, and moves it, with no program changed."""

from __future__ import annotations

import pytest
from fieldmesh.common.v1 import list_pb2
from fieldmesh.workorders.v1 import work_order_service_pb2, work_order_service_pb2_grpc
from playwright.sync_api import expect

from services.chassis.ids import new_id
from services.cli.connection import OPERATOR, connected
from tests.support.workflows import FIRST, WAITING, changed

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("walk")]
TRANSITIONS = """
  ask_for_access:
    label: Ask for access
    icon: key
    done: The dispatchers were asked to have the site opened.
    from: [unallocated, assigned, ship_to_received, parts_ordered, shipping, shipped, in_progress]
    to: awaiting_access
    who: [admin]
    form:
      - title: Which door, and when?
        fields:
          - {path: inputs.comment, required: true, label: Door and time}
    guards: [{set: subject, says: Say first what it is about.}]

  access_granted:
    label: Access granted
    from: [awaiting_access]
    to: in_progress
    who: [admin]
"""


@pytest.mark.req("B-2")
def test_a_published_text_is_a_button_in_the_page_and_moves_the_order(system, people, monkeypatch, tmp_path):
    text = changed(FIRST, ("version: 1\n", "version: 2\n"), ("  on_hold: {label", f"{WAITING}  on_hold: {{label"))
    (tmp_path / "next.yaml").write_text(text + TRANSITIONS)
    for name, value in system.environment.items():
        monkeypatch.setenv(name, value)

    assert "Published: Partner service 2" in system.fieldmesh("workflow", "publish", str(tmp_path / "next.yaml"))
    assert "moved, 0 stay" in system.fieldmesh("workflow", "migrate", "partner_service", "--run")
    with connected(OPERATOR) as channels:
        stub = channels.stub(work_order_service_pb2_grpc.WorkOrderServiceStub, "workorders")
        query = list_pb2.ListQuery(filters=[{"field": "category", "operator": 1, "values": ["STATE_CATEGORY_OPEN"]}])
        order = stub.ListWorkOrders(work_order_service_pb2.ListWorkOrdersRequest(query=query)).work_orders[0]
        admin = people("admin")
        page = admin.open(f"/work-orders/{order.id}")
        expect(page.locator(".action-bar")).to_contain_text("Ask for access")
        stub.TransitionWorkOrder(
            work_order_service_pb2.TransitionWorkOrderRequest(
                work_order_id=order.id,
                transition="ask_for_access",
                inputs={"comment": "North gate, at nine"},
                etag=order.etag,
                request_id=new_id(),
            )
        )
    admin.open(f"/work-orders/{order.id}")
    expect(page.locator(".record-name .badge-tone")).to_have_text("Awaiting Access")
    page.get_by_role("link", name="How it moved").click()
    expect(page.locator("svg .wf-current text")).to_have_text("Awaiting Access")
    expect(page.locator("svg .wf-label-walked", has_text="Ask for access")).to_have_count(1)
    admin.keep("09-workflow")
    admin.open("/workflows/")
    expect(page.locator("tbody")).to_contain_text("Partner service 2")
    assert admin.messages == []
