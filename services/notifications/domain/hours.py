"""When people may be told of something that can wait: in working hours, by their own clock (sla.md, 10)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAYS_AHEAD = 21
_END_OF_DAY = "24:00"


@dataclass(frozen=True, slots=True)
class Hours:
    """Windows by day of the week (1 is Monday) as HH:MM to HH:MM, and days on which there are none."""

    windows: Sequence[tuple[int, str, str]] = ()
    closed: frozenset[date] = field(default_factory=frozenset)

    def next_within(self, now: datetime, zone: str) -> datetime:
        """Now, where it is within a window on the clock of a zone; else the next opening; now where there is none."""
        place = _zone(zone)
        local = now.astimezone(place)
        for ahead in range(_DAYS_AHEAD):
            day = local.date() + timedelta(days=ahead)
            if day in self.closed:
                continue
            for weekday, opens, closes in sorted(self.windows):
                if weekday == day.isoweekday() and now < _at(day, closes, place):
                    return max(now, _at(day, opens, place))
        return now


def _at(day: date, clock: str, place: ZoneInfo) -> datetime:
    if clock == _END_OF_DAY:
        return datetime.combine(day + timedelta(days=1), time(), place).astimezone(UTC)
    return datetime.combine(day, time.fromisoformat(clock), place).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
