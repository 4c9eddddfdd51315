"""Between instants and the wall clock of a place.

Inside the SLA engine instants are whole microseconds since 1970, UTC ("ticks").
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.shipping.domain.errors import UnknownZone

MICROSECOND = timedelta(microseconds=1)
MINUTE = 60_000_000
HOUR = 60 * MINUTE
MINUTES_A_DAY = 24 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=700)
def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name; raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(name) from error


def ticks(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (instant - _EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    """The aware UTC instant of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=at)


def local_date(at: int, zone: ZoneInfo) -> date:
    """The date on the wall of a place at an instant."""
    return instant(at).astimezone(zone).date()


def wall(day: date, minute: int, zone: ZoneInfo) -> int:
    """The instant at which a wall clock shows a minute of a day, 0 to 1440.

    A time that clocks pass twice is the first of the two; a time that they skip is the moment of the
    change, so that windows never overlap or run backwards.
    """
    days, rest = divmod(minute, MINUTES_A_DAY)
    naive = datetime(day.year, day.month, day.day, rest // 60, rest % 60) + timedelta(days=days)  # noqa: DTZ001
    aware = naive.replace(tzinfo=zone)
    at = ticks(aware)
    shown = instant(at).astimezone(zone).replace(tzinfo=None)
    if shown == naive:
        return at
    return _change(ticks(aware.replace(fold=1)), at, zone)


def _change(before: int, after: int, zone: ZoneInfo) -> int:
    """The instant between two others at which a zone's offset changes, to the second."""
    offset = instant(before).astimezone(zone).utcoffset()
    low, high = before // 1_000_000, after // 1_000_000
    while high - low > 1:
        middle = (low + high) // 2
        if instant(middle * 1_000_000).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high * 1_000_000
