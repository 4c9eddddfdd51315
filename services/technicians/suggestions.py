"""Suggesting technicians for an order (B-5): read in seven statements, ranked in memory."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from fieldmesh.technicians.v1 import technicians_service_pb2
from sqlalchemy import String, cast, func, or_, select

from services.chassis.errors import InvalidRequest, Violation
from services.technicians import repository
from services.technicians.domain.skills import Held, needed_codes
from services.technicians.domain.suggesting import Candidate, Errand, Place, Suggestion, Weights, ranked
from services.technicians.domain.visits import zone_of
from services.technicians.memberships import holds_on
from services.technicians.tables import assignments, memberships, technician_certifications, technicians

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Select

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
            found = _candidates(connection, inquiry, request.need.site_time_zone)
            errand = Errand(inquiry.occasion.day, inquiry.requirements, inquiry.site)
            best = ranked(found, errand, self._weights, request.limit or USUAL)
            chosen = [each.candidate.technician_id for each in best]
            drives = self._desk.drives(connection, caller, inquiry, chosen)
        told = [_told(each, drives.get(each.candidate.technician_id, ())) for each in best]
        return _contract.SuggestTechniciansResponse(suggestions=told, compared=len(found))


def _candidates(connection: Connection, inquiry: Inquiry, zone: str) -> list[Candidate]:
    columns = technicians.c
    home = (columns.position_latitude, columns.position_longitude)
    members = select(memberships.c.technician_id).where(
        memberships.c.organization_id == inquiry.executor, holds_on(inquiry.occasion.day)
    )
    if not inquiry.executor:
        return []
    rows = connection.execute(
        select(columns.id, columns.person_id, columns.name, columns.photo_version, *home).where(
            columns.active.is_(True), columns.id.in_(members)
        )
    ).all()
    held = _held(connection, inquiry, members)
    visits = _visits(connection, inquiry, zone, members)
    busy = _busy(connection, inquiry, members)
    presence = repository.presence_of(connection, members, inquiry.occasion)
    return [
        Candidate(
            technician_id=technician_id,
            person_id=person_id,
            name=name,
            held=held.get(technician_id, ()),
            home=None if latitude is None else Place(latitude, longitude),
            visits=visits.get(technician_id, 0),
            busy=technician_id in busy,
            absent=technician_id in presence.absent,
            outside=presence.outside.get(technician_id, ""),
            photo_version=photo_version,
        )
        for technician_id, person_id, name, photo_version, latitude, longitude in rows
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


def _visits(connection: Connection, inquiry: Inquiry, zone: str, members: Select[tuple[str]]) -> Mapping[str, int]:
    """Other visits of each in the week of the visit, Monday to Sunday by the site's calendar."""
    day = inquiry.occasion.day
    monday = datetime.combine(day - timedelta(days=day.weekday()), time(), zone_of(zone)).astimezone(UTC)
    columns = assignments.c
    wanted = (
        select(columns.technician_id, func.count())
        .where(
            columns.technician_id.in_(members),
            columns.work_order_id != inquiry.occasion.work_order_id,
            repository.holds_time(inquiry.occasion.now),
            columns.start_time >= monday,
            columns.start_time < monday + WEEK,
        )
        .group_by(columns.technician_id)
    )
    return {row[0]: row[1] for row in connection.execute(wanted).all()}


def _busy(connection: Connection, inquiry: Inquiry, members: Select[tuple[str]]) -> set[str]:
    overlap = repository.overlapping(inquiry.occasion)
    if overlap is None:
        return set()
    wanted = select(assignments.c.technician_id).where(assignments.c.technician_id.in_(members), overlap)
    return set(connection.execute(wanted).scalars().all())


def _told(suggestion: Suggestion, drives: Sequence[str]) -> _contract.Suggestion:
    candidate = suggestion.candidate
    answer = _contract.Suggestion(
        technician_id=candidate.technician_id,
        person_id=candidate.person_id,
        name=candidate.name,
        score=suggestion.score,
        qualified=suggestion.qualified,
        busy=candidate.busy,
        absent=candidate.absent,
        travel_conflicts=drives,
        photo_version=candidate.photo_version,
    )
    for reason in suggestion.reasons:
        answer.reasons.add(
            part=_contract.SuggestionPart.ValueType(reason.part),
            points=reason.points,
            most=reason.most,
            text=reason.text,
        )
    return answer
