"""What the kit serves of this service, with the rules that the contracts cannot say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldmesh.technicians.v1 import (
    assignment_pb2,
    certification_pb2,
    events_pb2,
    invitation_pb2,
    membership_pb2,
    organization_pb2,
    person_pb2,
    shift_pattern_pb2,
    skill_requirement_pb2,
    team_pb2,
    technician_absence_pb2,
    technician_certification_pb2,
    technician_pb2,
)

from services.chassis.clock import Clock
from services.chassis.database import Database
from services.chassis.identity import Caller
from services.chassis.kit import Change, KitServicer, References, Resource, ResourceEngine, Shared, publish_change
from services.chassis.unit_of_work import Transaction
from services.technicians import certificates, memberships, organizations, people, scope, shifts, tables
from services.technicians.booking import Booking
from services.technicians.departures import Departures
from services.technicians.memberships import MembershipsToday
from services.technicians.people import TechniciansPeople

_TECHNICIAN_CHANGED = publish_change(events_pb2.TechnicianChanged, "technician")
_CONTRACT_FIELDS = ("free_miles", "travel_cost_per_mile", "domains", "contact_name", "office_email")

ORGANIZATION = Resource(
    organization_pb2.Organization,
    tables.organizations,
    prepare=organizations.prepare,
    validate=organizations.validate,
    on_change=publish_change(events_pb2.OrganizationChanged, "organization"),
    present=lambda _connection, caller, found: _keep_contracts_to_their_parties(caller, found),
    referenced_by=(
        tables.assignments.c.issuer_org,
        tables.assignments.c.executor_org,
        tables.assignments.c.facility_org,
    ),
)
PERSON = Resource(
    person_pb2.Person,
    tables.people,
    scope=scope.PEOPLE,
    prepare=people.prepare,
    validate=people.validate,
    on_change=publish_change(events_pb2.PersonChanged, "person"),
    # A technician's person is checked by the technician's own rules.
    referable=Shared(),
)
TEAM = Resource(
    team_pb2.Team, tables.teams, scope=scope.TEAMS, on_change=publish_change(events_pb2.TeamChanged, "team")
)
INVITATION = Resource(invitation_pb2.Invitation, tables.invitations, scope=scope.INVITATIONS)
CERTIFICATION = Resource(certification_pb2.Certification, tables.certifications)
CERTIFICATE_HELD = Resource(
    technician_certification_pb2.TechnicianCertification,
    tables.technician_certifications,
    scope=scope.CERTIFICATES_HELD,
    prepare=certificates.prepare_held,
    validate=certificates.validate_held,
)
SKILL_REQUIREMENT = Resource(
    skill_requirement_pb2.SkillRequirement,
    tables.skill_requirements,
    prepare=certificates.prepare_requirement,
    validate=certificates.validate_requirement,
)
SHIFT_PATTERN = Resource(
    shift_pattern_pb2.ShiftPattern,
    tables.shift_patterns,
    scope=scope.SHIFT_PATTERNS,
    prepare=shifts.prepare_pattern,
    validate=shifts.validate_pattern,
)
ASSIGNMENT = Resource(assignment_pb2.Assignment, tables.assignments, scope=scope.ASSIGNMENTS)


@dataclass(frozen=True)
class Directory:
    """The resources whose rules need each other, wired up."""

    resources: tuple[Resource, ...]
    references: References
    organizations: ResourceEngine
    people: ResourceEngine
    teams: ResourceEngine
    invitations: ResourceEngine
    assignments: ResourceEngine
    technicians: ResourceEngine
    membership: ResourceEngine
    held: ResourceEngine
    memberships: MembershipsToday

    def servicers(self, database: Database) -> dict[str, KitServicer]:
        """Give the servicers by the full name of their gRPC service."""
        return {
            str(resource.descriptor.full_name): KitServicer(resource, database, self.references)
            for resource in self.resources
        }


def directory(service: str, database: Database, clock: Clock) -> Directory:
    """Wire the resources of this service."""
    persons = TechniciansPeople(service, ResourceEngine(PERSON))
    technician = Resource(
        technician_pb2.Technician,
        tables.technicians,
        scope=scope.TECHNICIANS,
        prepare=persons.prepare,
        validate=persons.validate,
        on_change=lambda transaction, change: _technician_changed(persons, transaction, change),
        kept_back=_registered_by,
        # Who onboards a technician knows the id from a search and does not see the row yet (CP-93).
        referable=Shared(),
    )
    departures = Departures(Booking(ResourceEngine(ASSIGNMENT)))
    today = MembershipsToday(service, database, ResourceEngine(technician), persons, departures)
    membership = Resource(
        membership_pb2.Membership,
        tables.memberships,
        scope=scope.MEMBERSHIPS,
        validate=memberships.validate,
        on_change=today.on_change,
    )
    absence = Resource(
        technician_absence_pb2.TechnicianAbsence,
        tables.technician_absences,
        scope=scope.ABSENCES,
        prepare=shifts.prepare_absence,
        validate=shifts.validate_absence,
        on_change=shifts.tell_absence,
        present=lambda connection, caller, found: shifts.present_absences(connection, caller, found, clock.now()),
    )
    resources = (
        ORGANIZATION,
        PERSON,
        TEAM,
        INVITATION,
        technician,
        membership,
        CERTIFICATION,
        CERTIFICATE_HELD,
        SKILL_REQUIREMENT,
        SHIFT_PATTERN,
        absence,
        ASSIGNMENT,
    )
    references = References(resources)
    return Directory(
        resources,
        references,
        organizations=ResourceEngine(ORGANIZATION, references),
        people=ResourceEngine(PERSON, references),
        teams=ResourceEngine(TEAM, references),
        invitations=ResourceEngine(INVITATION, references),
        assignments=ResourceEngine(ASSIGNMENT, references),
        technicians=ResourceEngine(technician, references),
        membership=ResourceEngine(membership, references),
        held=ResourceEngine(CERTIFICATE_HELD, references),
        memberships=today,
    )


def _technician_changed(persons: TechniciansPeople, transaction: Transaction, change: Change) -> None:
    _TECHNICIAN_CHANGED(transaction, change)
    if change.verb == "create":
        persons.link(transaction, change.after)


def _registered_by(_transaction: Transaction, change: Change) -> Mapping[str, Any]:
    return {"registered_by": change.caller.organization_id} if change.verb == "create" else {}


def _keep_contracts_to_their_parties(caller: Caller, found: Sequence[Any]) -> None:
    """Clear what was agreed with an organisation for those who are no party to it."""
    for organization in found:
        if not scope.sees_contract(caller, organization.id):
            for name in _CONTRACT_FIELDS:
                organization.ClearField(name)
