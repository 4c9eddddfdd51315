"""Who sees and changes which rows here (requirements R-1 to R-4, hard-parts 2 and 3).

The vendor's staff look after the technicians of all its partners and see them; everybody else sees their own
organisation, and of other organisations' people only the vendor's, whom they work with.
"""

from typing import Any

from fieldmesh.technicians.v1 import organization_pb2
from sqlalchemy import ColumnElement, Table, select

from services.chassis.identity import Caller
from services.chassis.kit import Where, is_unbound, owned
from services.chassis.kit.scope import EVERY_ROW, NO_ROW, Branches
from services.technicians.tables import organizations, people, technicians

VENDOR = "vendor"
MANAGERS = frozenset({"partner", "dispatcher", "approver"})
# The party of an order that must be the caller's organisation, by role.
_PARTIES = {
    "partner": ("executor_org",),
    "dispatcher": ("issuer_org",),
    "approver": ("issuer_org", "facility_org"),
}


def is_vendor_staff(caller: Caller) -> bool:
    """Tell whether the caller works for the vendor as dispatcher or approver."""
    return caller.organization_kind == VENDOR and (caller.has("dispatcher") or caller.has("approver"))


def sees_contract(caller: Caller, organization_id: str) -> bool:
    """Tell whether the caller sees what was agreed with an organisation: rates and free miles."""
    return is_unbound(caller) or is_vendor_staff(caller) or caller.organization_id == organization_id


def party_columns(caller: Caller) -> list[str]:
    """Give the party columns that the caller's roles select, in order and once each."""
    if not caller.organization_id:
        return []
    return list(dict.fromkeys(name for role in sorted(caller.roles) for name in _PARTIES.get(role, ())))


def _known_people(caller: Caller, table: Table) -> Branches:
    """The own organisation, the vendor's staff and teams, and oneself."""
    if is_vendor_staff(caller):
        return EVERY_ROW
    vendors = select(organizations.c.id).where(organizations.c.kind == organization_pb2.ORGANIZATION_KIND_VENDOR)
    found: list[ColumnElement[bool]] = [*owned(caller, table.c.organization_id), table.c.organization_id.in_(vendors)]
    if table is people:
        found.append(table.c.id == caller.subject)
    return found


def _own_teams(caller: Caller, table: Table) -> Branches:
    manages = caller.has("dispatcher") or caller.has("partner")
    return owned(caller, table.c.organization_id) if manages else NO_ROW


def _own_invitations(caller: Caller, table: Table) -> Branches:
    """A partner's office sees whom it invited; who may become what elsewhere is nobody's business."""
    return owned(caller, table.c.organization_id) if caller.has("partner") else NO_ROW


def _own_people(caller: Caller, table: Table) -> Branches:
    """A partner's office keeps its own people (R-1); everybody else's are the admins' business."""
    return owned(caller, table.c.organization_id) if caller.has("partner") else NO_ROW


def _technicians(caller: Caller, table: Table) -> Branches:
    if is_vendor_staff(caller):
        return EVERY_ROW
    return [*_changeable_technicians(caller, table), *_oneself(caller, table.c.id)]


def _changeable_technicians(caller: Caller, table: Table) -> Branches:
    if is_vendor_staff(caller):
        return EVERY_ROW
    return [*_colleagues(caller, table.c.organization_id), *_registered(caller, table)]


def _colleagues(caller: Caller, column: ColumnElement[Any]) -> Branches:
    """Rows of the own organisation, for those who manage it: a technician sees no home address but the own (R-4)."""
    return owned(caller, column) if caller.roles & MANAGERS else NO_ROW


def _registered(caller: Caller, table: Table) -> Branches:
    """Technicians without a membership that the caller's organisation registered."""
    if not caller.organization_id or not caller.roles & MANAGERS:
        return NO_ROW
    return [(table.c.organization_id == "") & (table.c.registered_by == caller.organization_id)]


def _oneself(caller: Caller, column: ColumnElement[str]) -> Branches:
    return [column == caller.technician_id] if caller.technician_id else NO_ROW


def _memberships(caller: Caller, table: Table) -> Branches:
    if is_vendor_staff(caller):
        return EVERY_ROW
    return [*_colleagues(caller, table.c.organization_id), *_oneself(caller, table.c.technician_id)]


def _changeable_memberships(caller: Caller, table: Table) -> Branches:
    return EVERY_ROW if is_vendor_staff(caller) else _colleagues(caller, table.c.organization_id)


def _held_certificates(caller: Caller, table: Table) -> Branches:
    if is_vendor_staff(caller):
        return EVERY_ROW
    own = _colleagues(caller, technicians.c.organization_id)
    theirs = [table.c.technician_id.in_(select(technicians.c.id).where(each)) for each in own]
    return [*theirs, *_oneself(caller, table.c.technician_id)]


def _kept_evidence(caller: Caller, table: Table) -> Branches:
    """A partner's office keeps the evidence of its own people, whoever issued their certificates."""
    if is_vendor_staff(caller):
        return EVERY_ROW
    own = owned(caller, technicians.c.organization_id) if caller.has("partner") else NO_ROW
    return [table.c.technician_id.in_(select(technicians.c.id).where(each)) for each in own]


def _absences(caller: Caller, table: Table) -> Branches:
    """Those that the own organisation keeps of its people, and one's own; everybody else learns busy or free."""
    return [*_colleagues(caller, table.c.organization_id), *_oneself(caller, table.c.technician_id)]


def _planned_by_office(caller: Caller, table: Table) -> Branches:
    """The office of an organisation plans for its own people."""
    plans = caller.has("partner") or caller.has("dispatcher")
    return owned(caller, table.c.organization_id) if plans else NO_ROW


def _changeable_absences(caller: Caller, table: Table) -> Branches:
    """The office's people, and one's own absences."""
    return [*_planned_by_office(caller, table), *_oneself(caller, table.c.technician_id)]


def _by_vendor(caller: Caller, table: Table) -> Branches:
    del table
    return EVERY_ROW if is_vendor_staff(caller) else NO_ROW


def _assignments(caller: Caller, table: Table) -> Branches:
    parties = [table.c[name] == caller.organization_id for name in party_columns(caller)]
    return [*parties, *(_oneself(caller, table.c.technician_id) if caller.has("technician") else NO_ROW)]


PEOPLE = Where(_known_people, _own_people)
INVITATIONS = Where(_own_invitations)
TEAMS = Where(_known_people, _own_teams)
TECHNICIANS = Where(_technicians, _changeable_technicians)
MEMBERSHIPS = Where(_memberships, _changeable_memberships)
CERTIFICATES_HELD = Where(_held_certificates, _by_vendor)
EVIDENCE = Where(_held_certificates, _kept_evidence)
ABSENCES = Where(_absences, _changeable_absences)
SHIFT_PATTERNS = Where(_absences, _planned_by_office)
ASSIGNMENTS = Where(_assignments)
