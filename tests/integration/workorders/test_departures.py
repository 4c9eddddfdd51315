"""Technicians who are offboarded: their orders return to the queue (CP-94, hard case 8), on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from fieldmesh.technicians.v1 import events_pb2
from fieldmesh.workorders.v1 import work_order_pb2

from services.chassis.errors import NotFound
from tests.integration.workorders.conftest import ADMIN, BLUEFERN, KESTREL, PARTNER, TECHNICIAN


def offboarded(organization: str = BLUEFERN, technician: str = "t-1") -> Any:
    return events_pb2.TechnicianOffboarded(
        technician_id=technician,
        technician_name="Ada Moss",
        organization_id=organization,
        membership_id="m-1",
        reason="Moved away",
        actor={"subject": PARTNER.subject, "display_name": PARTNER.name, "organization_id": organization},
    )


def appointed(desk: Any) -> Any:
    order = desk.at_work()
    desk.fire(order, "assign_technician", PARTNER, person_id="tech")
    values = work_order_pb2.WorkOrder()
    values.appointment.date.year, values.appointment.date.month, values.appointment.date.day = 2026, 3, 3
    values.appointment.time = "09:00"
    values.scheduling_completed_date.CopyFrom(values.appointment.date)
    paths = ["appointment.date", "appointment.time", "scheduling_completed_date"]
    return desk.fire(order, "save_appointment", PARTNER, paths, values=values).work_order


@pytest.mark.req("CP-94")
def test_an_order_of_somebody_who_left_waits_for_somebody_else(desk):
    order = appointed(desk)

    desk.handle("departing", "technician_offboarded", offboarded(), 3)

    released = desk.get(order.id)
    assert not released.HasField("technician") or released.technician == work_order_pb2.SiteTechnician()
    assert (released.state, released.appointment) == (order.state, order.appointment)
    assert released.etag != order.etag
    row = desk.history(order)[-1]
    assert ("Ada" in row.old_value, row.new_value, row.reason) == (
        True,
        "",
        "Ada Moss left the organisation: Moved away",
    )
    assert row.actor.display_name == PARTNER.name
    moved = desk.told()[-1]
    assert (moved.transition, list(moved.effects), moved.from_state) == (
        "technician_released",
        ["technician_released"],
        moved.to_state,
    )
    assert [(each.template, list(each.recipients)) for each in moved.notices] == [
        ("technician_released", ["executor_organization"])
    ]
    assert (moved.reason_label, moved.comment) == ("Ada Moss left the organisation", "Moved away")
    assert list(moved.work_order.parties.technician_ids) == []
    with pytest.raises(NotFound):
        desk.get(order.id, TECHNICIAN)


@pytest.mark.req("CP-94")
def test_somebody_else_is_assigned_after_it_and_repeating_the_event_changes_nothing(desk):
    order = appointed(desk)
    desk.handle("departing", "technician_offboarded", offboarded(), 3)
    told = len(desk.told())

    desk.handle("departing", "technician_offboarded", offboarded(), 3)
    again = desk.fire(order, "assign_technician", PARTNER, person_id="tech").work_order

    assert len(desk.told()) == told + 1
    assert again.technician.person_id == "tech"
    assert [each.fault for each in desk.orders("VerifyHistory", ADMIN) if each.fault] == []


@pytest.mark.req("CP-94")
def test_orders_of_other_organisations_and_those_that_ended_stay_as_they_are(desk):
    order = appointed(desk)

    desk.handle("departing", "technician_offboarded", offboarded(KESTREL), 3)
    desk.handle("departing", "technician_offboarded", offboarded(technician="t-2"), 3)

    assert desk.get(order.id).technician.technician_id == "t-1"
    assert desk.get(order.id).etag == order.etag


def revoked(desk: Any, *work_types: str) -> None:
    told = events_pb2.CredentialRevoked(reason="Issued in error", work_type_ids=work_types)
    told.credential.technician_id, told.credential.technician_name, told.credential.code = "t-1", "Ada Moss", "VT40-CM"
    desk.handle("departing", "credential_revoked", told, 5)


@pytest.mark.req("CP-92")
def test_a_revoked_certificate_flags_open_orders_that_need_it_until_somebody_is_assigned(desk):
    order = appointed(desk)
    work_type = desk.items(order)[0].work_type_id

    revoked(desk)
    revoked(desk, "another work type")
    before = list(desk.get(order.id).flags)
    revoked(desk, work_type)
    revoked(desk, work_type)
    flagged = desk.get(order.id)
    reassigned = desk.fire(order, "assign_technician", PARTNER, person_id="tech").work_order

    assert before == []
    assert [(flag.code, flag.blocks_close) for flag in flagged.flags] == [("technician_unqualified", True)]
    assert "Ada Moss" in flagged.flags[0].message
    assert list(reassigned.flags) == []
