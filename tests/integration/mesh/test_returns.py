"""Returns over the real services: completion waits for proof, also while shipping is down (CP-83)."""

import datetime as dt
import itertools

import pytest
from fieldmesh.shipping.v1 import rma_pb2, rma_service_pb2, rma_service_pb2_grpc

from services.chassis.errors import Refusal, Unavailable
from services.chassis.ids import new_id
from tests.integration.mesh.test_main_line import COLUMBUS, picture, workday
from tests.integration.mesh.test_parts_again import DELIVERED, IN_TRANSIT, returns_of
from tests.support.patience import eventually

pytestmark = pytest.mark.xdist_group("mesh")
HOURS = itertools.cycle(range(10, 24, 2))  # Allan's visits follow one after the other, after those of test_main_line
PHOTOS = ("Photo of the station before", "Photo of the station after")


def done(stage):
    """An order whose new part was delivered and built in: everything but the old part is where it belongs."""
    order_id = stage.accepted()
    today = dt.datetime.now(COLUMBUS).date()
    stage.track(order_id, DELIVERED, expected=today)
    stage.settle()
    stage.desk.fire("megan", order_id, "assign_technician", person_id=stage.world.people["allan"])
    appointment = {
        "appointment.date": workday(today, 1),
        "appointment.time": f"{next(HOURS):02d}:00",
        "technician.phone": "614-555-0113",
        "scheduling_completed_date": today,
    }
    stage.desk.fire("megan", order_id, "save_appointment", appointment)
    now = dt.datetime.now(dt.UTC)
    visit = {"visit.arrive_time": now - dt.timedelta(hours=2), "visit.depart_time": now - dt.timedelta(hours=1)}
    stage.desk.fire("allan", order_id, "set_visit_times", visit)
    for item in stage.line_items(order_id):
        stage.desk.fire("allan", order_id, "finish_line_item", line_item_id=item.id, comment="Done.")
    for name in PHOTOS:
        stage.desk.upload("allan", order_id, f"{name}.png", picture(), name)
    stage.settle()
    return order_id


def verb(stage, person, method, **given):
    stage.desk.become(person)
    stub = stage.channels.stub(rma_service_pb2_grpc.RmaDeskServiceStub, "shipping")
    return getattr(stub, method)(getattr(rma_service_pb2, f"{method}Request")(request_id=new_id(), **given))


def why_not(stage, person, order_id, transition):
    with pytest.raises(Refusal) as refused:
        stage.desk.fire(person, order_id, transition)
    return " ".join([str(refused.value), *(each.description for each in refused.value.violations)])


@pytest.mark.req("CP-83")
@pytest.mark.req("CP-69")
@pytest.mark.req("CP-47")
def test_completion_waits_for_the_proof_and_closing_for_the_parts(on_stage):
    order_id = done(on_stage)
    (rma,) = returns_of(on_stage, order_id)
    assert (rma.cause, rma.state) == (rma_pb2.RMA_CAUSE_OLD_PARTS, rma_pb2.RMA_STATE_REQUESTED)

    assert rma.number in why_not(on_stage, "megan", order_id, "complete")
    receipt = on_stage.desk.upload("allan", order_id, "Receipt.png", picture())
    proved = verb(on_stage, "allan", "RecordReturnProof", rma_id=rma.id, attachment_id=receipt)
    on_stage.desk.fire("megan", order_id, "complete")
    assert rma.number in why_not(on_stage, "dana", order_id, "close")
    verb(on_stage, "dana", "ReceiveReturn", rma_id=rma.id)
    verb(on_stage, "dana", "CloseReturn", rma_id=rma.id)
    on_stage.desk.fire("dana", order_id, "close")

    assert (proved.proof.attachment_title, proved.proof.person_name) == ("Receipt.png", "Allan Heward")
    assert on_stage.order(order_id).state == "closed"
    on_stage.settle()
    noted = [each for each in on_stage.history(order_id) if each.field == "return_proof"]
    assert [(each.new_value, each.actor.display_name) for each in noted] == [
        (f"{rma.number}: file Receipt.png", "Allan Heward")
    ]
    told = [f"Parts of work order {on_stage.order(order_id).number} must be returned"]
    mails = eventually(
        lambda: [m for m in on_stage.mailbox.to("megan.castellano@bluefern.example.com") if m["Subject"] in told],
    )
    assert len(mails) == 1


@pytest.mark.req("CP-83")
def test_while_shipping_is_down_completion_says_what_to_do_and_goes_through_when_it_is_back(on_stage):
    order_id = done(on_stage)
    (rma,) = returns_of(on_stage, order_id)
    verb(on_stage, "megan", "RecordReturnProof", rma_id=rma.id, carrier="Northway Freight", tracking_number="NWR1")

    on_stage.running.kill("shipping")
    words = why_not(on_stage, "megan", order_id, "complete")
    state = on_stage.order(order_id).state
    on_stage.running.start("shipping")

    def completed():
        try:
            return on_stage.desk.fire("megan", order_id, "complete").work_order.state == "completed"
        except (Unavailable, Refusal):
            return False

    assert "shipping service does not answer" in words
    assert "try again" in words
    assert state == "in_progress"
    assert eventually(completed)


@pytest.mark.req("CP-88")
def test_hard_case_11_what_could_not_be_done_returns_unused_and_leaves_the_old_part(on_stage):
    order_id = on_stage.accepted()
    on_stage.track(order_id, DELIVERED, expected=dt.datetime.now(COLUMBUS).date())
    on_stage.settle()

    on_stage.desk.fire("megan", order_id, "could_not_complete", reason_code="obstruction", comment="Walled in.")
    on_stage.settle()

    states = {each.cause: each.state for each in returns_of(on_stage, order_id)}
    assert states == {
        rma_pb2.RMA_CAUSE_OLD_PARTS: rma_pb2.RMA_STATE_CANCELLED,
        rma_pb2.RMA_CAUSE_UNUSED_PARTS: rma_pb2.RMA_STATE_REQUESTED,
    }


@pytest.mark.req("CP-87")
def test_what_left_when_the_order_was_cancelled_is_asked_back_with_a_day(on_stage):
    order_id = on_stage.accepted()
    today = dt.datetime.now(COLUMBUS).date()
    on_stage.track(order_id, IN_TRANSIT, expected=workday(today, 2))
    on_stage.settle()

    on_stage.desk.fire("dana", order_id, "cancel", reason_code="self_resolved", comment="Works.")
    on_stage.settle()

    (rma,) = returns_of(on_stage, order_id)
    assert (rma.cause, rma.state) == (rma_pb2.RMA_CAUSE_UNUSED_PARTS, rma_pb2.RMA_STATE_REQUESTED)
    assert dt.date(rma.due_date.year, rma.due_date.month, rma.due_date.day) == today + dt.timedelta(days=14)
