"""The technicians service: what it serves, hears and does by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fieldmesh.technicians.v1 import (
    assignment_pb2,
    availability_service_pb2,
    certification_pb2,
    credential_service_pb2,
    evidence_service_pb2,
    invitation_pb2,
    membership_pb2,
    organization_pb2,
    organization_service_pb2,
    person_pb2,
    photo_service_pb2,
    roster_service_pb2,
    shift_pattern_pb2,
    skill_requirement_pb2,
    team_pb2,
    technician_absence_pb2,
    technician_certification_pb2,
    technician_pb2,
    technicians_service_pb2,
)
from fieldmesh.workorders.v1 import events_pb2

from services.chassis.host import Application, every, on_event, serves
from services.chassis.mesh_service import MeshService
from services.technicians import bootstrap

if TYPE_CHECKING:
    from fieldmesh.common.v1.events_pb2 import Event

    from services.chassis.kit import KitServicer
    from services.chassis.unit_of_work import Transaction
    from services.technicians.evidence_servicer import EvidenceServicer
    from services.technicians.servicer import (
        AssignmentDeskServicer,
        AvailabilityServicer,
        ContactServicer,
        CredentialServicer,
        DirectoryServicer,
        InvitationDesk,
        PhotoServicer,
        ProfileServicer,
        RosterServicer,
    )

_VERBS: Final = technicians_service_pb2.DESCRIPTOR.services_by_name
_ORDERS_LANE: Final = "technicians.work-orders"
_HOUR: Final = 3600


class TechniciansService(MeshService):
    """The directory, skills and assignments."""

    name = bootstrap.NAME
    app = Application(bootstrap.build)

    @property
    def _graph(self) -> bootstrap.Technicians:
        graph: bootstrap.Technicians = self.app.technicians
        return graph

    @serves(organization_pb2.DESCRIPTOR.services_by_name["OrganizationService"])
    def organizations(self) -> KitServicer:
        return self._graph.servicer("Organization")

    @serves(person_pb2.DESCRIPTOR.services_by_name["PersonService"])
    def people(self) -> KitServicer:
        return self._graph.servicer("Person")

    @serves(team_pb2.DESCRIPTOR.services_by_name["TeamService"])
    def teams(self) -> KitServicer:
        return self._graph.servicer("Team")

    @serves(technician_pb2.DESCRIPTOR.services_by_name["TechnicianService"])
    def technicians(self) -> KitServicer:
        return self._graph.servicer("Technician")

    @serves(membership_pb2.DESCRIPTOR.services_by_name["MembershipService"])
    def memberships(self) -> KitServicer:
        return self._graph.servicer("Membership")

    @serves(certification_pb2.DESCRIPTOR.services_by_name["CertificationService"])
    def certifications(self) -> KitServicer:
        return self._graph.servicer("Certification")

    @serves(technician_certification_pb2.DESCRIPTOR.services_by_name["TechnicianCertificationService"])
    def technician_certifications(self) -> KitServicer:
        return self._graph.servicer("TechnicianCertification")

    @serves(skill_requirement_pb2.DESCRIPTOR.services_by_name["SkillRequirementService"])
    def skill_requirements(self) -> KitServicer:
        return self._graph.servicer("SkillRequirement")

    @serves(shift_pattern_pb2.DESCRIPTOR.services_by_name["ShiftPatternService"])
    def shift_patterns(self) -> KitServicer:
        return self._graph.servicer("ShiftPattern")

    @serves(technician_absence_pb2.DESCRIPTOR.services_by_name["TechnicianAbsenceService"])
    def technician_absences(self) -> KitServicer:
        return self._graph.servicer("TechnicianAbsence")

    @serves(assignment_pb2.DESCRIPTOR.services_by_name["AssignmentService"])
    def assignments(self) -> KitServicer:
        return self._graph.servicer("Assignment")

    @serves(_VERBS["AssignmentDeskService"])
    def desk(self) -> AssignmentDeskServicer:
        return self._graph.desk

    @serves(_VERBS["DirectoryService"])
    def logins(self) -> DirectoryServicer:
        return self._graph.logins

    @serves(_VERBS["ProfileService"])
    def profiles(self) -> ProfileServicer:
        return self._graph.profiles

    @serves(roster_service_pb2.DESCRIPTOR.services_by_name["RosterService"])
    def roster(self) -> RosterServicer:
        return self._graph.roster

    @serves(credential_service_pb2.DESCRIPTOR.services_by_name["CredentialService"])
    def credentials(self) -> CredentialServicer:
        return self._graph.credentials

    @serves(photo_service_pb2.DESCRIPTOR.services_by_name["PhotoService"])
    def photos(self) -> PhotoServicer:
        return self._graph.photos

    @serves(evidence_service_pb2.DESCRIPTOR.services_by_name["EvidenceService"])
    def evidence(self) -> EvidenceServicer:
        return self._graph.evidence_files

    @serves(availability_service_pb2.DESCRIPTOR.services_by_name["AvailabilityService"])
    def availability(self) -> AvailabilityServicer:
        return self._graph.availability

    @serves(organization_service_pb2.DESCRIPTOR.services_by_name["OrganizationContactService"])
    def contacts(self) -> ContactServicer:
        return self._graph.contacts

    @serves(invitation_pb2.DESCRIPTOR.services_by_name["InvitationService"])
    def invitations(self) -> KitServicer:
        return self._graph.servicer("Invitation")

    @serves(invitation_pb2.DESCRIPTOR.services_by_name["InvitationDeskService"])
    def invitation_desk(self) -> InvitationDesk:
        return self._graph.invitation_desk

    @on_event("workorders", events_pb2.WorkOrderMoved, handler="technicians.work-order-moved", lane=_ORDERS_LANE)
    def work_order_moved(self, transaction: Transaction, event: Event, payload: events_pb2.WorkOrderMoved) -> None:
        self._graph.following.work_order_moved(transaction, event, payload)

    @on_event("workorders", events_pb2.WorkOrderDeleted, handler="technicians.work-order-deleted", lane=_ORDERS_LANE)
    def work_order_deleted(self, transaction: Transaction, event: Event, payload: events_pb2.WorkOrderDeleted) -> None:
        self._graph.following.work_order_deleted(transaction, event, payload)

    @on_event("workorders", events_pb2.WorkTypeChanged, handler="technicians.work-type-changed")
    def work_type_changed(self, transaction: Transaction, event: Event, payload: events_pb2.WorkTypeChanged) -> None:
        self._graph.following.work_type_changed(transaction, event, payload)

    @every(seconds=_HOUR)
    def sweep_evidence(self) -> None:
        self._graph.sweep_evidence()

    @every(seconds=30)
    def run_due(self) -> None:
        self._graph.run_due()
