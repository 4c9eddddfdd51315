"""Organisations, people, and who may do what kind of work."""

from fieldmesh.technicians.v1.assignment_pb2 import Assignment
from fieldmesh.technicians.v1.certification_pb2 import Certification
from fieldmesh.technicians.v1.membership_pb2 import Membership
from fieldmesh.technicians.v1.organization_pb2 import Organization
from fieldmesh.technicians.v1.person_pb2 import Person
from fieldmesh.technicians.v1.shift_pattern_pb2 import ShiftPattern
from fieldmesh.technicians.v1.skill_requirement_pb2 import SkillRequirement
from fieldmesh.technicians.v1.team_pb2 import Team

from admin.grpcfab.panel import Panel
from admin.pages.invitations.panel import InvitationPanel
from admin.pages.technicians.absences import TechnicianAbsencePanel
from admin.pages.technicians.certifications import TechnicianCertificationPanel
from admin.pages.technicians.panel import TechnicianPanel


class AssignmentPanel(Panel):
    resource = Assignment
    menu = "People"


class MembershipPanel(Panel):
    resource = Membership
    menu = "People"


class CertificationPanel(Panel):
    resource = Certification
    menu = "People"


class SkillRequirementPanel(Panel):
    resource = SkillRequirement
    menu = "People"


class ShiftPatternPanel(Panel):
    resource = ShiftPattern
    menu = "People"


class PersonPanel(Panel):
    resource = Person
    menu = "People"


class TeamPanel(Panel):
    resource = Team
    menu = "People"


class OrganizationPanel(Panel):
    resource = Organization
    menu = "People"


PANELS = (
    TechnicianPanel,
    AssignmentPanel,
    MembershipPanel,
    CertificationPanel,
    TechnicianCertificationPanel,
    SkillRequirementPanel,
    ShiftPatternPanel,
    TechnicianAbsencePanel,
    PersonPanel,
    TeamPanel,
    OrganizationPanel,
    InvitationPanel,
)
