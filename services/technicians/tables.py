"""Tables of the technicians service. Those of resources come from their contracts (hard-parts 27)."""

from fieldmesh.technicians.v1 import (
    assignment_pb2,
    certification_pb2,
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
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

from services.chassis.kit import kit_table
from services.chassis.tables import chassis_tables
from services.chassis.types import Instant, LocalDate, StringList

metadata = MetaData()
chassis = chassis_tables(metadata)

_SIGNS_IN = text("login <> ''")
_IS_OPEN = text("state = 1")


def _ref(name: str) -> Column[str]:
    return Column(name, String(40), nullable=False, server_default="")


organizations = kit_table(metadata, organization_pb2.Organization, "organizations", unique=[("name",)])

people = kit_table(
    metadata,
    person_pb2.Person,
    "people",
    Index("ix_people_organization_name", "organization_id", "name", "id"),
    # Unique among those who sign in; most technicians don't.
    Index("uq_people_login", "login", unique=True, sqlite_where=_SIGNS_IN, postgresql_where=_SIGNS_IN),
)

teams = kit_table(metadata, team_pb2.Team, "teams", unique=[("organization_id", "name")])

invitations = kit_table(
    metadata,
    invitation_pb2.Invitation,
    "invitations",
    Index("ix_invitations_waiting", "state", "expire_time"),
    # One open invitation for an address.
    Index("uq_invitations_open", "email", unique=True, sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
)

technicians = kit_table(
    metadata,
    technician_pb2.Technician,
    "technicians",
    # Who may change a technician that has no membership yet: those who registered it.
    _ref("registered_by"),
    Index("ix_technicians_organization_name", "organization_id", "name", "id"),
    Index("ix_technicians_person", "person_id"),
)

# Apart from the rows of technicians, which lists read.
technician_photos = Table(
    "technician_photos",
    metadata,
    Column("technician_id", String(40), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("photo_version", String(40), nullable=False),
    Column("update_time", Instant, nullable=False),
)

memberships = kit_table(
    metadata,
    membership_pb2.Membership,
    "memberships",
    Index("ix_memberships_organization_days", "organization_id", "start_date", "end_date"),
)

certifications = kit_table(metadata, certification_pb2.Certification, "certifications", unique=[("code",)])

technician_certifications = kit_table(
    metadata,
    technician_certification_pb2.TechnicianCertification,
    "technician_certifications",
    # Which contents are somebody's evidence.
    Index("ix_technician_certifications_evidence", "evidence_id"),
    unique=[("technician_id", "certification_id", "issue_date")],
)

shift_patterns = kit_table(
    metadata,
    shift_pattern_pb2.ShiftPattern,
    "shift_patterns",
    Index("ix_shift_patterns_organization", "organization_id", "technician_name", "id"),
    unique=[("technician_id", "organization_id", "valid_from")],
)

technician_absences = kit_table(
    metadata,
    technician_absence_pb2.TechnicianAbsence,
    "technician_absences",
    Index("ix_technician_absences_time", "technician_id", "start_time", "end_time"),
    Index("ix_technician_absences_organization", "organization_id", "first_day", "id"),
    skip=["appointments"],
)

# Which reminders of an expiry were told; another expiry of the same certificate has reminders of its own.
expiry_reminders = Table(
    "expiry_reminders",
    metadata,
    Column("technician_certification_id", String(40), primary_key=True),
    Column("expiry_date", LocalDate, primary_key=True),
    Column("threshold_days", Integer, primary_key=True, autoincrement=False),
    Column("remind_time", Instant, nullable=False),
)

skill_requirements = kit_table(
    metadata,
    skill_requirement_pb2.SkillRequirement,
    "skill_requirements",
    unique=[("organization_id", "work_type_id")],
)

PARTY_COLUMNS = ("issuer_org", "executor_org", "facility_org")

assignments = kit_table(
    metadata,
    assignment_pb2.Assignment,
    "assignments",
    *(_ref(name) for name in PARTY_COLUMNS),
    Column("scope_version", BigInteger, nullable=False, server_default="0"),
    Column("duration_minutes", Integer, nullable=False, server_default="0"),
    # Where the visit is, for drives from and to other visits; of the order's site, which does not move.
    Column("site_latitude", Float, nullable=True),
    Column("site_longitude", Float, nullable=True),
    *(Index(f"ix_assignments_{name}", name, "assign_time", "id") for name in PARTY_COLUMNS),
    Index("ix_assignments_visit", "technician_id", "state", "start_time"),
    Index("ix_assignments_expiry", "state", "expire_time"),
)

# What this service knows of the orders of workorders: enough to filter and to release (hard-parts 3).
work_orders = Table(
    "work_orders",
    metadata,
    Column("id", String(40), primary_key=True),
    *(_ref(name) for name in PARTY_COLUMNS),
    _ref("technician_id"),
    Column("category", Integer, nullable=False, server_default="0"),
    Column("scope_version", BigInteger, nullable=False, server_default="0"),
    Column("source_version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
)

# What workorders says of work types; a tombstone keeps its version (hard-parts 10).
work_types = Table(
    "work_types",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(255), nullable=False, server_default=""),
    Column("certification_codes", StringList, nullable=False, server_default="[]"),
    Column("technicians_needed", Integer, nullable=False, server_default="0"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("source_version", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False, server_default=text("false")),
)
