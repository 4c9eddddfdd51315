"""Several technicians on one order (CP-62 to CP-68), on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from fieldmesh.technicians.v1 import events_pb2 as directory_events

from services.chassis.errors import NotFound
from services.workorders.domain.errors import WorkOrderError
from tests.integration.workorders.conftest import (
    ADMIN,
    BLUEFERN,
    PARTNER,
    Desk,
    appointment,
    person,
)
from tests.integration.workorders.test_departures import offboarded

BESIDE = person("technician", BLUEFERN, "partner", "t-2")


@pytest.fixture
def crew(desk: Desk) -> Desk:
    """The service with a second technician, and a work type that takes two."""
    told = directory_events.PersonChanged()
    told.person.id, told.person.name, told.person.organization_id = BESIDE.subject, "Bo Reyes", BLUEFERN
    told.person.technician_id, told.person.email, told.person.active = "t-2", "bo@example.com", True
    desk.handle("directory", "person_changed", told, 1)
    desk.technicians.needed = 2
    return desk


def present(order: Any) -> list[str]:
    return [order.technician.name, *(each.name for each in order.further_technicians)]


def both(crew: Desk) -> Any:
    order = crew.at_work()
    crew.fire(order, "assign_technician", PARTNER, person_id="tech")
    return crew.fire(order, "assign_further_technician", PARTNER, person_id=BESIDE.subject).work_order


@pytest.mark.req("CP-62")
@pytest.mark.req("CP-64")
def test_a_second_technician_is_reserved_told_and_sees_the_order_like_the_first(crew):
    order = crew.at_work()
    crew.fire(order, "assign_technician", PARTNER, person_id="tech")
    with pytest.raises(NotFound):
        crew.get(order.id, BESIDE)

    added = crew.fire(order, "assign_further_technician", PARTNER, person_id=BESIDE.subject).work_order

    assert present(added) == ["Ada Moss", "Bo Reyes"]
    assert added.technicians_needed == 2
    assert [each.person_id for each in crew.technicians.reserved] == ["tech", BESIDE.subject]
    moved = crew.told()[-1]
    assert moved.assignment_id == crew.technicians.reserved[-1].request_id
    assert list(moved.work_order.parties.technician_ids) == ["t-1", "t-2"]
    assert moved.assigned_technician.name == "Bo Reyes"
    assert [(each.template, list(each.recipients)) for each in moved.notices] == [
        ("technician_assigned", ["assigned_technician"])
    ]
    row = crew.history(order)[-1]
    assert (row.field_label, row.old_value) == ("Further technicians", "")
    assert "Bo Reyes" in row.new_value
    post = crew.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts[0]
    assert {fact.label: fact.value for fact in post.facts}["Assigned To"] == "Bo Reyes"
    assert crew.get(order.id, BESIDE).number == order.number
    assert [each.id for each in crew.list(BESIDE).work_orders] == [order.id]
    assert [each.id for each in crew.list(BESIDE, mine=True).work_orders] == [order.id]


def test_nobody_is_assigned_twice_and_nobody_beside_nobody(crew):
    order = crew.at_work()
    with pytest.raises(WorkOrderError) as too_early:
        crew.fire(order, "assign_further_technician", PARTNER, person_id=BESIDE.subject)
    both_there = crew.fire(order, "assign_technician", PARTNER, person_id="tech")

    with pytest.raises(WorkOrderError) as twice:
        crew.fire(order, "assign_further_technician", PARTNER, person_id="tech")

    assert both_there.happened
    assert "not possible" in str(too_early.value)
    assert [each.field for each in twice.value.violations] == ["inputs.person_id"]
    assert "Ada Moss is on this work order already" in str(twice.value)


@pytest.mark.req("CP-65")
def test_a_further_technician_without_a_skill_needs_a_reason_as_the_lead_does(crew):
    order = crew.at_work()
    crew.fire(order, "assign_technician", PARTNER, person_id="tech")
    crew.technicians.missing = ["VT40-CM"]

    with pytest.raises(WorkOrderError) as refused:
        crew.fire(order, "assign_further_technician", PARTNER, person_id=BESIDE.subject)
    reason = {"reason_code": "other", "comment": "Carries the ladder"}
    added = crew.fire(order, "assign_further_technician", PARTNER, person_id=BESIDE.subject, **reason).work_order

    assert [each.field for each in refused.value.violations] == ["inputs.reason_code"]
    assert present(added) == ["Ada Moss", "Bo Reyes"]
    assert crew.technicians.reserved[-1].reason_code == "other"


@pytest.mark.req("CP-67")
def test_one_is_replaced_one_is_released_and_the_next_leads(crew):
    order = both(crew)

    replaced = crew.fire(order, "assign_technician", PARTNER, person_id=BESIDE.subject).work_order
    released = [each.name for each in crew.told()[-1].released_technicians]
    again = crew.fire(order, "assign_further_technician", PARTNER, person_id="tech").work_order
    with pytest.raises(WorkOrderError) as unknown:
        crew.fire(order, "release_technician", PARTNER, present_person_id="nobody")
    left = crew.fire(order, "release_technician", PARTNER, present_person_id=BESIDE.subject).work_order
    moved = crew.told()[-1]

    assert present(replaced) == ["Bo Reyes"]
    assert released == ["Ada Moss"]
    assert present(again) == ["Bo Reyes", "Ada Moss"]
    assert [each.field for each in unknown.value.violations] == ["inputs.present_person_id"]
    assert present(left) == ["Ada Moss"]
    assert [each.name for each in moved.released_technicians] == ["Bo Reyes"]
    assert [(each.template, list(each.recipients)) for each in moved.notices] == [
        ("technician_taken_off", ["released_technicians"])
    ]
    assert list(moved.work_order.parties.technician_ids) == ["t-1"]
    with pytest.raises(NotFound):
        crew.get(order.id, BESIDE)
    assert [each.fault for each in crew.orders("VerifyHistory", ADMIN) if each.fault] == []


def test_somebody_takes_the_place_of_a_further_technician(crew):
    order = both(crew)
    told = directory_events.PersonChanged()
    told.person.id, told.person.name, told.person.organization_id = "third", "Cy Lund", BLUEFERN
    told.person.technician_id, told.person.active = "t-3", True
    crew.handle("directory", "person_changed", told, 1)

    with pytest.raises(WorkOrderError) as lead:
        crew.fire(order, "assign_further_technician", PARTNER, person_id="third", present_person_id="tech")
    after = crew.fire(
        order, "assign_further_technician", PARTNER, person_id="third", present_person_id=BESIDE.subject
    ).work_order

    assert [each.field for each in lead.value.violations] == ["inputs.present_person_id"]
    assert present(after) == ["Ada Moss", "Cy Lund"]
    assert [each.name for each in crew.told()[-1].released_technicians] == ["Bo Reyes"]


def test_too_few_technicians_warn_where_work_begins_and_stop_nothing(crew):
    order = crew.at_work()
    crew.fire(order, "assign_technician", PARTNER, person_id="tech")

    alone = crew.fire(order, "save_appointment", PARTNER, **appointment())
    crew.fire(order, "assign_further_technician", PARTNER, person_id=BESIDE.subject)
    together = crew.fire(order, "save_appointment", PARTNER, **appointment())

    words = "The work takes 2 technicians and 1 is assigned: 1 is missing."
    assert [(each.code, each.message) for each in alone.warnings] == [("TECHNICIANS_MISSING", words)]
    assert alone.happened
    assert list(together.warnings) == []


@pytest.mark.req("CP-68")
def test_an_appointment_at_which_one_of_both_is_elsewhere_is_refused_by_name(crew):
    order = both(crew)
    crew.technicians.busy_ids = {"t-2"}

    with pytest.raises(WorkOrderError) as refused:
        crew.fire(order, "save_appointment", PARTNER, **appointment())

    assert "Bo Reyes has another visit at that time." in str(refused.value)


@pytest.mark.req("CP-94")
def test_who_left_is_taken_off_and_the_other_still_comes(crew):
    order = both(crew)

    crew.handle("departing", "technician_offboarded", offboarded(technician="t-2"), 3)
    without_second = crew.get(order.id)
    crew.fire(order, "assign_further_technician", PARTNER, person_id=BESIDE.subject)
    lead = offboarded()
    lead.membership_id = "m-2"
    crew.handle("departing", "technician_offboarded", lead, 4)

    assert present(without_second) == ["Ada Moss"]
    assert present(crew.get(order.id)) == ["Bo Reyes"]


def test_the_work_types_say_how_many_come_before_anybody_is_asked(crew):
    wiring = crew.kit("WorkType", "GetWorkType", ADMIN, id=crew.ids["wiring"])
    wiring.technicians_needed = 3
    pair = crew.kit(
        "WorkType", "UpdateWorkType", ADMIN, work_type=wiring, update_mask={"paths": ["technicians_needed"]}
    )

    order = crew.create(parts=False)

    assert pair.technicians_needed == 3
    assert order.technicians_needed == 3
