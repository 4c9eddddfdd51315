"""Rules of people: roles, sessions, and the person that a technician is (hard-parts 1)."""

from collections.abc import Collection, Iterable
from typing import Any

from fieldmesh.technicians.v1 import person_pb2
from google.type import date_pb2
from sqlalchemy import func, select

from services.chassis.errors import Violation
from services.chassis.identity import ADMIN_ROLE, ROLES, SERVICE_ROLE, Caller, service_caller
from services.chassis.kit import Change, ResourceEngine, is_unbound
from services.chassis.unit_of_work import Transaction
from services.technicians.tables import people

TECHNICIAN = "technician"
HELD_BY_PEOPLE = ROLES - {SERVICE_ROLE}
# What a partner's office may make of its own people.
GIVEN_BY_PARTNERS = frozenset({"partner", TECHNICIAN})
# A session that began before one of these changed must end: it would go on with other rights.
_ENDS_SESSIONS = ("active", "login", "organization_id", "roles", "technician_id")


def prepare(_transaction: Transaction, change: Change) -> None:
    """Let sessions end where rights change."""
    before, after = change.before, change.after
    if before is not None and any(getattr(before, name) != getattr(after, name) for name in _ENDS_SESSIONS):
        after.session_epoch = before.session_epoch + 1


def validate(transaction: Transaction, change: Change) -> Iterable[Violation]:
    """Roles are known ones, only freelancing technicians belong to no organisation, and absences are whole."""
    person = change.after
    unknown = [role for role in person.roles if role not in HELD_BY_PEOPLE]
    if unknown:
        yield Violation("roles", f"must be among {', '.join(sorted(HELD_BY_PEOPLE))}")
    if len(set(person.roles)) != len(person.roles):
        yield Violation("roles", "must not name a role twice")
    if not person.organization_id and set(person.roles) - {TECHNICIAN, ADMIN_ROLE}:
        yield Violation("organization_id", "is required with these roles")
    yield from _absence_problems(transaction, person, change.fields)
    yield from _reserved_to_admins(change)


def _reserved_to_admins(change: Change) -> Iterable[Violation]:
    """An organisation's office gives nobody a login, nor rights beyond its own work (R-1)."""
    if is_unbound(change.caller):
        return
    before, after = change.before or person_pb2.Person(), change.after
    if set(after.roles) - GIVEN_BY_PARTNERS or set(before.roles) - GIVEN_BY_PARTNERS:
        yield Violation("roles", f"beyond {' and '.join(sorted(GIVEN_BY_PARTNERS))} are an admin's to give")
    for name in ("login", "technician_id"):
        if getattr(before, name) != getattr(after, name):
            yield Violation(name, "is set by an admin")
    if before.login and before.email != after.email:
        yield Violation("email", "of somebody who signs in is changed by an admin")


def _absence_problems(
    transaction: Transaction, person: person_pb2.Person, fields: Collection[str]
) -> Iterable[Violation]:
    """An absence has two days in order, and a delegate who is an active colleague (hard case 12)."""
    begins, ends = person.HasField("away_from"), person.HasField("away_until")
    if begins != ends:
        yield Violation("away_until" if begins else "away_from", "is required: an absence has a first and a last day")
    elif begins and not _in_order(person.away_from, person.away_until):
        yield Violation("away_until", "must not be before the first day away")
    if not person.delegate_id or not {"delegate_id", "organization_id"} & set(fields):
        return
    columns = people.c
    colleague = select(columns.id).where(
        columns.id == person.delegate_id,
        columns.organization_id == person.organization_id,
        columns.organization_id != "",
        columns.active.is_(True),
    )
    if person.delegate_id == person.id or transaction.execute(colleague).first() is None:
        yield Violation("delegate_id", "must be an active colleague of the same organisation")


def _in_order(first: date_pb2.Date, last: date_pb2.Date) -> bool:
    return (first.year, first.month, first.day) <= (last.year, last.month, last.day)


class TechniciansPeople:
    """Keeps the person of a technician in step with it."""

    def __init__(self, service: str, engine: ResourceEngine) -> None:
        self._own = service_caller(service)
        self._people = engine

    def prepare(self, transaction: Transaction, change: Change) -> None:
        """Name the person of a new technician: one with the same e-mail who is free, else a new one."""
        technician = change.after
        if change.verb == "create" and not technician.person_id and technician.email:
            found = _find_free(transaction, technician.email, change.caller)
            technician.person_id = found or self._create(transaction, technician)

    def validate(self, transaction: Transaction, change: Change) -> Iterable[Violation]:
        """No language is named twice; the person of a new technician is no technician yet, and not somebody else's."""
        if len(set(change.after.languages)) != len(change.after.languages):
            yield Violation("languages", "must not name a language twice")
        if change.verb != "create" or not change.after.person_id:
            return
        row = transaction.execute(select(people).where(people.c.id == change.after.person_id)).first()
        theirs = {"", change.caller.organization_id}
        if row is None or not (is_unbound(change.caller) or row.organization_id in theirs):
            yield Violation("person_id", "names no person that you can see")
        elif row.technician_id:
            yield Violation("person_id", "names a person who is a technician already")

    def link(self, transaction: Transaction, technician: Any) -> None:
        """Tell the person which technician they are."""
        self._set(transaction, technician.person_id, person_pb2.Person(technician_id=technician.id), "technician_id")

    def follow(self, transaction: Transaction, technician: Any) -> None:
        """Move the person to the organisation of the membership; one with further roles stays where they are."""
        row = self._people.find_for_update(transaction.connection, technician.person_id)
        if row is not None and set(row.roles) <= {TECHNICIAN}:
            wanted = person_pb2.Person(organization_id=technician.organization_id)
            self._set(transaction, technician.person_id, wanted, "organization_id")

    def address(self, transaction: Transaction, technician: Any, organization_id: str, corporate: str) -> None:
        """Let mail go to the corporate address of the membership that holds (CP-93).

        One whose person belongs to another organisation stays where they get mail: that one's affairs are not the
        business of the membership's.
        """
        row = self._people.find_for_update(transaction.connection, technician.person_id)
        if row is None:
            return
        own = bool(organization_id) and row.organization_id == organization_id
        wanted = corporate if own and corporate.lower() != row.email.lower() else ""
        if row.work_email != wanted:
            self._set(transaction, row.id, person_pb2.Person(work_email=wanted), "work_email")

    def _set(self, transaction: Transaction, person_id: str, wanted: person_pb2.Person, path: str) -> None:
        row = self._people.find_for_update(transaction.connection, person_id)
        if row is not None:
            self._people.rewrite(transaction, self._own, row, wanted, [path])

    def _create(self, transaction: Transaction, technician: Any) -> str:
        person = person_pb2.Person(
            name=technician.name, email=technician.email, phone=technician.phone, roles=[TECHNICIAN]
        )
        return str(self._people.create(transaction, self._own, person).id)


def _find_free(transaction: Transaction, email: str, caller: Caller) -> str:
    """The id of the one person with an e-mail who is no technician and whom the caller may name; else empty."""
    columns = people.c
    same = select(columns.id).where(func.lower(columns.email) == email.lower(), columns.technician_id == "")
    if not is_unbound(caller):
        same = same.where(columns.organization_id.in_(["", caller.organization_id]))
    found = transaction.execute(same.where(columns.active.is_(True)).limit(2)).scalars().all()
    return found[0] if len(found) == 1 else ""
