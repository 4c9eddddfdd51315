"""When somebody works and is away: shifts of a usual week, absences, and what they say of a visit."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.technicians.domain.visits import Visit, zone_of

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_A_DAY = timedelta(days=1)
_WHOLE_DAY = 24 * 60
_SHIFT = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-4]):([0-5]\d)")

Shift = tuple[int, int]
"""From and to, in minutes of the day's clock; the end is exclusive, and 24:00 at most."""


class ShiftUnreadable(ValueError):
    """A text is no shift, or shifts of a day overlap; its words are for people."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """The shifts of a usual week, Monday first, from a day on, by the clock of a zone."""

    valid_from: date
    zone: str
    week: tuple[tuple[Shift, ...], ...]


def read_shifts(texts: Sequence[str]) -> tuple[Shift, ...]:
    """Give the shifts of a day in the order of time.

    Raises ShiftUnreadable for a text that is none, for one that ends before it begins, and for two that overlap.
    """
    found = sorted(_read(text) for text in texts)
    for one, other in pairwise(found):
        if other[0] < one[1]:
            raise ShiftUnreadable(f"must not overlap: {_words(one)} and {_words(other)}")
    return tuple(found)


def shift_words(shifts: Sequence[Shift]) -> list[str]:
    """Give shifts as texts, such as 08:00-12:00."""
    return [_words(shift) for shift in shifts]


def away(first: date, last: date, from_time: str, until_time: str, zone: str) -> Visit:
    """Give the time from a day, or a clock on it, until the end of another, or a clock on that; as instants."""
    clock = zone_of(zone)
    begins = datetime.combine(first, time.fromisoformat(from_time) if from_time else time(), clock)
    if until_time:
        ends = datetime.combine(last, time.fromisoformat(until_time), clock)
    else:
        ends = datetime.combine(last + _A_DAY, time(), clock)
    return Visit(begins.astimezone(UTC), ends.astimezone(UTC))


def pattern_on(patterns: Sequence[Pattern], day: date) -> Pattern | None:
    """Give the pattern that holds on a day: the one that began last; None before the first."""
    begun = [pattern for pattern in patterns if pattern.valid_from <= day]
    return max(begun, key=lambda pattern: pattern.valid_from, default=None)


def shifts_between(patterns: Sequence[Pattern], first: date, last: date) -> list[Visit]:
    """Give the shifts of some days as instants, in the order of time; those that touch are one."""
    found: list[Visit] = []
    for each in sorted(_shifts(patterns, first, last), key=lambda shift: shift.start):
        if found and each.start <= found[-1].end:
            found[-1] = Visit(found[-1].start, max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


def outside(patterns: Sequence[Pattern], visit: Visit, *, hours: bool) -> str:
    """Say that a visit is not within one shift; empty where it is, and where no shifts are known.

    `hours` adds those of the day, which are for the technician's own organisation only.
    """
    day = visit.start.date()
    holds = pattern_on(patterns, day)
    if holds is None:
        return ""
    shifts = shifts_between(patterns, day - _A_DAY, visit.end.date() + _A_DAY)
    if any(shift.start <= visit.start and visit.end <= shift.end for shift in shifts):
        return ""
    if not hours:
        return "Outside of the shift."
    local = visit.start.astimezone(zone_of(holds.zone)).date()
    week = (pattern_on(patterns, local) or holds).week
    usual = ", ".join(shift_words(week[local.weekday()]))
    day_words = f"{local:%A, %-d %B}"
    return f"Outside of the shift: {usual} on {day_words} ({holds.zone})." if usual else f"No shift on {day_words}."


def _shifts(patterns: Sequence[Pattern], first: date, last: date) -> Iterator[Visit]:
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        pattern = pattern_on(patterns, day)
        if pattern is None:
            continue
        clock = zone_of(pattern.zone)
        for begins, ends in pattern.week[day.weekday()]:
            yield Visit(_instant(day, begins, clock), _instant(day, ends, clock))


def _instant(day: date, minutes: int, clock: ZoneInfo) -> datetime:
    whole, rest = divmod(minutes, _WHOLE_DAY)
    at = time(*divmod(rest, 60))
    return datetime.combine(day + whole * _A_DAY, at, clock).astimezone(UTC)


def _read(text: str) -> Shift:
    found = _SHIFT.fullmatch(text.strip())
    if found is None:
        raise ShiftUnreadable(f"must be from and to, such as 08:00-12:00, and not “{text.strip()}”")
    hours = [int(each) for each in found.groups()]
    begins, ends = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if not begins < ends <= _WHOLE_DAY:
        words = "must end after it begins, by 24:00; let a night go on as a shift of the next day from 00:00"
        raise ShiftUnreadable(words)
    return begins, ends


def _words(shift: Shift) -> str:
    begins, ends = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in shift)
    return f"{begins}-{ends}"
