"""Reads of shifts and absences, for whoever is chosen or looked at; one statement each, however many technicians."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select

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
    found = {
        one: words
        for one, patterns in patterns_of(connection, ids, organization_id, visit.end.date() + _A_DAY).items()
        if (words := outside(patterns, visit, hours=hours))
    }
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
    rows = connection.execute(
        select(shift_patterns)
        .where(columns.technician_id.in_(ids), columns.organization_id == organization_id, columns.valid_from <= last)
        .order_by(columns.valid_from)
    )
    found: dict[str, list[Pattern]] = defaultdict(list)
    for row in rows:
        found[row.technician_id].append(_pattern(row))
    return found


def _pattern(row: Row[Any]) -> Pattern:
    return Pattern(row.valid_from, row.time_zone, tuple(read_shifts(getattr(row, day)) for day in WEEKDAYS))
