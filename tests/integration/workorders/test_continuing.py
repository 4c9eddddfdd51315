"""Orders that go on with the task of another, and orders that are reopened, on both databases."""

from __future__ import annotations

import pytest
from fieldmesh.workorders.v1 import attachment_pb2, events_pb2, work_order_pb2

from services.chassis.errors import NotFound
from services.chassis.identity import Call, calling
from services.workorders import seeds
from services.workorders.domain.errors import WorkOrderError
from tests.integration.workorders.conftest import ADMIN, BLUEFERN, DISPATCHER, KESTREL, ME, PARTNER, STRANGER

BLOCKED = {"reason_code": "obstruction", "comment": "A wall stands before the cabinet"}


@pytest.fixture
def office(desk):
    """The desk with its reasons, and a territory that both partners serve."""
    with desk.app.database.begin(actor=ME, now=desk.clock.now()) as transaction:
        seeds.seed(transaction.connection)
    territory = desk.kit("Territory", "GetTerritory", DISPATCHER, id=desk.ids["territory"])
    territory.served_by[:] = [BLUEFERN, KESTREL]
    desk.kit("Territory", "UpdateTerritory", DISPATCHER, territory=territory, update_mask={"paths": ["served_by"]})
    return desk


def files_of(desk, order, caller):
    mine = [{"field": "work_order_id", "operator": 1, "values": [order.id]}]
    return list(desk.kit("Attachment", "ListAttachments", caller, query={"filters": mine}).attachments)


def content_of(desk, file, caller) -> bytes:
    asked = attachment_pb2.DownloadAttachmentRequest(id=file.id)
    with calling(Call(caller, "r-1")):
        return b"".join(each.chunk for each in desk.app.file_contents.DownloadAttachment(asked, None))


def successor_of(desk, order):
    return desk.get(desk.get(order.id).successor.id)


@pytest.mark.req("R-2")
def test_reallocating_makes_a_linked_order_for_the_other_organisation_with_the_task_alone(office):
    order = office.allocated()
    office.deliver(order)

    ended = office.fire(order, "reallocate", DISPATCHER, executor_org=KESTREL, comment="Too far away").work_order
    fresh = successor_of(office, order)

    assert (ended.state, ended.ending.reason) == ("cancelled", "Given to another organisation")
    assert (fresh.state, fresh.executor_org, fresh.subject) == ("assigned", KESTREL, order.subject)
    assert (fresh.predecessor.number, fresh.predecessor.kind) == (order.number, work_order_pb2.LINK_KIND_REALLOCATION)
    assert [(item.number, item.work_type_name) for item in office.items(fresh, STRANGER)] == [
        ("00000001", "Head replacement"),
        ("00000002", "Head replacement"),
    ]
    assert files_of(office, fresh, STRANGER) == []
    assert [row.field for row in office.history(fresh, STRANGER)][:2] == ["state", "predecessor"]
    with pytest.raises(NotFound):
        office.get(order.id, STRANGER)
    with pytest.raises(NotFound):
        office.get(fresh.id, PARTNER)
    told = [(moved.work_order.number, moved.transition, [n.template for n in moved.notices]) for moved in office.told()]
    assert told[-3:] == [
        (fresh.number, "create", []),
        (fresh.number, "allocate", ["work_order_assigned"]),
        (order.number, "reallocate", ["work_order_reallocated"]),
    ]


@pytest.mark.req("R-2")
def test_reallocating_twice_with_one_request_makes_one_order(office):
    order = office.allocated()
    asked = {"executor_org": KESTREL, "request_id": "once", "etag": office.get(order.id).etag}

    first = office.fire(order, "reallocate", DISPATCHER, **asked).work_order
    again = office.fire(order, "reallocate", DISPATCHER, **asked).work_order

    assert first.successor.id == again.successor.id
    assert len(office.list(ADMIN).work_orders) == 2


@pytest.mark.req("CP-89")
def test_a_rejected_order_stays_rejected_when_its_work_is_given_to_somebody_else(office):
    order = office.allocated()
    office.fire(order, "reject", PARTNER, reason_code="mismatch")

    with pytest.raises(WorkOrderError) as to_itself:
        office.fire(order, "reallocate_rejected", DISPATCHER, executor_org=BLUEFERN)
    office.fire(order, "reallocate_rejected", DISPATCHER, executor_org=KESTREL)
    with pytest.raises(WorkOrderError) as twice:
        office.fire(order, "reallocate_rejected", DISPATCHER, executor_org=KESTREL)

    assert "has the order already" in str(to_itself.value)
    assert office.get(order.id).state == "rejected"
    assert f"Work order {successor_of(office, order).number} continues this one" in str(twice.value)


