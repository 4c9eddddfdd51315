"""Suggesting technicians for an order (B-5): ranked in memory by what everybody holds, and then by who is free."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from fieldmesh.technicians.v1 import technicians_service_pb2
from sqlalchemy import String, and_, case, cast, false, func, not_, or_, select, true

from services.chassis.errors import InvalidRequest, Violation
from services.technicians import repository
from services.technicians.domain.skills import Held, needed_codes
from services.technicians.domain.suggesting import (
    Candidate,
    Errand,
    Place,
    Suggestion,
    Weights,
    around,
    nobody_farther_is_better,
    ranked,
)
from services.technicians.domain.visits import zone_of
from services.technicians.memberships import holds_on
from services.technicians.tables import assignments, memberships, technician_certifications, technicians

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.technicians.desk import Desk, Inquiry

USUAL: Final = 5
MOST: Final = 25
WEEK: Final = timedelta(days=7)
_contract = technicians_service_pb2
# Between a certificate and its end, and between certificates, in what is read of one technician.
UNTIL, NEXT = "\x1f", "\x1e"


class Suggestions:
    """Compares the members of the organisation that does an order; freelancers are never suggested (hard case 9)."""

    def __init__(self, database: Database, desk: Desk, weights: Weights) -> None:
        self._database = database
        self._desk = desk
        self._weights = weights

    def find(
        self, caller: Caller, request: _contract.SuggestTechniciansRequest
    ) -> _contract.SuggestTechniciansResponse:
        """The best technicians for an order, each with its reasons.

        Raises InvalidRequest for a limit that is none, NotFound for an order that the caller does not see.
        """
        if not 0 <= request.limit <= MOST:
            wrong = [Violation("limit", f"must be between 0 and {MOST}")]
            raise InvalidRequest("The limit is out of range.", reason="INVALID_FIELDS", violations=wrong)
        with self._database.read() as connection:
            inquiry = self._desk.inquire(connection, caller, request.need)
            compared, best = self._best(connection, inquiry, request)
            chosen = [each.candidate.technician_id for each in best]
            drives = self._desk.drives(connection, caller, inquiry, chosen)
            people = _people(connection, chosen)
        told = [_told(each, people[one], drives.get(one, ())) for one, each in zip(chosen, best, strict=True)]
        return _contract.SuggestTechniciansResponse(suggestions=told, compared=compared)

    def _best(
        self, connection: Connection, inquiry: Inquiry, request: _contract.SuggestTechniciansRequest
    ) -> tuple[int, Sequence[Suggestion]]:
        """How many there are, and the best of them; whoever is far away is looked at where it could matter."""
        if not inquiry.executor:
            return 0, ()
        errand = Errand(inquiry.occasion.day, inquiry.requirements, inquiry.site)
        timed = partial(_timed, connection, inquiry, request.need.site_time_zone)
        limit = request.limit or USUAL
        area = around(inquiry.site) if inquiry.site else None
        if area is None:
            everybody = _candidates(connection, inquiry, true())
            return len(everybody), ranked(everybody, errand, self._weights, limit, timed)
        near = _candidates(connection, inquiry, _within(area))
        best = ranked(near, errand, self._weights, limit, timed)
        if nobody_farther_is_better(best, self._weights, limit):
            return _count(connection, inquiry), best
        far = _candidates(connection, inquiry, not_(_within(area)))
        best = ranked([*(each.candidate for each in best), *far], errand, self._weights, limit, timed)
        return len(near) + len(far), best


def _members(inquiry: Inquiry) -> Select[tuple[str]]:
    """Ids of those who belong to the executor on the day."""
    return select(memberships.c.technician_id).where(
        memberships.c.organization_id == inquiry.executor, holds_on(inquiry.occasion.member_on)
    )


def _active(inquiry: Inquiry) -> ColumnElement[bool]:
    return and_(technicians.c.active.is_(True), technicians.c.id.in_(_members(inquiry)))


def _within(area: tuple[Place, Place]) -> ColumnElement[bool]:
    """Technicians who live in an area, or nobody knows where."""
    columns, (south_west, north_east) = technicians.c, area
    return or_(
        columns.position_latitude.is_(None),
        and_(
            columns.position_latitude.between(south_west.latitude, north_east.latitude),
            columns.position_longitude.between(south_west.longitude, north_east.longitude),
        ),
    )


def _count(connection: Connection, inquiry: Inquiry) -> int:
    wanted = select(func.count()).select_from(technicians).where(_active(inquiry))
    return int(connection.execute(wanted).scalar_one())


def _candidates(connection: Connection, inquiry: Inquiry, which: ColumnElement[bool]) -> list[Candidate]:
    """Technicians of the executor with their certificates and homes."""
    columns, condition = technicians.c, and_(_active(inquiry), which)
    rows = connection.execute(
        select(columns.id, columns.name, columns.position_latitude, columns.position_longitude).where(condition)
    ).all()
    held = _held(connection, inquiry, select(columns.id).where(condition))
    return [
        Candidate(
            technician_id,
            name,
            held.get(technician_id, ()),
            None if latitude is None else Place(latitude, longitude),
        )
        for technician_id, name, latitude, longitude in rows
    ]


def _timed(connection: Connection, inquiry: Inquiry, zone: str, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Candidates with their visits of the week, and whether they are free."""
    ids = [each.technician_id for each in candidates]
    visits, busy = _visits(connection, inquiry, zone, ids)
    presence = repository.presence_of(connection, ids, inquiry.occasion)
    return [
        each._replace(
            visits=visits.get(each.technician_id, 0),
            busy=each.technician_id in busy,
            absent=each.technician_id in presence.absent,
            outside=presence.outside.get(each.technician_id, ""),
        )
        for each in candidates
    ]


