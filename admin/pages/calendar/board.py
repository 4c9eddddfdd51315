"""The week as a board: a row for each technician and whoever else goes, with shifts and absences behind visits."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.technicians.v1 import (
    availability_service_pb2,
    availability_service_pb2_grpc,
    technician_absence_pb2,
)
from google.type.date_pb2 import Date

from admin.grpcfab.context import mesh
from admin.grpcfab.spec import resource_of
from admin.pages.calendar.visits import NOBODY, Visit
from services.chassis.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from admin.identity import Identity

MOST: Final = 200
# Whose availability is theirs to know; for everybody else the calendar shows visits alone.
PLANNERS: Final = ("partner", "dispatcher", "approver", "admin")
_READERS: Final = (*PLANNERS, "technician")
_KIND: Final = resource_of(technician_absence_pb2.TechnicianAbsence).fields["kind"]
_MIDNIGHT: Final = dt.time()
Known = availability_service_pb2.TechnicianAvailability


@dataclass(frozen=True)
class Away:
    """An absence on a day, in words; `url` leads to it for whoever may know more than that it is one."""

    words: str
    url: str = ""


@dataclass
class Cell:
    """One person's day. `off`: shifts are known, and there is none."""

    shifts: list[str] = field(default_factory=list)
    off: bool = False
    away: list[Away] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)


@dataclass
class Row:
    """One person's week."""

    name: str
    person_id: str
    technician_id: str = ""
    days: dict[dt.date, Cell] = field(default_factory=lambda: defaultdict(Cell))


@dataclass(frozen=True)
class Asked:
    """Whose rows are wanted: part of a name, members of a team, or the viewer alone."""

    name: str = ""
    team_id: str = ""
    mine: bool = False

    @property
    def narrowed(self) -> bool:
        return bool(self.name or self.team_id)


@dataclass(frozen=True)
class Crew:
    """What technicians tells of a week; `silent` where it does not answer, `cut` where more are there than fit."""

    people: Sequence[Known] = ()
    silent: bool = False
    cut: bool = False


def crew_of(who: Identity, days: Sequence[dt.date], asked: Asked, visits: Collection[Visit]) -> Crew:
    """The technicians of the viewer's organisation, and of others who go to visits what the viewer may know."""
    if not who.has(*_READERS):
        return Crew()
    own = _request(days, search=asked.name, team_id=asked.team_id)
    try:
        answer: Any = _ask(own)
        people = [each for each in answer.technicians if not asked.mine or each.person_id == who.person_id]
        known = {each.technician_id for each in people}
        going = {
            each.technician_id
            for visit in visits
            for each in (visit.order.technician, *visit.order.further_technicians)
        }
        others = sorted(going - known - {""})
        if others and not asked.narrowed:
            people += _ask(_request(days, technician_ids=others[:MOST])).technicians
    except Unavailable:
        return Crew(silent=True)
    return Crew(people, cut=bool(answer.next_page_token))


def board_of(crew: Crew, visits: Sequence[Visit], days: Sequence[dt.date], asked: Asked) -> list[Row]:
    """Rows by name, orders that nobody goes to at the end."""
    rows: dict[tuple[bool, str, str], Row] = {}
    for known in crew.people:
        row = Row(known.name, known.person_id, known.technician_id)
        rows[False, row.name, row.person_id] = row
        _fill(row, known, days)
    members = {known.person_id for known in crew.people}
    for visit in visits:
        for person_id, name in visit.people:
            if asked.narrowed and person_id not in members and not _is_named(name, asked):
                continue
            key = (name == NOBODY, name, person_id)
            rows.setdefault(key, Row(name, person_id)).days[visit.day].visits.append(visit)
    return [row for _, row in sorted(rows.items(), key=lambda each: each[0])]


def choices_of(who: Identity, day: dt.date) -> list[tuple[str, str]]:
    """People to choose from on a day, by id and in words; nobody where technicians does not answer."""
    if not who.has(*PLANNERS):
        return []
    try:
        people = _ask(_request([day])).technicians
    except Unavailable:
        return []
    found = []
    for known in people:
        row = Row(known.name, known.person_id)
        _fill(row, known, [day])
        cell = row.days[day]
        words = [each.words for each in cell.away] or (["off"] if cell.off else [])
        found.append((known.person_id, f"{known.name} ({', '.join(words)})" if words else known.name))
    return found


def _ask(request: availability_service_pb2.ListAvailabilityRequest) -> Any:
    return mesh().stub(availability_service_pb2_grpc.AvailabilityServiceStub).ListAvailability(request)


def _request(days: Sequence[dt.date], **fields: Any) -> availability_service_pb2.ListAvailabilityRequest:
    return availability_service_pb2.ListAvailabilityRequest(
        first_day=_date(days[0]), last_day=_date(days[-1]), page_size=MOST, **fields
    )


def _fill(row: Row, known: Known, days: Sequence[dt.date]) -> None:
    zone = zoneinfo.ZoneInfo(known.time_zone)
    for day in days:
        cell = row.days[day]
        shifts = [_part(shift, day, zone) for shift in known.shifts]
        cell.shifts = [f"{begins}–{ends}" for begins, ends in filter(None, shifts)]
        cell.off = known.has_shifts and not cell.shifts
        for away in known.absences:
            part = _part(away.period, day, zone)
            if part:
                cell.away.append(_away(away, *part))


def _part(period: Any, day: dt.date, zone: dt.tzinfo) -> tuple[str, str] | None:
    """What of a time lies on a day by the clock of a zone, up to 24:00; None for none of it."""
    starts = period.start_time.ToDatetime(tzinfo=dt.UTC).astimezone(zone)
    ends = period.end_time.ToDatetime(tzinfo=dt.UTC).astimezone(zone)
    opens, closes = (dt.datetime.combine(each, _MIDNIGHT, zone) for each in (day, day + dt.timedelta(days=1)))
    if ends <= opens or starts >= closes:
        return None
    return f"{max(starts, opens):%H:%M}", "24:00" if ends >= closes else f"{ends:%H:%M}"


def _away(away: Any, begins: str, ends: str) -> Away:
    words = absence_words(away.kind)
    if (begins, ends) != ("00:00", "24:00"):
        hours = f"until {ends}" if begins == "00:00" else f"from {begins}" if ends == "24:00" else f"{begins}–{ends}"
        words = f"{words} {hours}"
    return Away(words, f"/technician-absences/{away.absence_id}" if away.absence_id else "")


def absence_words(kind: int) -> str:
    """The kind of an absence; without one only that it is one."""
    choice = _KIND.choice(kind) if kind else None
    return choice.label if choice else "Absent"


def _is_named(name: str, asked: Asked) -> bool:
    return bool(asked.name) and not asked.team_id and asked.name.lower() in name.lower()


def _date(day: dt.date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
