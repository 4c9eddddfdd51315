"""Rules of shift patterns and absences, and what an absence means for appointments (PT-10)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from fieldmesh.technicians.v1 import events_pb2
from sqlalchemy import Connection, Row, and_, exists, select

from services.chassis.actors import actor_message
from services.chassis.errors import Violation
from services.chassis.identity import Caller
from services.chassis.kit import Change
from services.chassis.kit.scope import granted
from services.chassis.unit_of_work import Transaction
from services.technicians import repository, wire
from services.technicians.availability import absent_during
from services.technicians.domain.availability import WEEKDAYS, ShiftUnreadable, away, read_shifts, shift_words
from services.technicians.domain.visits import Visit, zone_of
from services.technicians.scope import ASSIGNMENTS
from services.technicians.tables import (
    assignments,
    organizations,
    people,
    shift_patterns,
    technician_absences,
    technicians,
)

_AGGREGATE = "TechnicianAbsence"
_USUAL_ZONE = "UTC"
_EARLIEST, _LATEST = date(2000, 1, 1), date(2999, 12, 31)


def prepare_pattern(transaction: Transaction, change: Change) -> None:
    """Keep whose pattern it is, in which zone, and shifts in the order of time."""
    pattern = change.after
    row = _belongs(transaction, change)
    if row is not None and not pattern.time_zone:
        pattern.time_zone = zone_name(transaction.connection, row)
    for day in WEEKDAYS:
        texts = getattr(pattern, day)
        try:
            words = shift_words(read_shifts(texts))
        except ShiftUnreadable:
            continue  # the check below names it
        del texts[:]
        texts.extend(words)


def validate_pattern(transaction: Transaction, change: Change) -> Iterable[Violation]:
    """Shifts are times that do not overlap, and one pattern of a technician begins on a day."""
    pattern = change.after
    for day in WEEKDAYS:
        try:
            read_shifts(getattr(pattern, day))
        except ShiftUnreadable as fault:
            yield Violation(day, str(fault))
    first = wire.day(pattern.valid_from)
    columns = shift_patterns.c
    same = select(columns.id).where(
        columns.technician_id == pattern.technician_id,
        columns.organization_id == pattern.organization_id,
        columns.valid_from == first,
        columns.id != pattern.id,
    )
    if first is not None and transaction.execute(same).first() is not None:
        yield Violation("valid_from", "is the first day of another pattern of this technician: change that one")


def prepare_absence(transaction: Transaction, change: Change) -> None:
    """Keep whose absence it is, and its days and times as instants."""
    absence = change.after
    row = _belongs(transaction, change)
    if row is not None and not absence.time_zone:
        absence.time_zone = zone_name(transaction.connection, row)
    first, last = wire.day(absence.first_day), wire.day(absence.last_day)
    for name in ("start_time", "end_time"):
        absence.ClearField(name)
    if first is None or last is None or not _EARLIEST <= first <= last <= _LATEST:
        return  # the contract's own check names it, or that below
    try:
        time = away(first, last, absence.from_time, absence.until_time, absence.time_zone)
    except ValueError:
        return  # the contract's own check names it
    absence.start_time.CopyFrom(wire.timestamp(time.start))
    absence.end_time.CopyFrom(wire.timestamp(time.end))


def validate_absence(transaction: Transaction, change: Change) -> Iterable[Violation]:
    """It ends after it begins, and no other absence of the technician takes time of it."""
    absence = change.after
    first, last = wire.day(absence.first_day), wire.day(absence.last_day)
    if first is None or last is None:
        return
    if last < first:
        yield Violation("last_day", "must not be before the first day")
    elif first < _EARLIEST or last > _LATEST:
        yield Violation("first_day" if first < _EARLIEST else "last_day", f"must be from {_EARLIEST} to {_LATEST}")
    if not absence.HasField("start_time"):
        return
    start, end = wire.instant(absence.start_time), wire.instant(absence.end_time)
    if end <= start:
        yield Violation("until_time", "must be after the time from which the absence begins")
        return
    # Whoever else enters one, or reserves this technician, waits here, and then sees this one.
    transaction.execute(select(technicians.c.id).where(technicians.c.id == absence.technician_id).with_for_update())
    columns = technician_absences.c
    others = select(technician_absences).where(
        columns.technician_id == absence.technician_id, columns.id != absence.id, absent_during(start, end)
    )
    other = transaction.execute(others.order_by(columns.start_time).limit(1)).first()
    if other is not None:
        days = _days(other.first_day, other.last_day)
        yield Violation("first_day" if other.first_day <= first else "last_day", f"overlaps another absence: {days}")


def tell_absence(transaction: Transaction, change: Change) -> None:
    """Tell workorders of appointments at which the technician is absent now, and of those at which no longer."""
    absence = change.after
    now = [] if change.verb == "delete" else _touched(transaction, absence)
    before = [] if change.before is None else _touched(transaction, change.before)
    known = {row.work_order_id for row in before}
    absent = [row.work_order_id for row in now if row.work_order_id not in known]
    kept = {row.work_order_id for row in now}
    free = [
        row.work_order_id for row in before if row.work_order_id not in kept and not _absent_otherwise(transaction, row)
    ]
    if not absent and not free:
        return
    told = events_pb2.TechnicianAbsenceChanged(
        technician_id=absence.technician_id,
        technician_name=absence.technician_name,
        absence_id=absence.id,
        absent_work_order_ids=absent,
        free_work_order_ids=free,
        actor=actor_message(transaction.actor),
        change_time=wire.timestamp(transaction.now),
    )
    transaction.publish(told, _AGGREGATE, absence.id, change.version)


def present_absences(connection: Connection, caller: Caller, found: Sequence[Any], now: datetime) -> None:
    """Say which appointments still to come lie in absences, of orders that the caller sees (hard case 9)."""
    branches = ASSIGNMENTS.readable(caller, assignments)
    kept = [absence for absence in found if wire.instant(absence.end_time) > now]
    if not kept or not branches:
        return
    rows = connection.execute(
        select(assignments)
        .where(
            assignments.c.technician_id.in_({absence.technician_id for absence in kept}),
            assignments.c.start_time < max(wire.instant(absence.end_time) for absence in kept),
            assignments.c.end_time > max(now, min(wire.instant(absence.start_time) for absence in kept)),
            repository.holds_time(now),
            granted(branches),
        )
        .order_by(assignments.c.start_time)
    ).all()
    for absence in kept:
        time = Visit(wire.instant(absence.start_time), wire.instant(absence.end_time))
        absence.appointments.extend(
            f"{row.work_order_number} on {row.start_time.astimezone(zone_of(absence.time_zone)):%-d %b %Y, %H:%M %Z}"
            for row in rows
            if row.technician_id == absence.technician_id and time.overlaps(Visit(row.start_time, row.end_time))
        )


def zone_name(connection: Connection, technician: Row[Any]) -> str:
    """Give the zone that a technician lives by: the person's own, else the organisation's, else UTC."""
    own = select(people.c.time_zone).where(people.c.id == technician.person_id)
    home = select(organizations.c.time_zone).where(organizations.c.id == technician.organization_id)
    return connection.execute(own).scalar() or connection.execute(home).scalar() or _USUAL_ZONE


def _belongs(transaction: Transaction, change: Change) -> Row[Any] | None:
    """The technician; a new row is that of the organisation that they belong to today."""
    found = select(technicians).where(technicians.c.id == change.after.technician_id)
    row = transaction.execute(found).first()
    if row is not None and change.verb == "create":
        change.after.organization_id = row.organization_id
        change.after.technician_name = row.name
    return row


def _touched(transaction: Transaction, absence: Any) -> Sequence[Row[Any]]:
    """Assignments with a visit still to come in an absence, by visit."""
    columns = assignments.c
    rows = select(assignments).where(
        columns.technician_id == absence.technician_id,
        columns.start_time < wire.instant(absence.end_time),
        columns.end_time > max(transaction.now, wire.instant(absence.start_time)),
        repository.holds_time(transaction.now),
    )
    return transaction.execute(rows.order_by(columns.start_time, columns.id)).all()


def _absent_otherwise(transaction: Transaction, row: Row[Any]) -> bool:
    same = and_(technician_absences.c.technician_id == row.technician_id, absent_during(row.start_time, row.end_time))
    return bool(transaction.execute(select(exists().where(same))).scalar())


def _days(first: date, last: date) -> str:
    return f"{first:%-d %b %Y}" if first == last else f"{first:%-d %b %Y} – {last:%-d %b %Y}"
