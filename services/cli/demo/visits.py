"""The diary of the demo's technicians: nobody is promised to two sites at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from services.cli.demo.plans import later

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

FIRST_HOUR, LAST_HOUR = 8, 15
STEP = timedelta(minutes=30)
A_DAY, FURTHEST = timedelta(days=1), timedelta(hours=14)


class Diary:
    """Who is where, by instants; visits start on the half hour between 8:00 and 15:00 at the site."""

    def __init__(self) -> None:
        self._booked: dict[str, list[tuple[datetime, datetime]]] = {}

    def book(self, people: Sequence[str], day: date, zone: ZoneInfo, minutes: int, wanted: int) -> tuple[str, datetime]:
        """The first of the people who is free, and when at the site: on the day or a working day after.

        `wanted` chooses the half hour that is tried first, so that visits spread over the day.
        """
        while True:
            for start in _starts(day, zone, wanted):
                for person in people:
                    if self._take(person, start.astimezone(UTC), minutes):
                        return person, start
            day = later(day, 1)

    def away(self, person: str, first: date, last: date) -> None:
        """Somebody does no visits from one day to another, wherever on earth that is."""
        start = datetime.combine(first, time(), UTC) - FURTHEST
        self._booked.setdefault(person, []).append((start, datetime.combine(last, time(), UTC) + A_DAY + FURTHEST))

    def join(self, people: Sequence[str], start: datetime, minutes: int) -> str:
        """The first of the people who is free at a time at the site, and comes as well; empty where nobody is."""
        return next((person for person in people if self._take(person, start.astimezone(UTC), minutes)), "")

    def _take(self, person: str, start: datetime, minutes: int) -> bool:
        end = start + timedelta(minutes=minutes)
        booked = self._booked.setdefault(person, [])
        if any(start < other_end and other_start < end for other_start, other_end in booked):
            return False
        booked.append((start, end))
        return True


def _starts(day: date, zone: ZoneInfo, wanted: int) -> list[datetime]:
    first = datetime.combine(day, time(FIRST_HOUR), zone)
    count = (LAST_HOUR - FIRST_HOUR) * 2 + 1
    starts = [first + STEP * place for place in range(count)]
    turn = wanted % count
    return starts[turn:] + starts[:turn]
