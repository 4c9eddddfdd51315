"""Hard case 9 over the real services: a freelancer works for two partners, and neither learns of the other's order."""

import datetime as dt

import pytest
from fieldmesh.common.v1 import list_pb2
from fieldmesh.technicians.v1 import (
    assignment_pb2,
    assignment_pb2_grpc,
    membership_pb2,
    membership_pb2_grpc,
    roster_service_pb2,
    roster_service_pb2_grpc,
    technician_pb2,
    technician_pb2_grpc,
    technicians_service_pb2,
    technicians_service_pb2_grpc,
)
from fieldmesh.workorders.v1 import (
    feed_pb2,
    feed_pb2_grpc,
    history_entry_pb2,
    history_entry_pb2_grpc,
    work_order_service_pb2,
    work_order_service_pb2_grpc,
)

from services.chassis.errors import NotFound, Refusal
from services.cli.demo.calls import of_order
from tests.integration.mesh.test_main_line import COLUMBUS, workday
from tests.support.stage import ACCEPTANCE

pytestmark = pytest.mark.xdist_group("mesh-changed")
TRAVEL = {path: value for path, value in ACCEPTANCE.items() if path.startswith("travel.")}
NOOR = "noor.haddad@example.com"
# Both partners serve it.
DAYTON = {"account": "Tamsin County Library", "site": "Tamsin Main Library", "area": "Ohio - Dayton"}
BUSY = "Another visit overlaps."


@pytest.fixture
def on_stage(changed_stage):
    return changed_stage


def booked(stage, partner, company, day, time):
    """An order of a partner whose visit is agreed; nobody is assigned yet."""
    order_id = stage.allocated("VT-40 Wiring Verification", plan="", to=company, **DAYTON)
    stage.desk.fire(partner, order_id, "accept_without_parts", TRAVEL)
    agreed = dt.datetime.now(COLUMBUS).date()
    appointment = {"appointment.date": day, "appointment.time": time, "scheduling_completed_date": agreed}
    stage.desk.fire(partner, order_id, "save_appointment", appointment)
    stage.settle()
    return order_id


def assign(stage, partner, order_id, **reason):
    return stage.desk.fire(
        partner, order_id, "assign_technician", person_id=stage.world.people["noor"], **reason
    )  # fmt: skip


def looked_for(stage, partner, order_id):
    """Whether a search for Noor says that she can come, with the whole answer."""
    order = stage.order(order_id, partner)
    need = technicians_service_pb2.WorkNeed(
        work_order_id=order_id, site_time_zone=order.site_time_zone, start_time=order.appointment.start_time
    )
    stage.desk.become(partner)
    stub = stage.channels.stub(technicians_service_pb2_grpc.AssignmentDeskServiceStub, "technicians")
    found = stub.SearchTechnicians(technicians_service_pb2.SearchTechniciansRequest(need=need, email=NOOR))
    checked = stub.CheckEligibility(
        technicians_service_pb2.CheckEligibilityRequest(need=need, technician_id=stage.world.technicians["noor"])
    )
    return found, checked


def all_that_is_seen(stage, partner, order_id):
    """Everything in which somebody could find visits of Noor, as text: lists, calendar, history, feed, roster."""
    stage.desk.become(partner)
    channels, plenty = stage.channels, list_pb2.ListQuery(page_size=200)
    orders = channels.stub(work_order_service_pb2_grpc.WorkOrderServiceStub, "workorders")
    by_name = list_pb2.ListQuery(page_size=200, search="Noor")
    history = channels.stub(history_entry_pb2_grpc.HistoryEntryServiceStub, "workorders")
    feed = channels.stub(feed_pb2_grpc.FeedPostServiceStub, "workorders")
    assignments = channels.stub(assignment_pb2_grpc.AssignmentServiceStub, "technicians")
    technicians = channels.stub(technician_pb2_grpc.TechnicianServiceStub, "technicians")
    memberships = channels.stub(membership_pb2_grpc.MembershipServiceStub, "technicians")
    roster = channels.stub(roster_service_pb2_grpc.RosterServiceStub, "technicians")
    return [
        orders.ListWorkOrders(work_order_service_pb2.ListWorkOrdersRequest(query=plenty)),
        orders.ListWorkOrders(work_order_service_pb2.ListWorkOrdersRequest(query=by_name)),
        history.ListHistoryEntries(history_entry_pb2.ListHistoryEntriesRequest(query=of_order(order_id))),
        feed.ListFeedPosts(feed_pb2.ListFeedPostsRequest(query=of_order(order_id))),
        assignments.ListAssignments(assignment_pb2.ListAssignmentsRequest(query=plenty)),
        technicians.ListTechnicians(technician_pb2.ListTechniciansRequest(query=plenty)),
        memberships.ListMemberships(membership_pb2.ListMembershipsRequest(query=plenty)),
        roster.SearchRoster(roster_service_pb2.SearchRosterRequest(email=NOOR)),
    ]


