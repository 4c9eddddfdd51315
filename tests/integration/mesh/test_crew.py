"""Two technicians on one order over real processes: reserved, told, seen and released (CP-62 to CP-67)."""

from __future__ import annotations

from typing import Any

import pytest
from fieldmesh.technicians.v1 import assignment_pb2, assignment_pb2_grpc

from services.cli.demo.calls import of_order
from tests.support.patience import eventually

pytestmark = pytest.mark.xdist_group("mesh")


@pytest.fixture(scope="module")
def on_stage(shared: Any) -> Any:
    """What is reserved does not depend on the database or the transport; the services' own tests run on both."""
    return shared("embedded")


def confirmed(stage: Any, order_id: str) -> set[str]:
    stage.desk.become("megan")
    stub = stage.channels.stub(assignment_pb2_grpc.AssignmentServiceStub, "technicians")
    rows = stub.ListAssignments(assignment_pb2.ListAssignmentsRequest(query=of_order(order_id))).assignments
    return {row.technician_name for row in rows if row.state == assignment_pb2.ASSIGNMENT_STATE_CONFIRMED}


@pytest.mark.req("CP-62")
@pytest.mark.req("CP-64")
@pytest.mark.req("CP-67")
def test_two_technicians_are_confirmed_and_mailed_and_one_is_released(on_stage: Any) -> None:
    order_id, people = on_stage.allocated(), on_stage.world.people
    number = on_stage.order(order_id).number
    reason = {"reason_code": "trained_on_site", "comment": "Carries the ladder"}

    on_stage.desk.fire("megan", order_id, "assign_technician", person_id=people["allan"])
    on_stage.desk.fire("megan", order_id, "assign_further_technician", person_id=people["priya"], **reason)
    eventually(lambda: confirmed(on_stage, order_id) == {"Allan Heward", "Priya Raman"})
    on_stage.desk.fire("megan", order_id, "release_technician", present_person_id=people["priya"])

    eventually(lambda: confirmed(on_stage, order_id) == {"Allan Heward"})
    assert [each.name for each in on_stage.order(order_id).further_technicians] == []
    told = "priya.raman@bluefern.example.com"
    eventually(lambda: len([mail for mail in on_stage.mailbox.to(told) if number in mail["Subject"]]) == 2)
    subjects = [mail["Subject"] for mail in on_stage.mailbox.to(told) if number in mail["Subject"]]
    assert sum("not on work order" in subject for subject in subjects) == 1
