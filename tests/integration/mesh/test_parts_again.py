"""Hard cases of parts over the real services: what carriers say, holds, and what happens after parts were asked for."""

import datetime as dt

import pytest
from fieldmesh.shipping.v1 import (
    fulfilment_order_pb2,
    fulfilment_order_pb2_grpc,
    rma_pb2,
    rma_pb2_grpc,
    shipment_pb2,
    shipment_pb2_grpc,
)
from fieldmesh.technicians.v1 import assignment_pb2, assignment_pb2_grpc
from fieldmesh.workorders.v1 import work_order_pb2
from google.type import date_pb2

from services.cli.demo.calls import of_order
from services.shipping.seeds import FIRST_YEAR, LAST_YEAR, federal_holidays
from tests.integration.mesh.test_main_line import COLUMBUS, workday
from tests.support.patience import eventually

pytestmark = pytest.mark.xdist_group("mesh")
FRIDAY = 4
HOLIDAYS = federal_holidays(FIRST_YEAR, LAST_YEAR)
ANNOUNCED, HANDED_OVER, IN_TRANSIT, DELIVERED = 1, 2, 3, 5
AWAITING, VOID = work_order_pb2.SLA_STATE_AWAITING_DELIVERY_DATE, work_order_pb2.SLA_STATE_VOID


@pytest.fixture(scope="module")
def on_stage(shared):
    """The grown size runs the main line; what parts do does not depend on the database or the transport."""
    return shared("embedded")


@pytest.fixture
def today():
    return dt.datetime.now(COLUMBUS).date()


def day(message) -> dt.date:
    return dt.date(message.year, message.month, message.day)


def due_after(date: dt.date) -> dt.date:
    """The business day after a delivery: Assure allows one."""
    date += dt.timedelta(days=1)
    return due_after(date) if date.weekday() > FRIDAY or date in HOLIDAYS else date


def stub_of(stage, kind, service="shipping"):
    stage.desk.become("dana")
    return stage.channels.stub(kind, service)


def orders_of(stage, order_id):
    stub = stub_of(stage, fulfilment_order_pb2_grpc.FulfilmentOrderServiceStub)
    query = of_order(order_id, "create_time")
    return list(
        stub.ListFulfilmentOrders(fulfilment_order_pb2.ListFulfilmentOrdersRequest(query=query)).fulfilment_orders
    )


def returns_of(stage, order_id):
    stub = stub_of(stage, rma_pb2_grpc.RmaServiceStub)
    return list(stub.ListRmas(rma_pb2.ListRmasRequest(query=of_order(order_id))).rmas)


def parcels_of(stage, order_id):
    stub = stub_of(stage, shipment_pb2_grpc.ParcelServiceStub)
    return list(stub.ListParcels(shipment_pb2.ListParcelsRequest(query=of_order(order_id, "tracking_number"))).parcels)


def on_its_way(stage, expected, state=IN_TRANSIT):
    """An accepted order whose parcel is somewhere, with a date."""
    order_id = stage.accepted()
    stage.track(order_id, state, expected=expected)
    stage.settle()
    return order_id


@pytest.mark.req("CP-71")
def test_hard_case_1_tracking_out_of_order_never_moves_a_state_back(on_stage, today):
    order_id = on_stage.accepted()
    first, later = workday(today, 2), workday(today, 4)

    on_stage.track(order_id, DELIVERED, sequence=9, expected=later)
    shipped_late = on_stage.track(order_id, HANDED_OVER, sequence=3, expected=first)
    delivered_twice = on_stage.track(order_id, DELIVERED, sequence=9, expected=first)
    on_stage.settle()

    order = on_stage.order(order_id)
    assert (shipped_late.applied, delivered_twice.applied) == (False, False)
    assert order.state == "in_progress"
    assert on_stage.states(order_id)[-2:] == ["Parts Delivered", "In Progress"]
    assert day(order.fulfilment.expected_delivery_date) == later
    assert day(order.sla.due_date) == due_after(later)


