"""When a visit is, and whether two of them clash."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

USUAL_MINUTES = 120


@dataclass(frozen=True, slots=True)
class Visit:
    """A time on site, from ``start`` until just before ``end``."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Visit") -> bool:
        """Tell whether somebody could not do both; one that begins when the other ends is no clash."""
        return self.start < other.end and other.start < self.end


def visit_of(start: datetime | None, minutes: int) -> Visit | None:
    """Give the visit of an appointment; None while it is not scheduled. Without a duration it takes two hours."""
    if start is None:
        return None
    return Visit(start, start + timedelta(minutes=minutes if minutes > 0 else USUAL_MINUTES))


def day_of(start: datetime | None, zone: str, now: datetime) -> date:
    """Give the date on the site's calendar on which the work is done; today while it is not scheduled."""
    return (start or now).astimezone(zone_of(zone)).date()


def zone_of(name: str) -> ZoneInfo:
    """Give the zone of a site; UTC where it is not named, or not known."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
