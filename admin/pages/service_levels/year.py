"""A calendar's year: twelve months of days, each with its working windows and the name that it goes by."""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fieldmesh.shipping.v1 import sla_pb2

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST_YEAR, LAST_YEAR = 1990, 2190


@dataclasses.dataclass(frozen=True)
class Day:
    """One date: `kind` is worked, closed (by its weekday), holiday, or special (worked at other hours)."""

    date: dt.date
    kind: str
    name: str = ""
    windows: str = ""
    imported: bool = False

    @property
    def words(self) -> str:
        """The whole day in words, for those who hear the page."""
        said = f"{self.date:%A} {self.date.day} {self.date:%B %Y}: "
        return said + " – ".join(part for part in (self.name, self.windows or "no working time") if part)


@dataclasses.dataclass(frozen=True)
class Month:
    """One month: weeks from Monday on, None outside of the month."""

    name: str
    weeks: Sequence[Sequence[Day | None]]
    named: Sequence[Day]
    worked: int


def days_that_differ(version: sla_pb2.BusinessCalendar) -> Mapping[dt.date, sla_pb2.CalendarException]:
    """Holidays and other days that differ, by date."""
    return {dt.date(each.date.year, each.date.month, each.date.day): each for each in version.exceptions}


def week_of(version: sla_pb2.BusinessCalendar) -> Mapping[int, str]:
    """The working windows of each weekday (1 is Monday) as people write them; empty: closed."""
    found: dict[int, list[str]] = {number: [] for number in range(1, 8)}
    for each in sorted(version.windows, key=lambda window: (window.weekday, window.opens)):
        found[each.weekday].append(f"{each.opens}–{each.closes}")
    return {number: ", ".join(texts) for number, texts in found.items()}


def day_of(version: sla_pb2.BusinessCalendar, date: dt.date) -> Day:
    """One date of a calendar."""
    return _day(date, week_of(version), days_that_differ(version))


def year_of(version: sla_pb2.BusinessCalendar, year: int) -> Sequence[Month]:
    """The twelve months of a year."""
    week, differing = week_of(version), days_that_differ(version)
    months = []
    for number in range(1, 13):
        weeks = [
            [_day(dt.date(year, number, day), week, differing) if day else None for day in days]
            for days in calendar.monthcalendar(year, number)
        ]
        days = [day for row in weeks for day in row if day]
        named = [day for day in days if day.name]
        months.append(Month(calendar.month_name[number], weeks, named, sum(bool(day.windows) for day in days)))
    return months


def _day(date: dt.date, week: Mapping[int, str], differing: Mapping[dt.date, sla_pb2.CalendarException]) -> Day:
    usual = week[date.isoweekday()]
    found = differing.get(date)
    if found is None:
        return Day(date, "worked" if usual else "closed", windows=usual)
    windows = ", ".join(f"{each.opens}–{each.closes}" for each in found.windows)
    return Day(date, "special" if windows else "holiday", found.name, windows, found.imported)
