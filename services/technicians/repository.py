"""Reads for choosing technicians: what work needs, who holds what, who is where and when."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from fieldmesh.technicians.v1 import assignment_pb2
from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select

from services.technicians.availability import Ids, Presence, presence_at
from services.technicians.domain.eligibility import Facts
from services.technicians.domain.skills import Held, Requirement, missing_codes
from services.technicians.domain.visits import Visit
from services.technicians.memberships import holds_on
from services.technicians.tables import (
    assignments,
    memberships,
    skill_requirements,
    technician_certifications,
    technicians,
    work_orders,
    work_types,
)

RESERVED = assignment_pb2.ASSIGNMENT_STATE_RESERVED
CONFIRMED = assignment_pb2.ASSIGNMENT_STATE_CONFIRMED


@dataclass(frozen=True, slots=True)
class Occasion:
    """An order to be done: which day counts for certificates, and when the visit is, if it is scheduled."""

    work_order_id: str
    day: date
    visit: Visit | None
    now: datetime
    executor: str = ""
    """The organisation that does the order; the shifts that it keeps count."""
    tells_hours: bool = False
    """Whether whoever asks may know the hours of shifts."""

    @property
    def member_on(self) -> date:
        """The day that counts for memberships: nobody is assigned any more who left, though the visit was before."""
        return max(self.day, self.now.date())


def requirements_of(connection: Connection, work_type_ids: Collection[str]) -> tuple[Requirement, ...]:
    """Give what work types need: the requirements kept here, and what workorders tells of them."""
    if not work_type_ids:
        return ()
    kept = select(skill_requirements).where(
        skill_requirements.c.work_type_id.in_(work_type_ids), skill_requirements.c.active.is_(True)
    )
    found: dict[str, list[Requirement]] = defaultdict(list)
    for row in connection.execute(kept.order_by(skill_requirements.c.id)):
        found[row.work_type_id].append(Requirement(tuple(row.all_of), tuple(row.any_of), row.technicians_needed))
    told = select(work_types).where(work_types.c.id.in_(work_type_ids), work_types.c.deleted.is_(False))
    for row in connection.execute(told):
        if row.certification_codes or row.technicians_needed:
            told_codes = tuple(row.certification_codes)
            found[row.id].append(Requirement(told_codes, technicians=row.technicians_needed))
    return tuple(each for key in dict.fromkeys(work_type_ids) for each in found.get(key, ()))


def work_types_lacking(connection: Connection, technician_id: str, code: str, now: datetime) -> list[str]:
    """Give the work types that a technician is not qualified for today, for want of a certification code."""
    named = connection.execute(select(work_types.c.id).where(work_types.c.deleted.is_(False))).scalars()
    kept = connection.execute(select(skill_requirements.c.work_type_id)).scalars()
    held = _held(connection, [technician_id], now).get(technician_id, [])
    return [
        each
        for each in sorted({*named, *kept})
        if code in missing_codes(requirements_of(connection, [each]), held, now.date())
    ]


def presence_of(connection: Connection, ids: Ids, occasion: Occasion) -> Presence:
    """Tell who is absent at an occasion, and for whom it is outside of the shift."""
    return presence_at(connection, ids, occasion.visit, occasion.executor, hours=occasion.tells_hours)


def facts_of(connection: Connection, rows: Sequence[Row[Any]], occasion: Occasion, presence: Presence) -> list[Facts]:
    """Give what is known of technicians for an occasion, in their order; three statements, however many."""
    ids = [row.id for row in rows]
    belongs = _organizations(connection, ids, occasion.member_on)
    held = _held(connection, ids, occasion.now)
    busy = _busy(connection, ids, occasion)
    return [
        Facts(
            technician_id=row.id,
            name=row.name,
            active=bool(row.active),
            organizations=frozenset(belongs.get(row.id, ())),
            held=tuple(held.get(row.id, ())),
            busy=row.id in busy,
            absent=row.id in presence.absent,
        )
        for row in rows
    ]


def find_technician(
    connection: Connection, technician_id: str, person_id: str = "", *, lock: bool = False
) -> Row[Any] | None:
    """Read a technician by id or, without one, by person; locked, its reservations follow one after the other."""
    wanted = technicians.c.id == technician_id if technician_id else technicians.c.person_id == person_id
    statement = select(technicians).where(wanted, technicians.c.id != "").order_by(technicians.c.id).limit(1)
    if not technician_id and not person_id:
        return None
    return connection.execute(statement.with_for_update() if lock else statement).first()


def find_order(connection: Connection, work_order_id: str) -> Row[Any] | None:
    """Read what is known here of an order; None where no event told of it yet."""
    known = select(work_orders).where(work_orders.c.id == work_order_id, work_orders.c.deleted.is_(False))
    return connection.execute(known).first() if work_order_id else None


def holds_time(now: datetime) -> ColumnElement[bool]:
    """Assignments that keep their technician from being elsewhere."""
    columns = assignments.c
    return or_(columns.state == CONFIRMED, and_(columns.state == RESERVED, columns.expire_time > now))


def holds_elsewhere(occasion: Occasion) -> ColumnElement[bool]:
    """Assignments to other orders that take time."""
    return and_(assignments.c.work_order_id != occasion.work_order_id, holds_time(occasion.now))


def overlaps(visit: Visit) -> ColumnElement[bool]:
    """Assignments that take time of a visit."""
    return and_(assignments.c.start_time < visit.end, assignments.c.end_time > visit.start)


def not_revoked(now: datetime) -> ColumnElement[bool]:
    """Certificates that stand; one that was revoked counts for no day any more, from that instant on."""
    columns = technician_certifications.c
    return or_(columns.revoke_time.is_(None), columns.revoke_time > now)


def explained_skills(connection: Connection, technician_id: str, occasion: Occasion) -> frozenset[str]:
    """Give the codes that were missing, with a reason, when a technician was assigned to the order; none otherwise."""
    columns = assignments.c
    rows = connection.execute(
        select(columns.missing_skills).where(
            columns.technician_id == technician_id,
            columns.work_order_id == occasion.work_order_id,
            columns.work_order_id != "",
            holds_time(occasion.now),
        )
    )
    return frozenset(code for row in rows for code in row.missing_skills)


def absence_explained(connection: Connection, technician_id: str, occasion: Occasion) -> bool:
    """Tell whether somebody was assigned to the order for this very time although absent, with a reason."""
    columns = assignments.c
    if occasion.visit is None:
        return False
    known = select(columns.id).where(
        columns.technician_id == technician_id,
        columns.work_order_id == occasion.work_order_id,
        columns.work_order_id != "",
        columns.absent.is_(True),
        columns.start_time == occasion.visit.start,
        holds_time(occasion.now),
    )
    return connection.execute(known.limit(1)).first() is not None


def _organizations(connection: Connection, ids: Collection[str], day: date) -> Mapping[str, list[str]]:
    rows = connection.execute(
        select(memberships.c.technician_id, memberships.c.organization_id).where(
            memberships.c.technician_id.in_(ids), holds_on(day)
        )
    )
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        found[row.technician_id].append(row.organization_id)
    return found


def _held(connection: Connection, ids: Collection[str], now: datetime) -> Mapping[str, list[Held]]:
    of_them = technician_certifications.c.technician_id.in_(ids)
    rows = connection.execute(select(technician_certifications).where(of_them, not_revoked(now)))
    found: dict[str, list[Held]] = defaultdict(list)
    for row in rows:
        held = Held(row.certification_code, row.issue_date, row.expiry_date, row.revoke_date)
        found[row.technician_id].append(held)
    return found


def _busy(connection: Connection, ids: Collection[str], occasion: Occasion) -> set[str]:
    """Those with another visit at that time; the order's own reservations don't count (CP-67)."""
    if occasion.visit is None or not ids:
        return set()
    of_them = assignments.c.technician_id.in_(ids)
    clash = select(assignments.c.technician_id).where(of_them, holds_elsewhere(occasion), overlaps(occasion.visit))
    return set(connection.execute(clash).scalars())
