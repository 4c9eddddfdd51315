"""Rules of memberships: from a day to a day, one at a time, ended and never overwritten (CP-93, CP-94)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from fieldmesh.technicians.v1 import technician_pb2
from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, not_, or_, select

from services.chassis.database import Database
from services.chassis.errors import Violation
from services.chassis.identity import service_caller
from services.chassis.kit import Change, ResourceEngine, is_unbound
from services.chassis.unit_of_work import Transaction
from services.technicians.departures import Departures, needing_somebody_else
from services.technicians.domain.errors import EmailDomainMismatch
from services.technicians.people import TechniciansPeople
from services.technicians.tables import memberships, organizations, people, technicians
from services.technicians.wire import day

_BATCH = 500
_NAMED = 5
# Today is the day before, or the day after, somewhere else.
_A_DAY = timedelta(days=1)


def validate(transaction: Transaction, change: Change) -> Iterable[Violation]:
    """Days are in order, no other membership holds in them, and the e-mail is the organisation's.

    What ended stays as it is, and nobody leaves work orders behind by a date: that is what offboarding is for.
    Raises EmailDomainMismatch.
    """
    membership = change.after
    first, last = day(membership.start_date), day(membership.end_date) if membership.HasField("end_date") else None
    if first is None or (membership.HasField("end_date") and last is None):
        return  # the contract's own check names it
    if last is not None and last < first:
        yield Violation("end_date", "must not be before the first day")
        return
    # Whoever else gives this technician a membership waits here, and then sees this one.
    transaction.execute(select(technicians.c.id).where(technicians.c.id == membership.technician_id).with_for_update())
    others = select(memberships.c.organization_id).where(
        memberships.c.technician_id == membership.technician_id,
        memberships.c.id != membership.id,
        *([memberships.c.start_date <= last] if last is not None else []),
        or_(memberships.c.end_date.is_(None), memberships.c.end_date >= first),
        not_(_left_by(first)),
    )
    other = transaction.execute(others.limit(1)).scalar()
    if other is not None:
        same = other == membership.organization_id
        whose = "this organisation already" if same else "another organisation"
        yield Violation("technician_id", f"belongs to {whose} in that time")
    if change.verb == "create" and membership.corporate_email:
        _check_domain(transaction.connection, membership)
    elif change.verb == "create" and other is None and _needs_address(change):
        yield Violation("corporate_email", "is required")
    if change.verb == "update":
        yield from _ending_problems(transaction, change, last)


class MembershipsToday:
    """Keeps the organisation of each technician that of the membership which holds today (UTC)."""

    def __init__(
        self,
        service: str,
        database: Database,
        engine: ResourceEngine,
        persons: TechniciansPeople,
        departures: Departures,
    ) -> None:
        self._own = service_caller(service)
        self._database = database
        self._technicians = engine
        self._people = persons
        self._departures = departures

    def on_change(self, transaction: Transaction, change: Change) -> None:
        """Let a new or ended membership take effect where it does so today."""
        self.apply(transaction, change.after.technician_id)

    def apply(self, transaction: Transaction, technician_id: str) -> None:
        """Set a technician's organisation, that of the person, and where their mail goes, to what holds now."""
        row = self._technicians.find_for_update(transaction.connection, technician_id)
        if row is None:
            return
        today = holds_on(transaction.now.date())
        held = select(memberships.c.organization_id, memberships.c.corporate_email)
        found = transaction.execute(held.where(memberships.c.technician_id == technician_id, today)).first()
        organization, corporate = (found.organization_id, found.corporate_email) if found else ("", "")
        if row.organization_id != organization:
            self._move(transaction, row, organization)
        if row.person_id:
            self._people.address(transaction, row, organization, corporate)

    def _move(self, transaction: Transaction, row: Row[Any], organization: str) -> None:
        wanted = technician_pb2.Technician(organization_id=organization)
        changed = self._technicians.rewrite(transaction, self._own, row, wanted, ["organization_id"])
        if changed.person_id:
            self._people.follow(transaction, changed)
        if row.organization_id:
            self._departures.take_effect(transaction, changed, row.organization_id)

    def run_due(self, now: datetime) -> int:
        """Apply memberships that began or ended since somebody looked; give how many technicians changed."""
        with self._database.read() as connection:
            due = _outdated(connection, now.date())
        for technician_id in due:
            with self._database.begin(actor=self._own, now=now) as transaction:
                self.apply(transaction, technician_id)
        return len(due)


def holds_on(when: date) -> ColumnElement[bool]:
    """Memberships that hold on a day."""
    columns = memberships.c
    lasts = or_(columns.end_date.is_(None), columns.end_date >= when)
    return and_(columns.start_date <= when, lasts, not_(_left_by(when)))


def _left_by(when: date) -> ColumnElement[bool]:
    """Memberships that were ended by offboarding, in the course of a day or before it."""
    return and_(memberships.c.offboard_time.is_not(None), memberships.c.end_date <= when)


def _needs_address(change: Change) -> bool:
    """Whoever takes a technician on for their own organisation gives an address in its domain (CP-93)."""
    return not is_unbound(change.caller) and change.after.organization_id == change.caller.organization_id


def _ending_problems(transaction: Transaction, change: Change, last: date | None) -> Iterable[Violation]:
    """What ended is history; and an end must not leave work orders with somebody who is gone (CP-94)."""
    before, today = change.before, transaction.now.date()
    ended = day(before.end_date) if before.HasField("end_date") else None
    if before.HasField("offboard_time") or (ended is not None and ended < today):
        yield Violation("end_date", "cannot be changed: the membership has ended; begin another one")
    elif last is not None and last < today - _A_DAY:
        yield Violation("end_date", "must not lie in the past")
    elif last is not None and not change.after.HasField("offboard_time"):
        left = needing_somebody_else(
            transaction.connection, before.technician_id, before.organization_id, last, transaction.now
        )
        numbers = ", ".join(left[:_NAMED]) + (" …" if len(left) > _NAMED else "")
        if left:
            yield Violation("end_date", f"leaves work orders without a technician ({numbers}): offboard instead")


def _outdated(connection: Connection, today: date) -> list[str]:
    """Technicians whose organisation, or whose address, is not that of the membership of today."""
    columns = memberships.c
    asked = select(columns.technician_id, columns.organization_id, columns.corporate_email)
    held = asked.where(holds_on(today)).subquery()
    both = technicians.outerjoin(held, held.c.technician_id == technicians.c.id).outerjoin(
        people, people.c.id == technicians.c.person_id
    )
    present = select(technicians.c.id).select_from(both)
    reached = case(
        (
            (people.c.organization_id == held.c.organization_id)
            & (func.lower(held.c.corporate_email) != func.lower(people.c.email)),
            held.c.corporate_email,
        ),
        else_="",
    )
    wrong = or_(
        and_(held.c.organization_id.is_(None), technicians.c.organization_id != ""),
        held.c.organization_id != technicians.c.organization_id,
        people.c.work_email != reached,
    )
    return list(connection.execute(present.where(wrong).order_by(technicians.c.id).limit(_BATCH)).scalars())


def _check_domain(connection: Connection, membership: Any) -> None:
    found = connection.execute(
        select(organizations.c.domains).where(organizations.c.id == membership.organization_id)
    ).scalar()
    domains = [domain.lower() for domain in found or ()]
    if membership.corporate_email.rpartition("@")[2].lower() not in domains:
        raise EmailDomainMismatch(domains)
