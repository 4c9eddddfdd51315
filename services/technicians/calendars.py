"""Technicians of an organisation with their shifts and absences of some days, by name (PT-10)."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import availability_service_pb2, technician_absence_pb2
from sqlalchemy import ColumnElement, Connection, Row, func, select

from services.chassis.errors import InvalidRequest, Violation
from services.chassis.fields import FieldKind
from services.chassis.kit import is_unbound, scope_key
from services.chassis.kit.scope import granted
from services.chassis.paging import SortKey, fingerprint, read_token, write_token
from services.technicians import wire
from services.technicians.availability import absent_during, patterns_of
from services.technicians.domain.availability import Pattern, pattern_on, shifts_between
from services.technicians.domain.visits import Visit
from services.technicians.roster import home_of
from services.technicians.scope import MANAGERS, TECHNICIANS
from services.technicians.tables import organizations, people, teams, technician_absences, technicians

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from services.chassis.database import Database
    from services.chassis.identity import Caller

S = availability_service_pb2
Request = S.ListAvailabilityRequest
USUAL, MOST = 50, 200
LONGEST_DAYS: Final = 31
# A technician's day is at most this far from that of UTC.
_FURTHEST: Final = timedelta(hours=14)
_ROWS: Final = technicians.c
_OFFSET: Final = [SortKey(_ROWS.id, FieldKind.INTEGER, descending=False, nullable=False)]


class Calendars:
    """Reads who works when."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, caller: Caller, request: Request) -> S.ListAvailabilityResponse:
        """Give a page of technicians that the caller sees, by name.

        Raises InvalidRequest naming the field for days that are none, out of order or too many, and for another
        organisation than the caller's own.
        """
        first, last = _days(request)
        home = home_of(caller, request.organization_id) or caller.organization_id
        seen = TECHNICIANS.readable(caller, technicians)
        bound = _bound(caller, request)
        position = read_token(request.page_token, _OFFSET, bound)
        start, size = (position[0] if position else 0), min(request.page_size or USUAL, MOST)
        answer = S.ListAvailabilityResponse()
        if not seen:
            return answer
        with self._database.read() as connection:
            asked = [granted(seen), *_asked(connection, request, home)]
            rows = _rows(connection, asked, size + 1, start)
            answer.technicians.extend(_told(connection, caller, rows[:size], first, last))
        answer.next_page_token = write_token([start + size], bound) if len(rows) > size else ""
        return answer


def _days(request: Request) -> tuple[date, date]:
    first, last = wire.day(request.first_day), wire.day(request.last_day)
    wrong = [
        Violation(name, "must be a day") for name, day in (("first_day", first), ("last_day", last)) if day is None
    ]
    if first is not None and last is not None and not 0 <= (last - first).days < LONGEST_DAYS:
        wrong.append(Violation("last_day", f"must be the first day or later, and within {LONGEST_DAYS} days of it"))
    if request.page_size < 0:
        wrong.append(Violation("page_size", "must not be negative"))
    if len(request.technician_ids) > MOST:
        wrong.append(Violation("technician_ids", f"must be at most {MOST}"))
    if wrong or first is None or last is None:
        raise InvalidRequest("The calendar cannot be given.", reason="INVALID_FIELDS", violations=wrong)
    return first, last


def _asked(connection: Connection, request: Request, home: str) -> list[ColumnElement[bool]]:
    if request.technician_ids:
        return [_ROWS.id.in_(list(request.technician_ids))]
    found: list[ColumnElement[bool]] = [_ROWS.active.is_(True)]
    if home:
        found.append(_ROWS.organization_id == home)
    if request.search.strip():
        found.append(_ROWS.name.icontains(request.search.strip(), autoescape=True))
    if request.team_id:
        members = connection.execute(
            select(teams.c.member_ids).where(teams.c.id == request.team_id, teams.c.organization_id == home)
        ).scalar()
        found.append(_ROWS.person_id.in_(members or ()))
    return found


