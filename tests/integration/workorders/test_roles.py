"""What each role may do with a work order, from allocation to closed (R-1 to R-4)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2

from services.chassis.errors import NotFound, Refusal, WrongState
from tests.integration.workorders.conftest import (
    ADMIN,
    APPROVER,
    BLUEFERN,
    DISPATCHER,
    PARTNER,
    TECHNICIAN,
    acceptance,
)

BAR = work_order_service_pb2.TRANSITION_POSITION_BAR
MORE = work_order_service_pb2.TRANSITION_POSITION_MORE
INLINE = work_order_service_pb2.TRANSITION_POSITION_INLINE
ASSIGNED = replace(TECHNICIAN, subject="tech")


def buttons(desk, order, caller, position=BAR):
    found = desk.orders("ListAvailableTransitions", caller, work_order_id=order.id).transitions
    return [each.label for each in found if each.position == position]


def refused(desk, order, caller):
    """That the caller neither edits nor deletes the order."""
    etag = desk.get(order.id).etag
    wanted = work_order_pb2.WorkOrder(id=order.id, etag=etag, subject="Mine")
    for method, request in (
        ("UpdateWorkOrder", {"work_order": wanted, "update_mask": {"paths": ["subject"]}}),
        ("DeleteWorkOrder", {"id": order.id, "etag": etag}),
    ):
        with pytest.raises(Refusal) as answer:
            desk.orders(method, caller, **request)
        assert answer.value.kind in {"forbidden", "missing", "state"}, method
    return True


def completed(desk, caller=PARTNER):
    return desk.fire(desk.ready(caller), "complete", caller).work_order


@pytest.mark.req("R-1")
def test_a_partner_accepts_schedules_and_completes_but_never_creates_allocates_or_deletes(desk):
    created = desk.create()
    with pytest.raises(Refusal) as creating:
        desk.create(PARTNER)
    with pytest.raises(NotFound):
        desk.fire(created, "allocate", PARTNER, executor_org=BLUEFERN)
    allocated = desk.fire(created, "allocate", DISPATCHER, executor_org=BLUEFERN).work_order

    assert creating.value.kind == "forbidden"
    assert buttons(desk, allocated, PARTNER) == ["Accept", "Could Not Complete", "Request For Assistance"]
    assert buttons(desk, allocated, PARTNER, MORE) == ["Request rate or cost", "Request hold", "Reject"]
    assert refused(desk, allocated, PARTNER)
    accepted = desk.fire(allocated, "accept", PARTNER, **acceptance()).work_order
    assert "Place order" not in buttons(desk, accepted, PARTNER)
    desk.parts(accepted, 4, 1)
    assert buttons(desk, accepted, PARTNER) == ["Completed", "Could Not Complete", "Request For Assistance"]
    assert buttons(desk, accepted, PARTNER, MORE) == ["Request rate or cost", "Request hold"]
    assert buttons(desk, accepted, PARTNER, INLINE) == [
        "Assign technician", "Save appointment", "Finish line item", "Line item failed", "Save visit times",
    ]  # fmt: skip


@pytest.mark.req("R-2")
def test_a_dispatcher_creates_allocates_places_orders_and_closes_in_an_organisation_of_kind_vendor(desk):
    created = desk.create()
    before = desk.orders("UpdateWorkOrder", DISPATCHER, work_order={"id": created.id, "etag": created.etag,
                         "subject": "Assure - VT-40 - Latch (Ver 01)"}, update_mask={"paths": ["subject"]})  # fmt: skip
    assert before.subject == "Assure - VT-40 - Latch (Ver 01)"
    assert buttons(desk, created, DISPATCHER) == ["Allocate"]

    allocated = desk.allocated()
    with pytest.raises(WrongState) as deleting:
        desk.orders("DeleteWorkOrder", DISPATCHER, id=allocated.id, etag=allocated.etag)
    accepted = desk.fire(allocated, "accept", PARTNER, **acceptance()).work_order
    assert buttons(desk, accepted, DISPATCHER) == ["Place order"]
    assert buttons(desk, accepted, DISPATCHER, MORE) == [
        "Parts are being prepared", "Parts shipped", "Parts delivered", "Correct address", "Report parcel lost",
        "Direct a further action", "Put on hold", "Cancel work order",
    ]  # fmt: skip
    desk.orders("DeleteWorkOrder", DISPATCHER, id=created.id, etag=before.etag)
    done = completed(desk)

    assert deleting.value.reason == "ALREADY_ALLOCATED"
    assert buttons(desk, done, DISPATCHER) == ["Close", "Send back"]
    assert buttons(desk, done, replace(DISPATCHER, organization_kind="provider")) == []


@pytest.mark.req("R-3")
def test_an_approver_reads_closes_and_sends_back_and_edits_nothing(desk):
    created, done = desk.create(), completed(desk)

    assert {order.id for order in desk.list(APPROVER).work_orders} == {created.id, done.id}
    assert buttons(desk, created, APPROVER) == []
    assert refused(desk, created, APPROVER)
    assert buttons(desk, done, APPROVER) == ["Close", "Send back"]
    assert buttons(desk, done, APPROVER, INLINE) == buttons(desk, done, APPROVER, MORE) == []


@pytest.mark.req("R-4")
@pytest.mark.req("CP-41")
def test_a_technician_sees_assignments_of_their_own_and_does_the_visit(desk):
    other, mine = desk.allocated(), desk.at_work()
    assert desk.list(ASSIGNED).page.total_size == 0
    desk.fire(mine, "assign_technician", PARTNER, person_id="tech")

    assert [order.id for order in desk.list(ASSIGNED).work_orders] == [mine.id]
    with pytest.raises(NotFound):
        desk.get(other.id, ASSIGNED)
    assert buttons(desk, mine, ASSIGNED, INLINE) == ["Finish line item", "Line item failed", "Save visit times"]
    assert buttons(desk, mine, ASSIGNED) == ["Completed"]
    assert refused(desk, mine, ASSIGNED)
    arrived = desk.visited(mine, ASSIGNED, "arrive_time", 12)
    left = desk.visited(mine, ASSIGNED, "depart_time", 13)
    assert not arrived.HasField("depart_time")
    assert (left.arrive_time, left.depart_time.ToDatetime().hour) == (arrived.arrive_time, 13)


@pytest.mark.req("R-4")
def test_every_use_of_an_admins_power_is_in_history(desk):
    order = completed(desk, ADMIN)

    closed = desk.fire(order, "close", ADMIN).work_order

    used = {row.transition: row.actor.display_name for row in desk.history(order)}
    assert closed.state == "closed"
    assert {name for name, who in used.items() if who == "Ada Admin"} == {
        "finish_line_item", "set_visit_times", "complete", "close",
    }  # fmt: skip
