"""The main line of partner service over the servicers, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from fieldmesh.workorders.v1 import work_order_pb2
from sqlalchemy import update

from services.chassis.errors import InvalidRequest, NotFound, StaleEtag, Unavailable, WrongState
from services.chassis.tables import OWN
from services.workorders.domain.errors import WorkOrderError
from services.workorders.tables import history
from tests.integration.workorders.conftest import (
    ADMIN,
    APPROVER,
    BLUEFERN,
    DISPATCHER,
    NOW,
    PARTNER,
    STRANGER,
    TECHNICIAN,
    UTILITY,
    acceptance,
    appointment,
    on,
)  # fmt: skip


def reason_of(error) -> str:
    return error.value.reason


@pytest.mark.req("CP-17")
@pytest.mark.req("CP-40")
def test_a_new_order_takes_its_names_from_master_data(desk):
    order = desk.create()

    assert order.number.startswith("201")
    assert len(order.number) == 8
    assert (order.account_name, order.territory_name) == ("Harbor Glen Apartments", "Texas - Waco")
    assert (order.contact_name, order.contact_email, order.contact_phone) == (
        "Lee Park", "lee@example.com", "512-555-0109",
    )  # fmt: skip
    assert order.station_count == 1
    assert order.customer_service_executive_name == "Cora Vale"
    assert order.site_address.city == "Waco"
    assert (order.state_label, order.parts_required, order.work_type_name) == ("Unallocated", True, "Head replacement")
    assert [row.new_value for row in desk.history(order)] == ["Unallocated"]


def test_creating_names_every_wrong_reference(desk):
    with pytest.raises(InvalidRequest) as refused:
        desk.create(account_id="nobody", territory_id="nowhere", station_ids=["none"])

    fields = {violation.field for violation in refused.value.violations}
    assert {"account_id", "territory_id", "station_ids"} <= fields


def test_a_repeated_creation_makes_one_order(desk):
    first = desk.create()
    desk.requests -= 1

    again = desk.create()

    assert again == first
    assert desk.list(DISPATCHER).page.total_size == 1


@pytest.mark.req("CP-18")
def test_a_subject_that_names_another_plan_is_flagged(desk):
    order = desk.create(subject="NonAssure - VT-40 - Head replacement (Ver 01)")

    assert [flag.code for flag in order.flags] == ["subject_plan_mismatch"]


@pytest.mark.req("CP-18")
def test_flags_of_a_subject_are_told_beforehand_and_follow_its_changes(desk):
    wrong = "NonAssure - XX-999 - Head replacement (Ver 01)"
    about = {"entitlement_id": desk.ids["assure"], "station_ids": [desk.ids["station"]]}

    told = desk.orders("CheckSubject", DISPATCHER, subject=wrong, **about).flags
    order = desk.create(subject=wrong)
    wanted = work_order_pb2.WorkOrder(id=order.id, etag=order.etag, subject="Assure - Something else")
    edited = desk.orders("UpdateWorkOrder", DISPATCHER, work_order=wanted, update_mask={"paths": ["subject"]})

    assert [flag.code for flag in told] == [flag.code for flag in order.flags]
    assert [flag.code for flag in told] == ["subject_plan_mismatch", "subject_model_mismatch"]
    assert list(edited.flags) == []


@pytest.mark.req("R-2")
def test_an_unallocated_order_is_edited_and_deleted_and_an_allocated_one_is_not(desk):
    order = desk.create()
    wanted = work_order_pb2.WorkOrder(id=order.id, etag=order.etag, subject="Assure - VT-40 - Latch (Ver 02)")

    edited = desk.orders("UpdateWorkOrder", DISPATCHER, work_order=wanted, update_mask={"paths": ["subject"]})
    allocated = desk.allocated()

    assert edited.subject == wanted.subject
    assert desk.history(order)[-1].field == "subject"
    with pytest.raises(WrongState) as refused:
        desk.orders("DeleteWorkOrder", DISPATCHER, id=allocated.id, etag=allocated.etag)
    assert reason_of(refused) == "ALREADY_ALLOCATED"
    desk.orders("DeleteWorkOrder", DISPATCHER, id=order.id, etag=edited.etag)
    with pytest.raises(NotFound):
        desk.get(order.id, DISPATCHER)


@pytest.mark.req("CP-7")
def test_only_the_parties_see_an_order(desk):
    order = desk.allocated()

    assert desk.get(order.number, PARTNER).id == order.id
    assert desk.get(order.id, APPROVER).id == order.id
    for stranger in (STRANGER, UTILITY, TECHNICIAN):
        with pytest.raises(NotFound):
            desk.get(order.id, stranger)
        assert desk.list(stranger).page.total_size == 0
        assert desk.history(order, stranger) == []
        assert list(desk.orders("BatchGetWorkOrders", stranger, ids=[order.id]).missing_ids) == [order.id]
    assert len(desk.history(order, PARTNER)) == len(desk.history(order)) > 1


@pytest.mark.req("CP-37")
@pytest.mark.req("CP-51")
def test_the_partner_is_offered_what_it_may_do_and_told_why_not(desk):
    order = desk.allocated()

    offered = {
        each.name: each for each in desk.orders("ListAvailableTransitions", PARTNER, work_order_id=order.id).transitions
    }
    for_dispatcher = {
        each.name for each in desk.orders("ListAvailableTransitions", DISPATCHER, work_order_id=order.id).transitions
    }

    assert "accept" in offered
    assert "allocate" not in offered
    assert "accept" not in for_dispatcher
    fields = {field.path: field for step in offered["accept"].steps for field in step.fields}
    prefilled = {path.removeprefix("ship_to."): field.default_value for path, field in fields.items() if "ship" in path}
    assert prefilled.items() >= {
        "name": "Bluefern", "phone": "512-555-0100", "party": "Bluefern", "street": "7 Oak Rd", "city": "Waco",
        "state": "TX", "postal_code": "76701", "country": "US",
    }.items()  # fmt: skip
    assert fields["travel.cost_per_mile"].default_value == "0.67 USD"
    assert fields["travel.free_miles"].read_only
    assert [len(step.fields) for step in offered["accept"].steps] == [10, 6]


@pytest.mark.req("CP-55")
def test_accepting_asks_shipping_for_the_parts_exactly_once(desk):
    order = desk.allocated()
    etag = desk.get(order.id).etag

    first = desk.fire(order, "accept", PARTNER, etag=etag, request_id="accept-1", **acceptance())
    again = desk.fire(order, "accept", PARTNER, etag=etag, request_id="accept-1", **acceptance())

    assert again == first
    assert first.happened
    assert first.work_order.state == "ship_to_received"
    assert first.work_order.travel.billable_miles == 70
    asked = [moved for moved in desk.told() if "request_parts" in moved.effects]
    assert len(asked) == 1
    assert asked[0].parts.acceptance_version == 1
    assert [(line.part_number, line.quantity, line.returnable) for line in asked[0].parts.lines] == [
        ("VT40-HEAD", 1, True)
    ] * 2
    assert first.history[0].field == "ship_to"
    assert first.history[-1].new_value == "Ship-To Received"


@pytest.mark.req("CP-49")
def test_accepting_without_shipping_information_keeps_the_order_assigned(desk):
    order = desk.allocated()
    given = acceptance()

    answer = desk.fire(order, "accept", PARTNER, given["paths"][-3:], values=given["values"])

    assert not answer.happened
    assert answer.warnings[0].code == "SHIPPING_INFORMATION_MISSING"
    assert desk.get(order.id).state == "assigned"
    assert desk.get(order.id).etag == answer.work_order.etag


@pytest.mark.req("CP-50")
def test_a_draft_is_kept_for_the_form_and_gone_after_accepting(desk):
    order = desk.allocated()
    desk.fire(
        order,
        "save_acceptance_draft",
        PARTNER,
        ["ship_to.city", "travel.cost_per_mile"],
        values=acceptance(city="Austin")["values"],
    )

    fields = {
        field.path: field.default_value
        for each in desk.orders("ListAvailableTransitions", PARTNER, work_order_id=order.id).transitions
        if each.name == "accept"
        for step in each.steps
        for field in step.fields
    }

    assert fields["ship_to.city"] == "Austin"
    assert desk.get(order.id).ship_to.city == ""


def test_a_stale_etag_is_refused(desk):
    order = desk.create()
    desk.fire(order, "allocate", DISPATCHER, executor_org=BLUEFERN)

    with pytest.raises(StaleEtag):
        desk.fire(order, "accept", PARTNER, etag=order.etag, **acceptance())


def test_wrong_values_are_named_by_path(desk):
    order = desk.allocated()
    given = acceptance(country="usa", phone="none")
    given["values"].travel.cost_per_mile.micros = -1

    with pytest.raises(InvalidRequest) as refused:
        desk.fire(order, "accept", PARTNER, [*given["paths"], "colour", "ship_to"], values=given["values"])

    fields = {violation.field for violation in refused.value.violations}
    assert fields == {"ship_to.country", "ship_to.phone", "travel.cost_per_mile", "colour", "ship_to"}


@pytest.mark.req("CP-71")
def test_the_parts_move_the_order_and_never_back(desk):
    order = desk.accepted()

    desk.parts(order, 1, 1)
    placed = desk.get(order.id)
    desk.parts(order, 3, 3, expected_delivery_date=on(date(2026, 3, 5)), expected_delivery_changed=True)
    shipped = desk.get(order.id)
    desk.parts(order, 2, 2)
    late = desk.get(order.id)
    desk.parts(order, 4, 4, expected_delivery_date=on(date(2026, 3, 5)))
    delivered = desk.get(order.id)

    assert (placed.state, placed.fulfilment.order_number) == ("parts_ordered", "00287387")
    assert shipped.state == "shipped"
    assert shipped.fulfilment.expected_delivery_date == on(date(2026, 3, 5))
    assert late == shipped
    assert delivered.state == "in_progress"
    states = [(row.old_value, row.new_value) for row in desk.history(order) if row.field == "state"]
    assert states[-2:] == [("Shipped", "Parts Delivered"), ("Parts Delivered", "In Progress")]
    assert any(notice.template == "expected_delivery_changed" for moved in desk.told() for notice in moved.notices)


def test_a_dispatcher_moves_the_parts_by_hand_only_as_far_as_they_are(desk):
    order = desk.accepted()

    with pytest.raises(WorkOrderError) as refused:
        desk.fire(order, "parts_delivered", DISPATCHER)
    shipped = desk.fire(order, "parts_shipped", DISPATCHER).work_order

    assert "not delivered yet" in str(refused.value)
    assert shipped.state == "shipped"


@pytest.mark.req("CP-74")
@pytest.mark.req("CP-75")
def test_a_late_appointment_asks_and_then_keeps_the_reason(desk):
    order = desk.at_work()
    desk.target(order, 2, datetime(2026, 3, 3, 6, tzinfo=UTC))

    with pytest.raises(WorkOrderError) as asked:
        desk.fire(order, "save_appointment", PARTNER, **appointment())
    preview = desk.orders(
        "PreviewTransition", PARTNER, work_order_id=order.id, transition="save_appointment",
        work_order=appointment()["values"], update_mask={"paths": appointment()["paths"]},
    )  # fmt: skip
    confirmed = {"continue_past_target": True, "seen_target_version": 2, "reason_code": "weather"}
    saved = desk.fire(order, "save_appointment", PARTNER, **appointment(), **confirmed).work_order

    assert reason_of(asked) == "APPOINTMENT_AFTER_TARGET"
    assert [warning.code for warning in preview.warnings] == ["APPOINTMENT_AFTER_TARGET"]
    assert saved.appointment.delay_reason_code == "weather"
    assert saved.appointment.delay_reason == "Delay due to weather"
    moved = desk.told()[-1]
    assert (moved.reason_code, moved.reason_label) == ("weather", "Delay due to weather")
    assert any(row.reason.startswith("Delay due to weather") for row in desk.history(order))


def test_hard_case_5_a_moved_target_asks_again(desk):
    order = desk.at_work()
    desk.target(order, 2, datetime(2026, 3, 3, 6, tzinfo=UTC))
    confirmed = {"continue_past_target": True, "seen_target_version": 1, "reason_code": "weather"}

    with pytest.raises(WorkOrderError) as asked:
        desk.fire(order, "save_appointment", PARTNER, **appointment(), **confirmed)

    assert reason_of(asked) == "TARGET_CHANGED"


def test_a_target_whose_event_is_still_on_its_way_counts_already(desk):
    order = desk.at_work()
    desk.target(order, 2, datetime(2026, 3, 6, 6, tzinfo=UTC))
    desk.shipping.target = desk.computed(order, 3, datetime(2026, 3, 3, 6, tzinfo=UTC))

    with pytest.raises(WorkOrderError) as asked:
        desk.fire(order, "save_appointment", PARTNER, **appointment())
    desk.shipping.down = True
    saved = desk.fire(order, "save_appointment", PARTNER, **appointment()).work_order

    assert reason_of(asked) == "APPOINTMENT_AFTER_TARGET"
    assert asked.value.metadata["target_version"] == "3"
    assert saved.appointment.delay_reason_code == ""


def test_an_appointment_at_which_the_technician_is_elsewhere_is_refused(desk):
    order = desk.at_work()
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    desk.technicians.busy = True

    with pytest.raises(WorkOrderError) as refused:
        desk.fire(order, "save_appointment", PARTNER, **appointment())
    asked = desk.technicians.checked[-1].need
    desk.technicians.down = True
    saved = desk.fire(order, "save_appointment", PARTNER, **appointment()).work_order

    assert reason_of(refused) == "APPOINTMENT_OVERLAP"
    assert [violation.field for violation in refused.value.violations] == ["appointment.time"]
    assert asked.start_time.ToDatetime(tzinfo=UTC) == datetime(2026, 3, 3, 15, tzinfo=UTC)
    assert saved.appointment.time == "09:00"


@pytest.mark.req("CP-59")
@pytest.mark.req("CP-65")
def test_a_technician_without_a_skill_is_assigned_with_a_reason(desk):
    order = desk.at_work()
    desk.technicians.missing = ["VT40-CM"]

    with pytest.raises(WorkOrderError) as refused:
        desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    assert desk.technicians.reserved == []
    reason = {"reason_code": "other", "comment": "Trained on it"}
    assigned = desk.fire(order, "assign_technician", PARTNER, person_id="tech", **reason).work_order

    assert reason_of(refused) == "SKILLS_MISSING"
    assert (assigned.technician.name, assigned.technician.person_id) == ("Ada Moss", "tech")
    moved = desk.told()[-1]
    assert moved.assignment_id == desk.technicians.reserved[0].request_id
    assert list(moved.work_order.parties.technician_ids) == ["t-1"]
    posts = desk.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts
    facts = {fact.label: fact.value for fact in posts[0].facts}
    assert facts["Assigned To"] == "Ada Moss"
    assert (facts["Method"], facts["Reason"]) == ("Manual Override", "Other")


@pytest.mark.req("CP-65")
@pytest.mark.req("CP-68")
def test_an_appointment_on_whose_day_a_skill_is_missing_is_flagged_until_that_is_answered(desk):
    order = desk.at_work()
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    words = (
        "Ada Moss does not hold VT40-CM on the day of the appointment; assign somebody else, or assign Ada Moss again "
        "with a reason."
    )

    def saved():
        return desk.fire(order, "save_appointment", PARTNER, **appointment())

    def flags():
        return [(each.code, each.message, each.blocks_close) for each in desk.get(order.id).flags]

    desk.technicians.unexplained = ["VT40-CM"]
    warned = saved()
    flagged = flags()
    desk.technicians.down = True
    saved()
    unanswered = flags()
    desk.technicians.down, desk.technicians.unexplained = False, []
    saved()
    held_again = flags()
    desk.technicians.unexplained = ["VT40-CM"]
    saved()
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")

    assert [(each.code, each.message) for each in warned.warnings] == [("SKILLS_MISSING", words)]
    assert flagged == unanswered == [("technician_unqualified", words, True)]
    assert held_again == []
    assert flags() == []


@pytest.mark.req("CP-68")
def test_a_drive_that_takes_too_long_warns_and_stops_nothing(desk):
    order = desk.at_work()
    words = "The visit of 20100007 ends 30 min before this one begins, and the drive takes about 2 h (90 miles)."
    desk.technicians.drives = [words]

    foreseen = desk.orders(
        "PreviewTransition", PARTNER, work_order_id=order.id, transition="assign_technician",
        inputs={"person_id": "tech"},
    )  # fmt: skip
    assigned = desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    saved = desk.fire(order, "save_appointment", PARTNER, **appointment())

    told = [("TRAVEL_CONFLICT", f"Ada Moss: {words}")]
    for answer in (foreseen, assigned, saved):
        assert [(each.code, each.message) for each in answer.warnings] == told
    assert (assigned.happened, saved.happened) == (True, True)
    assert assigned.work_order.technician.name == "Ada Moss"
    assert saved.work_order.appointment.time == "09:00"


def test_nobody_is_assigned_while_technicians_is_down(desk):
    order = desk.at_work()
    desk.technicians.down = True

    with pytest.raises(Unavailable):
        desk.fire(order, "assign_technician", PARTNER, person_id="tech")

    assert desk.get(order.id).technician.name == ""


@pytest.mark.req("CP-80")
@pytest.mark.req("CP-86")
@pytest.mark.req("CP-31")
@pytest.mark.req("CP-32")
@pytest.mark.req("CP-43")
@pytest.mark.req("CP-85")
def test_work_is_finished_completed_sent_back_and_closed(desk):
    order = desk.at_work()
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    desk.fire(order, "save_appointment", PARTNER, **appointment())
    with pytest.raises(WorkOrderError) as incomplete:
        desk.fire(order, "complete", PARTNER)
    items = desk.kit("LineItem", "ListLineItems", PARTNER, query={"order_by": "number"}).line_items
    for item in items:
        desk.fire(order, "finish_line_item", PARTNER, line_item_id=item.id, comment="Done")
    visit = work_order_pb2.WorkOrder()
    visit.visit.arrive_time.FromDatetime((NOW - timedelta(hours=2)).replace(tzinfo=None))
    visit.visit.depart_time.FromDatetime((NOW - timedelta(hours=1)).replace(tzinfo=None))
    desk.fire(order, "set_visit_times", PARTNER, ["visit.arrive_time", "visit.depart_time"], values=visit)
    desk.deliver(order)

    completed = desk.fire(order, "complete", PARTNER).work_order
    back = desk.fire(order, "send_back", APPROVER, comment="The photo is blurred").work_order
    desk.fire(order, "complete", PARTNER)
    closed = desk.fire(order, "close", DISPATCHER).work_order

    assert len(incomplete.value.violations) == 2 + 2 + 1
    assert (completed.state, back.state, closed.state) == ("completed", "in_progress", "closed")
    assert (completed.state_label, closed.state_label) == ("Completed", "Closed")
    assert [item.number for item in items] == ["00000001", "00000002"]
    assert list(desk.orders("ListAvailableTransitions", DISPATCHER, work_order_id=order.id).transitions) == []
    answers = list(desk.orders("VerifyHistory", ADMIN, work_order=order.number))
    assert answers[-1].checked == 1
    assert not any(answer.fault for answer in answers)


@pytest.mark.req("B-3")
def test_an_altered_history_is_found(desk):
    order = desk.accepted()
    with desk.app.database.begin(actor=ADMIN) as transaction:
        transaction.execute(
            update(history)
            .where(history.c.work_order_id == order.id, history.c.sequence == 2)
            .values(new_value="Kestrel")
        )

    faults = [answer for answer in desk.orders("VerifyHistory", ADMIN) if answer.fault]

    assert [(fault.work_order_number, fault.sequence) for fault in faults] == [(order.number, 2)]


def test_copied_names_follow_without_touching_etags(desk):
    from fieldmesh.technicians.v1 import events_pb2

    order = desk.allocated()
    told = events_pb2.OrganizationChanged()
    told.organization.id, told.organization.name, told.organization.kind = BLUEFERN, "Bluefern Dispatch", 2
    told.organization.active = True
    desk.handle("directory", "organization_changed", told, 9)
    desk.handle("directory", "organization_changed", events_pb2.OrganizationChanged(organization={"id": BLUEFERN}), 8)

    after = desk.get(order.id)

    assert (after.executor_name, after.etag) == ("Bluefern Dispatch", order.etag)


def test_events_of_an_order_are_numbered_without_gaps(desk):
    order = desk.accepted()

    with desk.app.database.read() as connection:
        rows = connection.execute(OWN.outbox.select().where(OWN.outbox.c.aggregate_id == order.id).order_by("sequence"))
        assert [row.aggregate_version for row in rows] == [1, 2, 3]


def test_a_technician_who_leaves_is_flagged_until_somebody_else_is_assigned(desk):
    from fieldmesh.technicians.v1 import events_pb2

    order = desk.at_work()
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    told = events_pb2.TechnicianChanged()
    told.technician.id, told.technician.name, told.technician.active = "t-1", "Ada Moss", False
    desk.handle("directory", "technician_changed", told, 2)
    desk.handle("directory", "technician_changed", told, 2)

    flagged = desk.get(order.id)
    reassigned = desk.fire(order, "assign_technician", PARTNER, person_id="tech").work_order

    assert [(flag.code, flag.blocks_close) for flag in flagged.flags] == [("technician_inactive", True)]
    assert list(reassigned.flags) == []


def test_of_two_who_accept_at_once_one_succeeds_and_a_double_click_is_one(desk):
    order = desk.allocated()
    etag = desk.get(order.id).etag

    def accept(request_id):
        try:
            return desk.fire(order, "accept", PARTNER, etag=etag, request_id=request_id, **acceptance())
        except StaleEtag as stale:
            return stale

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(accept, ["click", "click", "other", "click"]))

    happened = [answer for answer in answers if not isinstance(answer, StaleEtag)]
    assert len({answer.SerializeToString(deterministic=True) for answer in happened}) == 1
    assert len([moved for moved in desk.told() if "request_parts" in moved.effects]) == 1
    assert not any(answer.fault for answer in desk.orders("VerifyHistory", ADMIN))


def test_others_are_told_again_what_they_keep_copies_of(desk):
    from services.workorders.handlers.republishing import sources

    order = desk.accepted()
    source = sources()["WorkOrder"]
    with desk.app.database.begin(actor=ADMIN) as transaction:
        row = transaction.execute(source.table.select()).one()
        source.publish(transaction, row)

    told = desk.told()[-1]
    assert (told.work_order.work_order_id, told.work_order.state) == (order.id, "ship_to_received")
    assert not told.effects
    assert not told.notices


def test_history_keeps_which_versions_of_other_services_facts_a_change_stands_on(desk):
    order = desk.at_work()
    desk.shipping.target = desk.computed(order, 3, datetime(2026, 3, 9, 6, tzinfo=UTC))
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    desk.fire(order, "save_appointment", PARTNER, **appointment())

    rows = desk.history(order)
    based = {row.transition: row.evidence for row in rows if row.evidence}

    assert based["allocate"].startswith("technicians' organisation, version 2, told 2026-03-02 15:00:00 UTC")
    assert based["parts_delivered"].startswith("shipping's fulfilment order, version 1.1, told")
    assert based["assign_technician"].startswith("technicians' reservation, version held-1, told")
    assert based["save_appointment"].startswith("shipping's SLA target, version 3, told 2026-03-02 15:00:00 UTC")
    assert {row.evidence for row in rows if row.transition == "create"} == {""}
    assert not [answer for answer in desk.orders("VerifyHistory", ADMIN) if answer.fault]


def test_evidence_is_covered_by_the_chain(desk):
    order = desk.allocated()
    with desk.app.database.begin(actor=ADMIN) as transaction:
        transaction.execute(
            update(history)
            .where(history.c.work_order_id == order.id, history.c.evidence != "")
            .values(evidence="technicians' organisation, version 9, told 2026-03-02 15:00:00 UTC")
        )

    assert [answer.sequence for answer in desk.orders("VerifyHistory", ADMIN) if answer.fault] == [2]


@pytest.mark.req("B-1")
def test_others_are_told_the_kinds_of_work_of_the_line_items_each_once(desk):
    wanted = {"name": "New station", "kind": 2, "duration_minutes": 60, "active": True}
    installing = desk.kit("WorkType", "CreateWorkType", DISPATCHER, work_type=wanted)
    one_kind = desk.create(line_items=2)
    desk.ids = {**desk.ids, "wiring": installing.id}
    other = desk.create(line_items=1, parts=False)

    for order in (one_kind, other):
        desk.fire(order, "allocate", DISPATCHER, executor_org=BLUEFERN)

    told = {each.work_order.work_order_id: list(each.work_order.work_type_kinds) for each in desk.told()}
    assert told == {one_kind.id: [1], other.id: [2]}
