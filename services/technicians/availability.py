"""Reads of shifts and absences, for whoever is chosen or looked at; one statement each, however many technicians."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Select, String, cast, select

from services.technicians.domain.availability import WEEKDAYS, Pattern, outside, read_shifts
from services.technicians.domain.visits import Visit
from services.technicians.tables import shift_patterns, technician_absences

_A_DAY = timedelta(days=1)
Ids = Collection[str] | Select[tuple[str]]


@dataclass(frozen=True, slots=True)
class Presence:
    """Who of some technicians is absent at a visit, and what is to be said about the shifts of others, by id."""

    absent: frozenset[str] = frozenset()
    outside: Mapping[str, str] = field(default_factory=dict)


def presence_at(
    connection: Connection, ids: Ids, visit: Visit | None, organization_id: str, *, hours: bool
) -> Presence:
    """Tell who is absent at a visit, and for whom it is outside of the shifts that an organisation keeps of them.

    Nobody while the visit is not scheduled. `hours`: whether the hours of shifts may be told.
    """
    if visit is None:
        return Presence()
    said: dict[tuple[Pattern, ...], str] = {}  # many work the same shifts
    found = {}
    for one, patterns in patterns_of(connection, ids, organization_id, visit.end.date() + _A_DAY).items():
        key = tuple(patterns)
        if key not in said:
            said[key] = outside(patterns, visit, hours=hours)
        if said[key]:
            found[one] = said[key]
    away = absent_during(visit.start, visit.end)
    absent = select(technician_absences.c.technician_id).where(technician_absences.c.technician_id.in_(ids), away)
    return Presence(frozenset(connection.execute(absent).scalars()), found)


def absent_during(start: Any, end: Any) -> Any:
    """Absences that take time of an interval."""
    columns = technician_absences.c
    return (columns.start_time < end) & (columns.end_time > start)


def patterns_of(connection: Connection, ids: Ids, organization_id: str, last: date) -> Mapping[str, Sequence[Pattern]]:
    """Give the shift patterns that an organisation keeps of technicians and that begin by a day, by technician."""
    columns = shift_patterns.c
    week = [cast(columns[day], String) for day in WEEKDAYS]
    rows = connection.execute(
        select(columns.technician_id, columns.valid_from, columns.time_zone, *week)
        .where(columns.technician_id.in_(ids), columns.organization_id == organization_id, columns.valid_from <= last)
        .order_by(columns.valid_from)
    )
    read: dict[Sequence[Any], Pattern] = {}  # many work the same shifts
    found: dict[str, list[Pattern]] = defaultdict(list)
    for technician_id, *told in rows:
        key = tuple(told)
        if key not in read:
            read[key] = _pattern(*told)
        found[technician_id].append(read[key])
    return found


def _pattern(valid_from: date, zone: str, *week: str) -> Pattern:
    return Pattern(valid_from, zone, tuple(read_shifts(json.loads(day)) for day in week))