@pytest.mark.req("CP-73")
def test_hard_case_2_one_of_three_parcels_arrives_and_state_and_target_wait_for_the_last(on_stage, today):
    order_id = on_stage.accepted()
    dates = [workday(today, days) for days in (1, 2, 5)]

    on_stage.track(order_id, IN_TRANSIT, parcel=1, expected=dates[0], required_parcels=3)
    on_stage.track(order_id, IN_TRANSIT, parcel=2, expected=dates[1])
    on_stage.settle()
    assert on_stage.order(order_id).state == "shipping"
    assert on_stage.order(order_id).sla.state == AWAITING
    on_stage.track(order_id, IN_TRANSIT, parcel=3, expected=dates[2])
    on_stage.track(order_id, DELIVERED, parcel=1)
    on_stage.settle()
    assert on_stage.order(order_id).state == "shipped"
    assert day(on_stage.order(order_id).sla.due_date) == due_after(dates[2])

    on_stage.track(order_id, DELIVERED, parcel=2)
    on_stage.track(order_id, DELIVERED, parcel=3)
    on_stage.settle()
    assert on_stage.order(order_id).state == "in_progress"


@pytest.mark.req("CP-30")
def test_hard_case_3_parts_that_arrive_on_hold_leave_it_held_and_the_pause_counts_after_the_anchor_only(
    on_stage, today
):
    expected = workday(today, 3)
    order_id = on_its_way(on_stage, expected)
    resume = today + dt.timedelta(days=20)
    until = date_pb2.Date(year=resume.year, month=resume.month, day=resume.day)
    on_stage.desk.fire("dana", order_id, "hold", reason_code="customer_request", resume_date=until)

    on_stage.track(order_id, DELIVERED)
    on_stage.settle()
    held = on_stage.order(order_id)
    on_stage.desk.fire("dana", order_id, "resume")
    on_stage.settle()
    resumed = on_stage.order(order_id)

    assert (held.state, held.fulfilment.phase) == ("on_hold", "delivered")
    assert resumed.state == "in_progress"
    assert day(resumed.sla.due_date) == due_after(expected)


@pytest.mark.req("CP-87")
@pytest.mark.req("CP-47")
def test_a_cancelled_order_asks_its_parts_back_withdraws_the_visit_and_is_moved_by_nobody(on_stage, today):
    order_id = on_its_way(on_stage, workday(today, 2))
    on_stage.desk.fire("megan", order_id, "assign_technician", person_id=on_stage.world.people["allan"])
    visit = {"appointment.date": workday(today, 3), "appointment.time": "09:15", "scheduling_completed_date": today}
    on_stage.desk.fire("megan", order_id, "save_appointment", visit)

    on_stage.desk.fire("dana", order_id, "cancel", reason_code="self_resolved", comment="Works since Monday.")
    on_stage.settle()
    on_stage.track(order_id, DELIVERED)
    on_stage.settle()

    order, (sent,), (rma,) = on_stage.order(order_id), orders_of(on_stage, order_id), returns_of(on_stage, order_id)
    assert (order.state, order.sla.state, order.frozen) == ("cancelled", VOID, True)
    assert sent.outcome == fulfilment_order_pb2.FULFILMENT_OUTCOME_RETURNING
    assert rma.reason == "Cancelled: Resolved by itself"
    assert [line.part_number for line in rma.lines] == ["VT40-HEAD"]
    stub = stub_of(on_stage, assignment_pb2_grpc.AssignmentServiceStub, "technicians")
    assignments = stub.ListAssignments(assignment_pb2.ListAssignmentsRequest(query=of_order(order_id))).assignments
    assert [each.state for each in assignments] == [assignment_pb2.ASSIGNMENT_STATE_RELEASED]
    subject = f"Your appointment for work order {order.number} is withdrawn"
    mails = eventually(
        lambda: [m for m in on_stage.mailbox.to("allan.heward@bluefern.example.com") if m["Subject"] == subject],
    )
    assert len(mails) == 1