@pytest.mark.req("CP-90")
@pytest.mark.req("CP-44")
def test_hard_case_11_a_follow_up_carries_only_what_was_not_finished_and_the_files(office):
    order = office.at_work()
    first, second = office.items(order)
    office.fire(order, "fail_line_item", PARTNER, line_item_id=first.id, comment="The bolts are rusted through")
    with pytest.raises(WorkOrderError) as after_a_failed_one:
        office.fire(order, "finish_line_item", PARTNER, line_item_id=second.id)
    office.deliver(order)
    office.fire(order, "could_not_complete", PARTNER, **BLOCKED)

    office.fire(order, "issue_follow_up", DISPATCHER, executor_org=BLUEFERN, comment="Bring a torch")
    follow_up = successor_of(office, order)
    with pytest.raises(WorkOrderError) as one_at_a_time:
        office.fire(order, "issue_follow_up", DISPATCHER)
    office.fire(follow_up, "cancel", DISPATCHER, reason_code="self_resolved")
    office.fire(order, "issue_follow_up", DISPATCHER)

    assert "00000001 has to be done before 00000002 and could not be" in str(after_a_failed_one.value)
    assert (follow_up.state, follow_up.predecessor.kind) == ("assigned", work_order_pb2.LINK_KIND_FOLLOW_UP)
    assert [item.state for item in office.items(follow_up)] == [1, 1]
    assert "is still open" in str(one_at_a_time.value)
    later = successor_of(office, order)
    assert (later.state, later.executor_org) == ("unallocated", "")
    assert len([answer for answer in office.orders("VerifyHistory", ADMIN) if answer.fault]) == 0


@pytest.mark.req("CP-90")
def test_a_carried_file_keeps_its_content_when_the_first_one_is_gone(office):
    order = office.at_work()
    office.fire(order, "finish_line_item", PARTNER, line_item_id=office.items(order)[0].id)
    office.deliver(order)
    office.fire(order, "could_not_complete", PARTNER, **BLOCKED)
    office.fire(order, "issue_follow_up", DISPATCHER, executor_org=BLUEFERN)
    follow_up = successor_of(office, order)
    original = files_of(office, order, PARTNER)[0]
    carried = files_of(office, follow_up, PARTNER)[0]
    content = content_of(office, original, PARTNER)

    gone = attachment_pb2.DeleteAttachmentRequest(id=carried.id)
    office.call(office.app.file_contents, "DeleteAttachment", DISPATCHER, gone)

    assert (carried.title, carried.deliverable) == (original.title, "")
    assert [item.number for item in office.items(follow_up)] == ["00000001"]
    assert content_of(office, original, PARTNER) == content
    assert files_of(office, follow_up, PARTNER) == []


@pytest.mark.req("R-4")
def test_reopening_asks_for_the_sign_offs_again_and_keeps_the_earlier_ones_in_history(office):
    order = office.at_work()
    office.fire(order, "could_not_complete", PARTNER, **BLOCKED)

    with pytest.raises(WorkOrderError) as dispatcher:
        office.fire(order, "reopen", DISPATCHER, comment="Try again")
    reopened = office.fire(order, "reopen", ADMIN, comment="The wall is gone").work_order

    assert dispatcher.value.reason == "ROLE_NOT_ALLOWED"
    assert (reopened.state, reopened.clock_running, reopened.ending.reason) == ("in_progress", True, "")
    moved = office.told(events_pb2.WorkOrderMoved)[-1]
    assert (list(moved.effects), moved.notices[0].template) == (["resume_clock"], "work_order_reopened")
    told = {(row.field, row.old_value) for row in office.history(order) if row.transition == "reopen"}
    assert ("state", "Cannot Complete") in told
    assert any(field == "ending" and "wall" in old for field, old in told)


@pytest.mark.req("R-4")
def test_a_closed_order_that_is_reopened_is_scheduled_visited_and_completed_anew(office):
    order = office.ready()
    office.fire(order, "complete", PARTNER)
    office.fire(order, "close", DISPATCHER)

    reopened = office.fire(order, "reopen", ADMIN, comment="The latch is loose again").work_order
    with pytest.raises(WorkOrderError) as unsigned:
        office.fire(order, "complete", PARTNER)

    assert reopened.state == "in_progress"
    assert not reopened.HasField("close_time")
    assert not reopened.appointment.HasField("start_time")
    assert {violation.field for violation in unsigned.value.violations} == {
        "scheduling_completed_date", "appointment.start_time", "visit.arrive_time", "visit.depart_time",
    }  # fmt: skip
    assert any(row.field == "close_time" and row.old_value for row in office.history(order))


@pytest.mark.req("CP-90")
def test_an_order_with_an_open_follow_up_is_not_reopened(office):
    order = office.at_work()
    office.fire(order, "could_not_complete", PARTNER, **BLOCKED)
    office.fire(order, "issue_follow_up", DISPATCHER)

    with pytest.raises(WorkOrderError) as refused:
        office.fire(order, "reopen", ADMIN, comment="The wall is gone")

    assert "is still open" in str(refused.value)
