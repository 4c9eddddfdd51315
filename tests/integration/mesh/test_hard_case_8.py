"""Hard case 8 over the real services: whoever is assigned may leave, or not be allowed any more, before the visit."""

import datetime as dt

import pytest
from fieldmesh.common.v1 import list_pb2
from fieldmesh.technicians.v1 import (
    technician_certification_pb2,
    technician_certification_pb2_grpc,
    technician_pb2,
    technician_pb2_grpc,
)

from services.chassis.errors import Refusal
from services.chassis.ids import new_id
from services.cli.demo.calls import assign
from tests.integration.mesh.test_main_line import COLUMBUS, workday
from tests.support.stage import ACCEPTANCE

pytestmark = pytest.mark.xdist_group("mesh-changed")
TRAVEL = {path: value for path, value in ACCEPTANCE.items() if path.startswith("travel.")}


@pytest.fixture
def on_stage(changed_stage):
    return changed_stage


@pytest.fixture
def today():
    return dt.datetime.now(COLUMBUS).date()


def booked(stage, day, time="09:00"):
    """An order whose visit is agreed for a day; nobody is assigned yet."""
    agreed = dt.datetime.now(COLUMBUS).date()
    order_id = stage.allocated("VT-40 Wiring Verification", plan="")
    stage.desk.fire("megan", order_id, "accept_without_parts", TRAVEL)
    appointment = {"appointment.date": day, "appointment.time": time, "scheduling_completed_date": agreed}
    stage.desk.fire("megan", order_id, "save_appointment", appointment)
    return order_id


def certificates(stage, technician_id):
    stage.desk.become("ines")
    stub = stage.channels.stub(technician_certification_pb2_grpc.TechnicianCertificationServiceStub, "technicians")
    theirs = list_pb2.Filter(field="technician_id", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=[technician_id])
    query = list_pb2.ListQuery(page_size=50, filters=[theirs])
    found = stub.ListTechnicianCertifications(
        technician_certification_pb2.ListTechnicianCertificationsRequest(query=query)
    )
    return stub, list(found.technician_certifications)


def expire(stage, person, day):
    """Lets every certificate of somebody end on a day."""
    stub, held = certificates(stage, stage.world.technicians[person])
    for row in held:
        assign(row, "expiry_date", day)
        request = technician_certification_pb2.UpdateTechnicianCertificationRequest(
            technician_certification=row, request_id=new_id()
        )
        request.update_mask.paths.append("expiry_date")
        stub.UpdateTechnicianCertification(request)


@pytest.mark.req("CP-65")
def test_hard_case_8_a_certificate_that_ends_before_the_visit_counts_as_missing_on_its_day_only(on_stage, today):
    before, after = booked(on_stage, workday(today, 1)), booked(on_stage, workday(today, 9))
    expire(on_stage, "allan", today + dt.timedelta(days=5))

    on_stage.desk.fire("megan", before, "assign_technician", person_id=on_stage.world.people["allan"])
    with pytest.raises(Refusal) as refused:
        on_stage.desk.fire("megan", after, "assign_technician", person_id=on_stage.world.people["allan"])

    assert on_stage.order(before).technician.name == "Allan Heward"
    assert refused.value.reason == "SKILLS_MISSING"
    assert on_stage.order(after).technician.name == ""

    moved = {"appointment.date": workday(today, 10), "appointment.time": "09:00"}
    saved = on_stage.desk.fire("megan", before, "save_appointment", moved)
    flagged = [(flag.code, flag.blocks_close) for flag in on_stage.order(before).flags]
    on_stage.settle()
    back = {"appointment.date": workday(today, 1), "appointment.time": "09:00"}
    on_stage.desk.fire("megan", before, "save_appointment", back)

    assert [warning.code for warning in saved.warnings] == ["SKILLS_MISSING"]
    assert "does not hold VT40-CM on the day of the appointment" in saved.warnings[0].message
    assert flagged == [("technician_unqualified", True)]
    assert list(on_stage.order(before).flags) == []


@pytest.mark.req("CP-67")
def test_hard_case_8_an_order_whose_technician_left_says_so_until_somebody_else_is_assigned(on_stage, today):
    order_id = booked(on_stage, workday(today, 2), "13:00")
    on_stage.desk.fire("megan", order_id, "assign_technician", person_id=on_stage.world.people["allan"])
    on_stage.settle()

    on_stage.desk.become("ines")
    stub = on_stage.channels.stub(technician_pb2_grpc.TechnicianServiceStub, "technicians")
    leaving = stub.GetTechnician(technician_pb2.GetTechnicianRequest(id=on_stage.world.technicians["allan"]))
    leaving.active = False
    request = technician_pb2.UpdateTechnicianRequest(technician=leaving, request_id=new_id())
    request.update_mask.paths.append("active")
    stub.UpdateTechnician(request)
    on_stage.settle()
    flagged = on_stage.order(order_id)
    with pytest.raises(Refusal):
        on_stage.desk.fire("megan", order_id, "assign_technician", person_id=on_stage.world.people["allan"])
    on_stage.desk.fire(
        "megan", order_id, "assign_technician", person_id=on_stage.world.people["priya"],
        reason_code="trained_on_site",
    )  # fmt: skip

    assert [(flag.code, flag.blocks_close) for flag in flagged.flags] == [("technician_inactive", True)]
    assert "assign somebody else" in flagged.flags[0].message
    assert [flag.code for flag in on_stage.order(order_id).flags] == []
    assert on_stage.order(order_id).technician.name == "Priya Raman"