def _held(connection: Connection, inquiry: Inquiry, members: Select[tuple[str]]) -> Mapping[str, tuple[Held, ...]]:
    """Certificates that are needed and valid on the day, by technician; a row each, since there are thousands."""
    needed = needed_codes(inquiry.requirements)
    if not needed:
        return {}
    columns = technician_certifications.c
    day = inquiry.occasion.day
    told = columns.certification_code + UNTIL + func.coalesce(cast(columns.expiry_date, String), "")
    wanted = (
        select(columns.technician_id, func.aggregate_strings(told, NEXT))
        .where(
            columns.certification_code.in_(needed),
            columns.technician_id.in_(members),
            columns.issue_date <= day,
            or_(columns.expiry_date.is_(None), columns.expiry_date >= day),
            or_(columns.revoke_date.is_(None), columns.revoke_date > day),
            repository.not_revoked(inquiry.occasion.now),
        )
        .group_by(columns.technician_id)
    )
    read: dict[str, tuple[Held, ...]] = {}
    found = {}
    for technician_id, text in connection.execute(wanted).all():
        held = read.get(text)
        if held is None:
            held = read[text] = tuple(_read(each, day) for each in text.split(NEXT))
        found[technician_id] = held
    return found


def _read(text: str, day: date) -> Held:
    code, _, expires = text.partition(UNTIL)
    return Held(code, day, date.fromisoformat(expires) if expires else None)


def _visits(
    connection: Connection, inquiry: Inquiry, zone: str, technician_ids: Sequence[str]
) -> tuple[Mapping[str, int], AbstractSet[str]]:
    """Visits of each in the week of the visit, Monday to Sunday by the site's calendar, and who has one meanwhile."""
    occasion, columns = inquiry.occasion, assignments.c
    monday = datetime.combine(occasion.day - timedelta(days=occasion.day.weekday()), time(), zone_of(zone))
    begins = monday.astimezone(UTC)
    in_week = and_(columns.start_time >= begins, columns.start_time < begins + WEEK)
    overlap = false() if occasion.visit is None else repository.overlaps(occasion.visit)
    wanted = (
        select(columns.technician_id, _count_of(in_week), _count_of(overlap))
        .where(
            columns.technician_id.in_(technician_ids),
            repository.holds_elsewhere(occasion),
            or_(in_week, overlap),
        )
        .group_by(columns.technician_id)
    )
    rows = connection.execute(wanted).all()
    return {row[0]: row[1] for row in rows}, {row[0] for row in rows if row[2]}


def _count_of(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((which, 1), else_=0))


def _people(connection: Connection, technician_ids: Sequence[str]) -> Mapping[str, Row[str, str, str]]:
    """Who those are in the directory, and their photos; by technician."""
    columns = technicians.c
    wanted = select(columns.id, columns.person_id, columns.photo_version).where(columns.id.in_(technician_ids))
    return {row.id: row for row in connection.execute(wanted).all()}


def _told(suggestion: Suggestion, person: Row[str, str, str], drives: Sequence[str]) -> _contract.Suggestion:
    candidate = suggestion.candidate
    answer = _contract.Suggestion(
        technician_id=candidate.technician_id,
        person_id=person.person_id,
        name=candidate.name,
        score=suggestion.score,
        qualified=suggestion.qualified,
        busy=candidate.busy,
        absent=candidate.absent,
        travel_conflicts=drives,
        photo_version=person.photo_version,
    )
    for reason in suggestion.reasons:
        answer.reasons.add(
            part=_contract.SuggestionPart.ValueType(reason.part),
            points=reason.points,
            most=reason.most,
            text=reason.text,
        )
    return answer