@pytest.mark.req("CP-73")
def test_a_corrected_address_before_pick_up_keeps_the_number_and_the_target_awaits_its_date(on_stage, today):
    order_id = on_its_way(on_stage, workday(today, 2), ANNOUNCED)
    before = on_stage.order(order_id)

    on_stage.desk.fire("dana", order_id, "correct_address", {"ship_to.street": "90 E Broad St"})
    on_stage.settle()
    amended = on_stage.order(order_id)
    on_stage.track(order_id, HANDED_OVER, expected=workday(today, 4))
    on_stage.settle()
    shipped = on_stage.order(order_id)

    assert (before.state, amended.state, shipped.state) == ("shipping", "parts_ordered", "shipped")
    assert amended.fulfilment.order_number == before.fulfilment.order_number
    assert (amended.sla.state, amended.fulfilment.HasField("expected_delivery_date")) == (AWAITING, False)
    assert day(shipped.sla.due_date) == due_after(workday(today, 4))
    assert "Ship-To Received" in on_stage.states(order_id)[-3:]
    fields = {entry.field for entry in on_stage.history(order_id) if entry.transition == "correct_address"}
    assert {"ship_to", "fulfilment.expected_delivery_date", "state"} <= fields


@pytest.mark.req("CP-73")
def test_a_lost_parcel_is_replaced_and_the_target_follows_the_new_one(on_stage, today):
    order_id = on_its_way(on_stage, workday(today, 1))
    (lost,) = parcels_of(on_stage, order_id)

    on_stage.desk.fire("dana", order_id, "report_parcel_lost", parcel_id=lost.id, comment="The search was closed.")
    on_stage.settle()
    waiting = on_stage.order(order_id)
    on_stage.track(order_id, DELIVERED)
    on_stage.settle()
    assert on_stage.order(order_id).state == "parts_ordered"
    on_stage.track(order_id, IN_TRANSIT, parcel=2, expected=workday(today, 3))
    on_stage.settle()
    shipped = on_stage.order(order_id)
    on_stage.track(order_id, DELIVERED, parcel=2)
    on_stage.settle()

    first, again = orders_of(on_stage, order_id)
    assert (waiting.state, waiting.sla.state) == ("parts_ordered", AWAITING)
    assert waiting.fulfilment.order_number == again.number != first.number
    assert (shipped.state, day(shipped.sla.due_date)) == ("shipped", due_after(workday(today, 3)))
    assert on_stage.order(order_id).state == "in_progress"
    # The old part comes back once the new one is there; what was lost does not.
    assert [each.cause for each in returns_of(on_stage, order_id)] == [rma_pb2.RMA_CAUSE_OLD_PARTS]
    assert again.lines[0].replaces_line_id == first.lines[0].id
    assert first.lines[0].fault == "Lost on its way"


@pytest.mark.req("CP-77")
def test_a_damaged_part_is_ordered_again_goes_back_and_arrives_by_the_usual_road(on_stage, today):
    order_id = on_its_way(on_stage, workday(today, 1), DELIVERED)
    (item,) = on_stage.line_items(order_id)

    on_stage.desk.fire(
        "dana", order_id, "order_replacement", reason_code="part_damaged", comment="The housing is cracked.",
        affected_parts=[
            {"line_item_id": item.id, "part_id": on_stage.world.parts["VT40-HEAD"], "quantity": 1},
        ],
    )  # fmt: skip
    on_stage.settle()
    waiting = on_stage.order(order_id)
    on_stage.track(order_id, DELIVERED, parcel=2, expected=workday(today, 5))
    on_stage.settle()

    order = on_stage.order(order_id)
    assert (waiting.state, waiting.sla.state) == ("parts_ordered", AWAITING)
    assert (order.state, day(order.sla.due_date)) == ("in_progress", due_after(workday(today, 5)))
    by_cause = {each.cause: each for each in returns_of(on_stage, order_id)}
    assert by_cause.keys() == {rma_pb2.RMA_CAUSE_OLD_PARTS, rma_pb2.RMA_CAUSE_FAULTY_PARTS}
    assert by_cause[rma_pb2.RMA_CAUSE_FAULTY_PARTS].reason == "Part arrived damaged"
    first, again = orders_of(on_stage, order_id)
    assert (first.lines[0].replaced, first.lines[0].fault) == (1, "Part arrived damaged")
    assert again.lines[0].replaces_line_id == first.lines[0].id
    assert on_stage.states(order_id)[-3:] == ["Parts Ordered", "Parts Delivered", "In Progress"]
