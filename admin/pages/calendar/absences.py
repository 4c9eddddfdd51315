"""Absences in calendar feeds: one's own with what they are, those of the organisation's people as busy (B-8)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2
from fieldmesh.technicians.v1 import technician_absence_pb2, technician_absence_pb2_grpc

from admin.grpcfab.context import mesh
from admin.pages.calendar.board import PLANNERS, absence_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from admin.identity import Identity

PAGE_SIZE: Final = 200
MOST: Final = 1000


@dataclass(frozen=True)
class Absence:
    """An absence as a feed tells it; whole days where no clock is given. `note` is for the technician's own feed."""

    id: str
    title: str
    note: str
    first: dt.date | dt.datetime
    end: dt.date | dt.datetime
    changed: dt.datetime


def absences_of(who: Identity, first: dt.date, last: dt.date, *, mine: bool) -> list[Absence]:
    """One's own absences, else those of everybody whom one plans for, as busy."""
    if (mine and not who.technician_id) or not who.has(*PLANNERS, "technician"):
        return []
    found: list[Absence] = []
    for row in _rows(who.technician_id if mine else "", first, last):
        if len(found) == MOST:
            break
        own = mine or (row.technician_id == who.technician_id and not who.has(*PLANNERS))
        found.append(_told(row, own=own))
    return found


def _told(row: technician_absence_pb2.TechnicianAbsence, *, own: bool) -> Absence:
    whole = not row.from_time and not row.until_time
    first, last = _day(row.first_day), _day(row.last_day)
    return Absence(
        id=row.id,
        title=f"Absent: {absence_words(row.kind)}" if own else f"{row.technician_name}: busy",
        note=row.note if own else "",
        first=first if whole else row.start_time.ToDatetime(tzinfo=dt.UTC),
        end=last + dt.timedelta(days=1) if whole else row.end_time.ToDatetime(tzinfo=dt.UTC),
        changed=row.update_time.ToDatetime(tzinfo=dt.UTC),
    )


def _rows(technician_id: str, first: dt.date, last: dt.date) -> Iterator[technician_absence_pb2.TechnicianAbsence]:
    start = dt.datetime.combine(first, dt.time(), dt.UTC)
    end = dt.datetime.combine(last, dt.time(), dt.UTC)
    query = list_pb2.ListQuery(
        filters=[
            _condition("start_time", list_pb2.FILTER_OPERATOR_LESS, end.isoformat()),
            _condition("end_time", list_pb2.FILTER_OPERATOR_AT_LEAST, start.isoformat()),
        ],
        order_by="start_time",
        page_size=PAGE_SIZE,
    )
    if technician_id:
        query.filters.append(_condition("technician_id", list_pb2.FILTER_OPERATOR_EQUALS, technician_id))
    stub = mesh().stub(technician_absence_pb2_grpc.TechnicianAbsenceServiceStub)
    while True:
        answer: Any = stub.ListTechnicianAbsences(technician_absence_pb2.ListTechnicianAbsencesRequest(query=query))
        yield from answer.technician_absences
        if not answer.page.next_page_token:
            return
        query.page_token = answer.page.next_page_token


def _condition(name: str, operator: list_pb2.FilterOperator.ValueType, value: str) -> list_pb2.Filter:
    return list_pb2.Filter(field=name, operator=operator, values=[value])


def _day(message: Any) -> dt.date:
    return dt.date(message.year, message.month, message.day)