@pytest.mark.req("CP-66")
def test_hard_case_9_an_overlap_is_found_and_neither_partner_learns_of_the_others_order(on_stage):
    day = workday(dt.datetime.now(COLUMBUS).date(), 3)
    theirs = booked(on_stage, "megan", "bluefern", day, "09:00")
    mine = booked(on_stage, "kwame", "kestrel", day, "09:30")
    secrets = (theirs, on_stage.order(theirs).number, on_stage.world.organizations["bluefern"], "Bluefern", "Megan")

    free, eligible = looked_for(on_stage, "kwame", mine)
    with pytest.raises(Refusal) as unexplained:
        assign(on_stage, "megan", theirs)
    assign(on_stage, "megan", theirs, reason_code="special_skill")
    on_stage.settle()
    busy, checked = looked_for(on_stage, "kwame", mine)
    with pytest.raises(Refusal) as refused:
        assign(on_stage, "kwame", mine, reason_code="special_skill")

    assert unexplained.value.reason == "FREELANCER_REASON_MISSING"
    assert [(each.technician.name, each.busy, each.freelancer) for each in free.matches] == [
        ("Noor Haddad", False, True)
    ]
    assert (eligible.eligible, eligible.eligible_with_reason) == (False, True)
    assert [each.busy for each in busy.matches] == [True]
    assert (checked.eligible_with_reason, BUSY in checked.problems) == (False, True)
    said = refused.value
    assert said.reason == "TECHNICIAN_NOT_ELIGIBLE"
    assert BUSY in [each.description for each in said.violations]
    told = [str(said), said.metadata, said.violations, busy, checked, *all_that_is_seen(on_stage, "kwame", mine)]
    assert not [secret for secret in secrets for each in told if secret in str(each)]
    held = assignments_of(on_stage, "megan", theirs)
    assert [(row.technician_name, row.reason_code) for row in held] == [("Noor Haddad", "special_skill")]
    on_stage.desk.become("kwame")
    with pytest.raises(NotFound):
        stub = on_stage.channels.stub(assignment_pb2_grpc.AssignmentServiceStub, "technicians")
        stub.GetAssignment(assignment_pb2.GetAssignmentRequest(id=held[0].id))
    with pytest.raises(NotFound):
        on_stage.order(theirs, "kwame")
    assert on_stage.order(mine).technician.name == ""

    later = {"appointment.date": workday(day, 1), "appointment.time": "09:30"}
    on_stage.desk.fire("kwame", mine, "save_appointment", later)
    on_stage.settle()
    assign(on_stage, "kwame", mine, reason_code="no_own_technician")
    on_stage.settle()
    clash = {"appointment.date": day, "appointment.time": "09:00"}
    with pytest.raises(Refusal) as moved_into:
        on_stage.desk.fire("kwame", mine, "save_appointment", clash)

    assert on_stage.order(mine, "kwame").technician.name == "Noor Haddad"
    words = (str(moved_into.value), moved_into.value.metadata, moved_into.value.violations)
    assert moved_into.value.reason == "APPOINTMENT_OVERLAP"
    kwames = [*words, *all_that_is_seen(on_stage, "kwame", mine)]
    assert not [secret for secret in secrets for each in kwames if secret in str(each)]
    megans = all_that_is_seen(on_stage, "megan", theirs)
    hidden = (mine, on_stage.order(mine).number, on_stage.world.organizations["kestrel"], "Kestrel", "Kwame")
    assert not [secret for secret in hidden for each in megans if secret in str(each)]


def assignments_of(stage, partner, order_id):
    stage.desk.become(partner)
    stub = stage.channels.stub(assignment_pb2_grpc.AssignmentServiceStub, "technicians")
    return stub.ListAssignments(assignment_pb2.ListAssignmentsRequest(query=of_order(order_id))).assignments
