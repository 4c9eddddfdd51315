"""Visits of approved work and service orders at times when whoever goes is absent: the question, and its answer."""

from __future__ import annotations

from datetime import date

import pytest
from fieldmesh.workorders.v1 import work_order_pb2

from services.workorders import seeds
from services.workorders.domain.errors import GuardsRefuse
from tests.integration.workorders.conftest import ME, UTILITY, on
from tests.integration.workorders.test_facility_approval import ANA, BEN, CLEO, LARKSPUR, Site
from tests.integration.workorders.test_utility_requests import Office

VISIT = work_order_pb2.WorkOrder(appointment={"date": on(date(2026, 3, 3)), "time": "08:00"})
PATHS = ["appointment.date", "appointment.time"]


def approved(desk):
    """Work that is approved, whose submitter may send Ben, a technician."""
    site = Site(desk)
    site.person(BEN, technician_id="t-ben")
    order = desk.fire(site.submitted(), "approve", CLEO).work_order
    return order, "dispatch", ANA, "ben"


def service_order(desk):
    """A service order, for which its office may send Tess, a technician."""
    return Office(desk).create(), "schedule", UTILITY, "tess"


@pytest.fixture(params=[approved, service_order], ids=["facility approval", "service order"])
def visit(request, desk):
    """Schedules a visit; gives the answer."""
    with desk.app.database.begin(actor=ME, now=desk.clock.now()) as transaction:
        seeds.seed(transaction.connection)
    order, transition, who, assignee = request.param(desk)

    def schedule(**inputs):
        return desk.fire(order, transition, who, PATHS, values=VISIT, **{"assignee_id": assignee, **inputs})

    schedule.order = order
    return schedule


@pytest.mark.req("PT-10")
@pytest.mark.req("UM-5")
def test_somebody_absent_is_sent_with_a_reason_only(desk, visit):
    desk.technicians.absent = True

    with pytest.raises(GuardsRefuse) as refused:
        visit()
    done = visit(reason_code="override_other", reason_text="It was agreed")

    assert refused.value.reason == "TECHNICIAN_ABSENT"
    name = done.work_order.assignee.name
    assert [(each.field, each.description) for each in refused.value.violations] == [
        ("inputs.reason_code", f"{name} is absent at that time. Choose a reason to override.")
    ]
    assert refused.value.metadata["name"] == name
    assert done.work_order.appointment.time == "08:00"
    assert {row.reason for row in desk.history(visit.order) if row.field == "assignee"} == {"Other: It was agreed"}


@pytest.mark.req("PT-10")
def test_technicians_is_asked_as_the_service_for_the_time_and_the_persons_own_organisation(desk, visit):
    visit()

    (asked,) = desk.technicians.checked
    assert asked.technician_id
    assert (asked.need.work_order_id, asked.need.site_time_zone) == ("", "America/Chicago")
    assert asked.need.start_time.ToJsonString() == "2026-03-03T14:00:00Z"
    assert asked.need.parties.executor_org in {LARKSPUR, UTILITY.organization_id}


def test_the_reason_other_takes_a_text_of_its_own(desk, visit):
    desk.technicians.absent = True

    with pytest.raises(GuardsRefuse) as refused:
        visit(reason_code="override_other")

    assert [each.field for each in refused.value.violations] == ["inputs.reason_text"]


def test_outside_of_the_shift_is_a_warning(desk, visit):
    desk.technicians.shifts = ["Outside of the shift."]

    done = visit()

    assert done.happened
    assert [each.code for each in done.warnings] == ["OUTSIDE_SHIFT"]


def test_while_technicians_is_down_the_visit_is_scheduled_and_nobody_believes_it_was_checked(desk, visit):
    desk.technicians.down = True

    done = visit()

    assert done.work_order.assignee.name
    (warning,) = done.warnings
    assert (warning.code, "was not checked" in warning.message) == ("ABSENCE_UNCHECKED", True)


def test_nobody_asks_about_people_who_are_no_technicians(desk):
    site = Site(desk)
    order = desk.fire(site.submitted(), "approve", CLEO).work_order
    desk.technicians.absent = True

    done = desk.fire(order, "dispatch", ANA, PATHS, values=VISIT, assignee_id="ben").work_order

    assert done.assignee.name == "Ben"
    assert desk.technicians.checked == []