def _rows(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], size: int, start: int
) -> Sequence[Row[Any]]:
    """Technicians with the zone that each lives by."""
    zone = func.coalesce(func.nullif(people.c.time_zone, ""), func.nullif(organizations.c.time_zone, ""), "UTC")
    joined = technicians.outerjoin(people, people.c.id == _ROWS.person_id).outerjoin(
        organizations, organizations.c.id == _ROWS.organization_id
    )
    wanted = select(_ROWS.id, _ROWS.person_id, _ROWS.name, _ROWS.organization_id, zone.label("zone"))
    ordered: Any = wanted.select_from(joined).where(*conditions).order_by(_ROWS.name, _ROWS.id)
    rows: Sequence[Row[Any]] = connection.execute(ordered.limit(size).offset(start)).all()
    return rows


def _told(
    connection: Connection, caller: Caller, rows: Sequence[Row[Any]], first: date, last: date
) -> list[S.TechnicianAvailability]:
    patterns: dict[str, Sequence[Pattern]] = {}
    # Nobody plans for freelancers: what is kept without an organisation is their own.
    for home in sorted({row.organization_id for row in rows}):
        known = [row.id for row in rows if row.organization_id == home and _is_insider(caller, row.id, home)]
        if known:
            patterns |= patterns_of(connection, known, home, last)
    absences = _absences(connection, [row.id for row in rows], first, last)
    return [_one(caller, row, patterns.get(row.id, ()), absences.get(row.id, ()), (first, last)) for row in rows]


def _one(
    caller: Caller,
    row: Row[Any],
    patterns: Sequence[Pattern],
    absences: Sequence[Row[Any]],
    days: tuple[date, date],
) -> S.TechnicianAvailability:
    return S.TechnicianAvailability(
        technician_id=row.id,
        person_id=row.person_id,
        name=row.name,
        time_zone=row.zone,
        shifts=[_period(shift) for shift in shifts_between(patterns, *days)],
        has_shifts=pattern_on(patterns, days[1]) is not None,
        absences=[_away(caller, each) for each in absences],
    )


def _absences(connection: Connection, ids: Sequence[str], first: date, last: date) -> Mapping[str, Sequence[Row[Any]]]:
    start = datetime.combine(first, time(), UTC) - _FURTHEST
    end = datetime.combine(last + timedelta(days=1), time(), UTC) + _FURTHEST
    columns = technician_absences.c
    rows = select(technician_absences).where(columns.technician_id.in_(ids), absent_during(start, end))
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(rows.order_by(columns.start_time)):
        found[row.technician_id].append(row)
    return found


def _away(caller: Caller, row: Row[Any]) -> S.AwayPeriod:
    made = S.AwayPeriod(period=_period(Visit(row.start_time, row.end_time)))
    if _is_insider(caller, row.technician_id, row.organization_id):
        made.absence_id, made.note = row.id, row.note
        made.kind = technician_absence_pb2.AbsenceKind.ValueType(row.kind)
    return made


def _is_insider(caller: Caller, technician_id: str, organization_id: str) -> bool:
    """Whether somebody may know more than busy or free: the technician, and the organisation's own people."""
    own = bool(organization_id) and caller.organization_id == organization_id and bool(caller.roles & MANAGERS)
    return is_unbound(caller) or own or caller.technician_id == technician_id


def _period(visit: Visit) -> S.Period:
    return S.Period(start_time=wire.timestamp(visit.start), end_time=wire.timestamp(visit.end))


def _bound(caller: Caller, request: Request) -> str:
    """What a page token is bound to: everything of the request but the page itself."""
    same = Request()
    same.CopyFrom(request)
    same.ClearField("page_token")
    same.ClearField("page_size")
    return fingerprint("ListAvailability", same.SerializeToString(deterministic=True).hex(), scope_key(caller))
