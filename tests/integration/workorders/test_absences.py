"""Technicians who are absent at an appointment, and hours outside of their shift (PT-10), on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from fieldmesh.common.v1 import events_pb2 as common_events
from fieldmesh.technicians.v1 import events_pb2

from services.workorders.domain.errors import GuardsRefuse
from services.workorders.handlers import absences
from services.workorders.handlers.directory import TECHNICIANS
from tests.integration.workorders.conftest import ADMIN, PARTNER
from tests.integration.workorders.test_departures import appointed

pytestmark = pytest.mark.req("PT-10")
ABSENT = "Ada Moss is absent at the appointment; assign somebody else, or agree another time."


def changed(desk: Any, version: int = 3, *, absent: Any = (), free: Any = (), technician: str = "t-1") -> None:
    told = events_pb2.TechnicianAbsenceChanged(
        technician_id=technician,
        technician_name="Ada Moss",
        absence_id="a-1",
        absent_work_order_ids=absent,
        free_work_order_ids=free,
        actor={"subject": PARTNER.subject, "display_name": PARTNER.name, "organization_id": PARTNER.organization_id},
    )
    event = common_events.Event(id=f"e-{version}", aggregate_version=version)
    with desk.app.database.begin(actor=TECHNICIANS, now=desk.clock.now()) as transaction:
        absences.absence_changed(transaction, event, told)


def flags(desk: Any, order: Any) -> list[tuple[str, str, bool]]:
    return [(flag.code, flag.message, flag.blocks_close) for flag in desk.get(order.id).flags]


def test_an_absence_over_an_appointment_flags_the_order_and_tells_whoever_does_it(desk):
    order = appointed(desk)

    changed(desk, absent=[order.id])
    told = len(desk.told())
    changed(desk, absent=[order.id])

    assert flags(desk, order) == [("technician_absent", ABSENT, False)]
    assert desk.get(order.id).etag == order.etag
    moved = desk.told()[-1]
    assert (moved.transition, moved.from_state, moved.reason_label) == (
        "technician_absent",
        moved.to_state,
        "Ada Moss is absent",
    )
    assert [(each.template, list(each.recipients)) for each in moved.notices] == [
        ("technician_absent", ["executor_organization"])
    ]
    assert len(desk.told()) == told
    posts = desk.kit("FeedPost", "ListFeedPosts", PARTNER).feed_posts
    assert [post.body for post in posts if "absent" in post.body] == [ABSENT]
    assert [each.fault for each in desk.orders("VerifyHistory", ADMIN) if each.fault] == []


def test_the_flag_goes_when_the_absence_does_and_stands_for_nobody_else(desk):
    order = appointed(desk)

    changed(desk, 3, absent=[order.id], technician="t-2")
    others = flags(desk, order)
    changed(desk, 4, absent=[order.id])
    flagged = flags(desk, order)
    changed(desk, 5, free=[order.id])

    assert (others, len(flagged), flags(desk, order)) == ([], 1, [])


@pytest.mark.req("CP-67")
def test_the_flag_goes_when_another_time_is_agreed_or_somebody_is_assigned(desk):
    order = appointed(desk)
    changed(desk, absent=[order.id])
    values = desk.get(order.id)
    values.appointment.time = "10:00"

    desk.fire(order, "save_appointment", PARTNER, ["appointment.date", "appointment.time"], values=values)
    after_moving = flags(desk, order)
    changed(desk, 4, absent=[order.id])
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")

    assert (after_moving, flags(desk, order)) == ([], [])


@pytest.mark.req("CP-65")
def test_somebody_absent_is_assigned_with_a_reason_only(desk):
    order = desk.at_work()
    desk.technicians.absent = True

    with pytest.raises(GuardsRefuse) as refused:
        desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    done = desk.fire(order, "assign_technician", PARTNER, person_id="tech", reason_code="other", comment="He agreed")

    assert refused.value.reason == "TECHNICIAN_ABSENT"
    assert [(each.field, each.description) for each in refused.value.violations] == [
        ("inputs.reason_code", "Ada Moss is absent at that time. Choose a reason to override.")
    ]
    assert len(desk.technicians.reserved) == 1
    assert done.work_order.technician.name == "Ada Moss"
    assert list(done.work_order.flags) == []


def test_an_appointment_in_an_absence_is_saved_with_a_warning_and_a_flag(desk):
    order = desk.at_work()
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    desk.technicians.absent = True
    values = desk.get(order.id)
    values.appointment.date.year, values.appointment.date.month, values.appointment.date.day = 2026, 3, 3
    values.appointment.time = "09:00"

    saved = desk.fire(order, "save_appointment", PARTNER, ["appointment.date", "appointment.time"], values=values)

    assert [(each.code, each.message) for each in saved.warnings] == [("TECHNICIAN_ABSENT", ABSENT)]
    assert flags(desk, order) == [("technician_absent", ABSENT, False)]


def test_outside_of_the_shift_warns_and_stops_nothing(desk):
    order = desk.at_work()
    desk.technicians.shifts = ["No shift on Sunday, 1 March."]

    done = desk.fire(order, "assign_technician", PARTNER, person_id="tech")

    assert done.happened
    assert [(each.code, each.message) for each in done.warnings] == [
        ("OUTSIDE_SHIFT", "Ada Moss: No shift on Sunday, 1 March.")
    ]
