"""One service down: what goes on without it, what waits, and what every page says (domain.md)."""

import datetime as dt

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.chassis.errors import Unavailable
from tests.integration.mesh.test_main_line import COLUMBUS, workday
from tests.support.over import admin_over
from tests.support.patience import eventually
from tests.support.stage import ACCEPTANCE

pytestmark = pytest.mark.xdist_group("mesh")
ANNOUNCED, HANDED_OVER = 1, 2


@pytest.fixture(scope="module")
def on_stage(shared):
    """What people see does not depend on the database or the transport; test_faults cuts the broker."""
    return shared("embedded")


@pytest.fixture
def enter(on_stage, tmp_path):
    """Signs people in at an admin over that mesh."""
    with admin_over(on_stage.running, tmp_path) as sign_in:
        yield sign_in


@pytest.fixture
def without(on_stage):
    """Stops a service until the test says that it is back, or ends."""
    stopped = []

    def stop(service):
        on_stage.running.stop(service)
        stopped.append(service)

        def start():
            on_stage.running.start(service)
            stopped.remove(service)
            eventually(lambda: reached(on_stage, service))

        return start

    yield stop
    for service in stopped:
        on_stage.running.start(service)
        eventually(lambda one=service: reached(on_stage, one))


def reached(stage, service):
    """Whether both of a stage's connections to a service were made again."""
    try:
        for channels in (stage.channels, stage.operator):
            channels.stub(health_pb2_grpc.HealthStub, service).Check(health_pb2.HealthCheckRequest())
    except Unavailable:
        return False
    return True


def state_of(stage, order_id):
    """The state, or nothing while a connection is being made again."""
    try:
        return stage.order(order_id).state
    except Unavailable:
        return ""


def test_while_workorders_is_down_shipping_goes_on_and_orders_catch_up(on_stage, enter, without):
    order_id = on_stage.accepted()
    today = dt.datetime.now(COLUMBUS).date()
    on_stage.track(order_id, ANNOUNCED, expected=workday(today, 3))
    on_stage.settle()
    dispatcher = enter("dispatcher")
    taken = on_stage.tracker(order_id)

    back = without("workorders")
    applied = taken(HANDED_OVER)
    orders, parcels = dispatcher.get("/work-orders/"), dispatcher.get("/parcels/")

    assert applied.applied
    assert (orders.status_code, parcels.status_code) == (503, 200)
    assert "The workorders service is not answering." in orders.text
    assert "The workorders service is not answering." in parcels.text
    assert f"T{order_id[-8:]}1" in parcels.text
    back()
    eventually(lambda: state_of(on_stage, order_id) == "shipped")


def test_while_shipping_is_down_accepting_goes_on_and_the_last_target_judges_the_appointment(on_stage, enter, without):
    today = dt.datetime.now(COLUMBUS).date()
    known = on_stage.accepted()
    on_stage.track(known, ANNOUNCED, expected=workday(today, 2))
    on_stage.settle()
    pending = on_stage.allocated()
    on_stage.settle()
    partner = enter("partner")

    back = without("shipping")
    on_stage.desk.fire("megan", pending, "accept", ACCEPTANCE)
    late = {"appointment.date": workday(today, 9), "appointment.time": "09:30", "scheduling_completed_date": today}
    with pytest.raises(Exception, match="not within SLA Completed Date"):
        on_stage.desk.fire("megan", known, "save_appointment", late)
    details = partner.get(f"/work-orders/{known}").text
    parts = partner.get(f"/work-orders/{pending}?tab=parts")

    assert "SLA as of" in details
    assert "The shipping service is not answering." in details
    assert parts.status_code == 200
    assert on_stage.order(pending).state == "ship_to_received"
    back()
    eventually(lambda: on_stage.order(pending).fulfilment.order_number)
    assert on_stage.states(pending).count("Parts Ordered") == 1


def test_while_technicians_is_down_who_is_assigned_stays_readable_and_others_wait(on_stage, enter, without):
    order_id = on_stage.allocated()
    on_stage.desk.fire("megan", order_id, "assign_technician", person_id=on_stage.world.people["allan"])
    on_stage.settle()
    partner = enter("partner")

    back = without("technicians")
    page = partner.get(f"/work-orders/{order_id}")
    with pytest.raises(Unavailable):
        on_stage.desk.fire("megan", order_id, "assign_technician", person_id=on_stage.world.people["joshua"])

    assert page.status_code == 200
    assert "Allan Heward" in page.text
    assert "The technicians service is not answering." in page.text
    assert on_stage.order(order_id).technician.name == "Allan Heward"
    back()


@pytest.mark.req("CP-67")
def test_a_dispatcher_assigns_while_technicians_is_down_and_it_is_checked_by_itself_afterwards(
    on_stage, enter, without
):
    sound, doubtful = on_stage.allocated(), on_stage.allocated()
    on_stage.settle()
    people, why = on_stage.world.people, {"reason_code": "trained_on_site", "comment": "The site is dark"}
    dispatcher = enter("dispatcher")

    back = without("technicians")
    on_stage.desk.fire("dana", sound, "assign_technician", person_id=people["allan"], **why)
    on_stage.desk.fire("dana", doubtful, "assign_technician", person_id=people["priya"], **why)
    page = dispatcher.get(f"/work-orders/{sound}?tab=assignment")
    waiting = [flag.code for flag in on_stage.order(sound).flags]

    assert waiting == ["assignment_unchecked"]
    assert "Assign without the check" in page.text
    assert "Not checked yet" in page.text
    back()
    eventually(lambda: not on_stage.order(sound).flags, excusing=Unavailable)
    eventually(
        lambda: [flag.code for flag in on_stage.order(doubtful).flags] == ["assignment_questioned"],
        excusing=Unavailable,
    )
    assert "Missing skills" in on_stage.order(doubtful).flags[0].message
    assert on_stage.order(doubtful).technician.person_id == people["priya"]
    number = on_stage.order(doubtful).number
    told = "dana.whitfield@voltara.example.com"
    eventually(
        lambda: [mail for mail in on_stage.mailbox.to(told) if f"technician of work order {number}" in mail["Subject"]]
    )
    tab = eventually(
        lambda: (
            "Not checked yet" not in (page := dispatcher.get(f"/work-orders/{sound}?tab=assignment")).text and page.text
        )
    )
    assert "Assigned" in tab


def test_while_notifications_is_down_everything_goes_on_and_mails_go_out_once_later(on_stage, enter, without):
    dispatcher = enter("dispatcher")

    back = without("notifications")
    order_id = on_stage.allocated()
    number = on_stage.order(order_id).number
    page = dispatcher.get(f"/work-orders/{order_id}")
    before = [mail for mail in on_stage.mailbox.mails if number in mail["Subject"]]

    assert page.status_code == 200
    assert "The notifications service is not answering." in page.text
    assert before == []
    back()
    told = "megan.castellano@bluefern.example.com"
    eventually(lambda: [mail for mail in on_stage.mailbox.to(told) if number in mail["Subject"]])
    on_stage.settle()
    assert len([mail for mail in on_stage.mailbox.to(told) if number in mail["Subject"]]) == 1
