"""Mail of a visit over the real services: to the corporate address of a member, else to their own (CP-93)."""

import pytest
from fieldmesh.technicians.v1 import roster_service_pb2, roster_service_pb2_grpc

from tests.support.patience import eventually
from tests.support.stage import ACCEPTANCE

pytestmark = pytest.mark.xdist_group("mesh-changed")
TRAVEL = {path: value for path, value in ACCEPTANCE.items() if path.startswith("travel.")}
OWN, CORPORATE = "gus.petrakis@example.com", "gus@bluefern.example.com"


@pytest.fixture
def on_stage(changed_stage):
    return changed_stage


def roster(stage):
    stage.desk.become("megan")
    return stage.channels.stub(roster_service_pb2_grpc.RosterServiceStub, "technicians")


def onboard(stage):
    desk = roster(stage)
    entry = desk.SearchRoster(roster_service_pb2.SearchRosterRequest(email=OWN)).entries[0]
    desk.OnboardTechnician(
        roster_service_pb2.OnboardTechnicianRequest(
            technician_id=entry.technician_id, etag=entry.etag, corporate_email=CORPORATE
        )
    )
    stage.settle()


def offboard(stage):
    desk, gus = roster(stage), stage.world.technicians["gus"]
    seen = desk.PreviewOffboarding(roster_service_pb2.PreviewOffboardingRequest(technician_id=gus))
    returned = [each.id for each in seen.assignments]
    desk.OffboardTechnician(
        roster_service_pb2.OffboardTechnicianRequest(
            technician_id=gus, etag=seen.membership.etag, reason="The season ended", return_to_queue=returned
        )
    )
    stage.settle()


def assigned(stage, reason):
    """The number of an order that Gus was assigned to."""
    order_id = stage.allocated("VT-40 Wiring Verification", plan="")
    stage.desk.fire("megan", order_id, "accept_without_parts", TRAVEL)
    stage.desk.fire("megan", order_id, "assign_technician", person_id=stage.world.people["gus"], reason_code=reason)
    stage.settle()
    return stage.order(order_id)


def told(stage, address, order):
    return [mail for mail in stage.mailbox.to(address) if order.number in mail["Subject"]]


@pytest.mark.req("CP-93")
@pytest.mark.req("CP-64")
def test_mail_of_an_assignment_goes_to_the_corporate_address_while_the_membership_holds(on_stage):
    onboard(on_stage)
    as_member = assigned(on_stage, "only_available")
    at_work = eventually(lambda: told(on_stage, CORPORATE, as_member))
    offboard(on_stage)
    as_freelancer = assigned(on_stage, "no_own_technician")
    at_home = eventually(lambda: told(on_stage, OWN, as_freelancer))

    assert as_member.technician.email == CORPORATE
    assert as_freelancer.technician.email == OWN
    assert (len(at_work), len(at_home)) == (1, 1)
    assert told(on_stage, CORPORATE, as_freelancer) == []
