"""An absence over an appointment reaches the order, its feed and the office, over gRPC and on both stacks (PT-10)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from fieldmesh.technicians.v1 import (
    assignment_pb2,
    assignment_pb2_grpc,
    technician_absence_pb2,
    technician_absence_pb2_grpc,
)

from services.chassis.ids import new_id
from services.cli.demo.calls import assign, of_order
from tests.support.patience import eventually

pytestmark = [pytest.mark.xdist_group("mesh"), pytest.mark.req("PT-10")]
# Nobody else on the stage has visits so far ahead.
DAY = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=200)


def absences(stage: Any) -> Any:
    stage.desk.become("megan")
    return stage.channels.stub(technician_absence_pb2_grpc.TechnicianAbsenceServiceStub, "technicians")


def visit_known(stage: Any, order_id: str) -> bool:
    stage.desk.become("megan")
    stub = stage.channels.stub(assignment_pb2_grpc.AssignmentServiceStub, "technicians")
    rows = stub.ListAssignments(assignment_pb2.ListAssignmentsRequest(query=of_order(order_id))).assignments
    return any(row.HasField("start_time") for row in rows)


def flags(stage: Any, order_id: str) -> list[str]:
    return [flag.code for flag in stage.order(order_id).flags]


def test_an_absence_over_an_appointment_is_told_and_taken_back(on_stage):
    order_id = on_stage.allocated()
    on_stage.desk.fire("megan", order_id, "assign_technician", person_id=on_stage.world.people["joshua"])
    values = {"appointment.date": DAY, "appointment.time": "09:00", "scheduling_completed_date": dt.date(2026, 3, 2)}
    on_stage.desk.fire("megan", order_id, "save_appointment", values)
    eventually(lambda: visit_known(on_stage, order_id))
    wanted = technician_absence_pb2.TechnicianAbsence(
        technician_id=on_stage.world.technicians["joshua"], kind=technician_absence_pb2.ABSENCE_KIND_HOLIDAY
    )
    assign(wanted, "first_day", DAY)
    assign(wanted, "last_day", DAY)

    made = absences(on_stage).CreateTechnicianAbsence(
        technician_absence_pb2.CreateTechnicianAbsenceRequest(technician_absence=wanted, request_id=new_id())
    )
    eventually(lambda: flags(on_stage, order_id) == ["technician_absent"])
    number = on_stage.order(order_id).number
    eventually(
        lambda: [
            mail
            for mail in on_stage.mailbox.to("theo.lindqvist@bluefern.example.com")
            if f"{number}: its technician is absent" in str(mail["subject"])
        ]
    )
    absences(on_stage).DeleteTechnicianAbsence(
        technician_absence_pb2.DeleteTechnicianAbsenceRequest(id=made.id, etag=made.etag)
    )

    assert [text.partition(" on ")[0] for text in made.appointments] == [number]
    eventually(lambda: not flags(on_stage, order_id))
