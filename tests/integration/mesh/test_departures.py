"""A technician is onboarded, works, and is offboarded, over gRPC and on both stacks (CP-93, CP-94)."""

from __future__ import annotations

from typing import Any

import pytest
from fieldmesh.technicians.v1 import (
    assignment_pb2,
    assignment_pb2_grpc,
    roster_service_pb2,
    roster_service_pb2_grpc,
)

from services.chassis.errors import InvalidRequest, WrongState
from services.chassis.ids import new_id
from services.cli.demo.calls import of_order
from tests.support.patience import eventually


@pytest.fixture(
    params=[
        pytest.param("embedded", marks=pytest.mark.xdist_group("mesh-changed")),
        pytest.param("grown", marks=pytest.mark.xdist_group("mesh")),
    ]
)
def on_stage(request: pytest.FixtureRequest) -> Any:
    """Noor leaves again at the end, so that the grown mesh is as it was."""
    if request.param == "grown":
        return request.getfixturevalue("shared")("grown")
    return request.getfixturevalue("changed_stage")


def roster(stage: Any, person: str = "megan") -> Any:
    stage.desk.become(person)
    return stage.channels.stub(roster_service_pb2_grpc.RosterServiceStub, "technicians")


def confirmed(stage: Any, order_id: str) -> list[Any]:
    stage.desk.become("megan")
    stub = stage.channels.stub(assignment_pb2_grpc.AssignmentServiceStub, "technicians")
    rows = stub.ListAssignments(assignment_pb2.ListAssignmentsRequest(query=of_order(order_id))).assignments
    return [row for row in rows if row.state == assignment_pb2.ASSIGNMENT_STATE_CONFIRMED]


@pytest.mark.req("CP-93")
@pytest.mark.req("CP-94")
def test_a_technician_is_onboarded_assigned_and_offboarded(on_stage):
    noor = roster(on_stage).SearchRoster(roster_service_pb2.SearchRosterRequest(email="noor.haddad@example.com"))
    wanted = roster_service_pb2.OnboardTechnicianRequest(
        technician_id=noor.entries[0].technician_id,
        etag=noor.entries[0].etag,
        corporate_email="noor@elsewhere.example.com",
        request_id=new_id(),
    )
    with pytest.raises(InvalidRequest) as refused:
        roster(on_stage).OnboardTechnician(wanted)
    wanted.corporate_email = "noor@bluefern.example.com"
    roster(on_stage).OnboardTechnician(wanted)
    order_id, other_id = on_stage.allocated(), on_stage.allocated()
    for each in (order_id, other_id):
        on_stage.desk.fire("megan", each, "assign_technician", person_id=on_stage.world.people["noor"])
        eventually(lambda each=each: confirmed(on_stage, each))
    on_stage.desk.fire("megan", other_id, "assign_technician", person_id=on_stage.world.people["allan"])

    shown = roster(on_stage).PreviewOffboarding(
        roster_service_pb2.PreviewOffboardingRequest(technician_id=wanted.technician_id)
    )
    leaving = roster_service_pb2.OffboardTechnicianRequest(
        technician_id=wanted.technician_id, etag=shown.membership.etag, reason="Moved away", request_id=new_id()
    )
    with pytest.raises(WrongState) as open_ones:
        roster(on_stage).OffboardTechnician(leaving)
    mine = next(each for each in shown.assignments if each.work_order_id == order_id)
    leaving.return_to_queue.append(mine.id)
    done = roster(on_stage).OffboardTechnician(leaving)

    assert [each.field for each in refused.value.violations] == ["corporate_email"]
    assert (open_ones.value.reason, open_ones.value.metadata["assignments"]) == ("OPEN_ASSIGNMENTS", mine.id)
    assert done.membership.end_reason == "Moved away"
    eventually(lambda: not on_stage.order(order_id).technician.technician_id)
    assert not confirmed(on_stage, order_id)
    assert on_stage.order(other_id).technician.name == "Allan Heward"
    row = on_stage.history(order_id)[-1]
    assert (row.actor.display_name, row.reason) == ("Megan Castellano", "Noor Haddad left the organisation: Moved away")
    assert eventually(
        lambda: [
            mail
            for mail in on_stage.mailbox.to("megan.castellano@bluefern.example.com")
            if "has no technician any more" in str(mail["subject"])
        ]
    )
    number = on_stage.order(order_id).number
    assert eventually(
        lambda: [
            mail
            for mail in on_stage.mailbox.to("noor.haddad@example.com")
            if str(mail["subject"]).startswith("You left") and number in str(mail["subject"])
        ]
    )
    again = roster(on_stage).SearchRoster(roster_service_pb2.SearchRosterRequest(email="noor.haddad@example.com"))
    assert not again.entries[0].elsewhere
