"""Rules of people: roles, sessions, and the person that a technician is (hard-parts 1)."""

from collections.abc import Iterable
from typing import Any

from fieldmesh.technicians.v1 import person_pb2
from sqlalchemy import func, select

from services.chassis.errors import Violation
from services.chassis.identity import ADMIN_ROLE, ROLES, SERVICE_ROLE, Caller, service_caller
from services.chassis.kit import Change, ResourceEngine, is_unbound
from services.chassis.unit_of_work import Transaction
from services.technicians.tables import people

TECHNICIAN = "technician"
HELD_BY_PEOPLE = ROLES - {SERVICE_ROLE}
# A session that began before one of these changed must end: it would go on with other rights.
_ENDS_SESSIONS = ("active", "login", "organization_id", "roles", "technician_id")


def prepare(_transaction: Transaction, change: Change) -> None:
    """Let sessions end where rights change."""
    before, after = change.before, change.after
    if before is not None and any(getattr(before, name) != getattr(after, name) for name in _ENDS_SESSIONS):
        after.session_epoch = before.session_epoch + 1


def validate(_transaction: Transaction, change: Change) -> Iterable[Violation]:
    """Roles are known ones, and only freelancing technicians belong to no organisation."""
    person = change.after
    unknown = [role for role in person.roles if role not in HELD_BY_PEOPLE]
    if unknown:
        yield Violation("roles", f"must be among {', '.join(sorted(HELD_BY_PEOPLE))}")
    if len(set(person.roles)) != len(person.roles):
        yield Violation("roles", "must not name a role twice")
    if not person.organization_id and set(person.roles) - {TECHNICIAN, ADMIN_ROLE}:
        yield Violation("organization_id", "is required with these roles")


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
        """The person of a new technician is no technician yet, and not somebody else's."""
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
