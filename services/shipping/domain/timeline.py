"""A calendar laid out as instants: sorted windows with running sums, so that any question is one bisection."""

from bisect import bisect_left, bisect_right
from datetime import date, time
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from services.shipping.domain.errors import CalendarWithoutWorkingTime
from services.shipping.domain.outcome import Outcome
from services.shipping.domain.steps import Step
from services.shipping.domain.zones import MINUTE, MINUTES_A_DAY, wall

if TYPE_CHECKING:
    from services.shipping.domain.calendar import CalendarVersion


class Clock(Protocol):
    """Counts the time that a policy counts, in microseconds."""

    def between(self, start: int, end: int) -> int:
        """Counted time between two instants."""
        ...

    def advance(self, start: int, need: int) -> int:
        """The earliest instant at which a need is consumed, counted from an instant."""
        ...


class ElapsedTime:
    """Counts every minute: policies in clock hours (sla.md, 5)."""

    def between(self, start: int, end: int) -> int:
        """Elapsed time."""
        return max(0, end - start)

    def advance(self, start: int, need: int) -> int:
        """So much later."""
        return start + need


class Timeline:
    """Business time at one place over whole years; also counts business days.

    A window that clocks change within counts what really elapses. `counted` and `settled` remember day
    counts with their explanation: most orders share few anchor dates.
    """

    def __init__(self, calendar: "CalendarVersion", zone: ZoneInfo, first_year: int, last_year: int) -> None:
        self.calendar = calendar
        self.zone = zone
        self.days: list[int] = []
        self._last_closing: list[int] = []
        self._opens: list[int] = []
        self._closes: list[int] = []
        self._before: list[int] = []
        self.counted: dict[tuple[date, int], tuple[date, int, tuple[Step, ...]]] = {}
        self.settled: dict[tuple[date, int | None, time | None, tuple[int, ...], time | None], Outcome] = {}
        self.first_year = first_year
        self.total = 0
        self._lay_out(date(first_year, 1, 1).toordinal(), date(last_year, 12, 31).toordinal())

    def _lay_out(self, first: int, last: int) -> None:
        midnight = wall(date.fromordinal(first), 0, self.zone)
        for ordinal in range(first, last + 1):
            day = date.fromordinal(ordinal)
            following = wall(day, MINUTES_A_DAY, self.zone)
            plain = following - midnight == MINUTES_A_DAY * MINUTE
            worked = 0
            for window in self.calendar.windows_on(day):
                if plain:
                    opens, closes = midnight + window.opens * MINUTE, midnight + window.closes * MINUTE
                else:
                    opens, closes = wall(day, window.opens, self.zone), wall(day, window.closes, self.zone)
                if closes > opens:
                    self._add(opens, closes)
                    worked = closes
            if worked:
                self.days.append(ordinal)
                self._last_closing.append(worked)
            midnight = following

    def _add(self, opens: int, closes: int) -> None:
        self._opens.append(opens)
        self._closes.append(closes)
        self._before.append(self.total)
        self.total += closes - opens

    def nth_business_day(self, anchor: date, count: int) -> date:
        """The count-th business day strictly after a date; for 0 the first on or after it (sla.md, 4)."""
        ordinal = anchor.toordinal()
        index = bisect_right(self.days, ordinal) + count - 1 if count else bisect_left(self.days, ordinal)
        if index >= len(self.days):
            raise CalendarWithoutWorkingTime(self.calendar.id, self.calendar.name)
        return date.fromordinal(self.days[index])

    def is_business_day(self, day: date) -> bool:
        """True where a date has working time."""
        index = bisect_left(self.days, day.toordinal())
        return index < len(self.days) and self.days[index] == day.toordinal()

    def last_closing(self, day: date) -> int:
        """The instant at which a business day's last window closes."""
        return self._last_closing[bisect_left(self.days, day.toordinal())]

    def worked_until(self, at: int) -> int:
        """Business time from the first window to an instant."""
        index = bisect_right(self._opens, at) - 1
        if index < 0:
            return 0
        return self._before[index] + min(at, self._closes[index]) - self._opens[index]

    def between(self, start: int, end: int) -> int:
        """Business time between two instants."""
        return self.worked_until(end) - self.worked_until(start) if end > start else 0

    def advance(self, start: int, need: int) -> int:
        """The earliest instant that has consumed a need; a closing time belongs to its own day."""
        if need <= 0:
            return start
        goal = self.worked_until(start) + need
        if goal > self.total:
            raise CalendarWithoutWorkingTime(self.calendar.id, self.calendar.name)
        index = bisect_left(self._before, goal) - 1
        return self._opens[index] + goal - self._before[index]

    def worked_windows(self, start: int, end: int) -> list[tuple[int, int]]:
        """The pieces of working windows between two instants, in order."""
        index = max(0, bisect_right(self._opens, start) - 1)
        pieces = []
        while index < len(self._opens) and self._opens[index] < end:
            opens, closes = max(start, self._opens[index]), min(end, self._closes[index])
            if closes > opens:
                pieces.append((opens, closes))
            index += 1
        return pieces
