"""Business calendars: working windows by day of the week, holidays and exceptions as data, one version at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from services.shipping.domain.errors import InvalidCalendar
from services.shipping.domain.timeline import Timeline
from services.shipping.domain.zones import MINUTES_A_DAY, zone_named

DAYS_A_WEEK = 7
MOST_TIMELINES = 64


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Working time within one local day, in minutes after midnight; 1440 is the end of the day."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class DayException:
    """A date that differs from its day of the week: worked, shortened or (no windows) closed; beats a holiday."""

    name: str
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True)
class CalendarVersion:
    """One published version of a business calendar; `week` starts on Monday. Never changed once it is in use."""

    id: str
    name: str
    version: int
    week: tuple[tuple[Window, ...], ...]
    holidays: Mapping[date, str] = field(default_factory=dict)
    exceptions: Mapping[date, DayException] = field(default_factory=dict)
    zone: str = ""
    _timelines: dict[tuple[str, int, int], Timeline] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __post_init__(self) -> None:
        if len(self.week) != DAYS_A_WEEK:
            raise InvalidCalendar(f"The calendar “{self.name}” needs windows for seven days.", calendar=self.name)
        for windows in (*self.week, *(exception.windows for exception in self.exceptions.values())):
            self._check(windows)
        object.__setattr__(self, "holidays", MappingProxyType(dict(self.holidays)))
        object.__setattr__(self, "exceptions", MappingProxyType(dict(self.exceptions)))

    def __hash__(self) -> int:
        return hash((self.id, self.version))

    def windows_on(self, day: date) -> tuple[Window, ...]:
        """The working windows of a date; empty on a day that is not a business day."""
        exception = self.exceptions.get(day)
        if exception is not None:
            return exception.windows
        if day in self.holidays:
            return ()
        return self.week[day.weekday()]

    def why_closed(self, day: date) -> str:
        """The name of the holiday or exception that closes a date; empty where its weekday does."""
        exception = self.exceptions.get(day)
        if exception is not None:
            return exception.name
        return self.holidays.get(day, "") if self.week[day.weekday()] else ""

    def timeline(self, zone: str, first_year: int, last_year: int) -> Timeline:
        """The windows of whole years as instants at a place, computed once for each place and span."""
        key = (zone, first_year, last_year)
        known = self._timelines.get(key)
        if known is None:
            # Previews may ask for any place and year; what orders use is soon there again.
            while len(self._timelines) >= MOST_TIMELINES:
                self._timelines.pop(next(iter(self._timelines)), None)
            known = self._timelines[key] = Timeline(self, zone_named(zone), first_year, last_year)
        return known

    def _check(self, windows: tuple[Window, ...]) -> None:
        end = 0
        for window in windows:
            if not end <= window.opens < window.closes <= MINUTES_A_DAY:
                raise InvalidCalendar(
                    f"The calendar “{self.name}” has windows that overlap, run backwards or leave the day.",
                    calendar=self.name,
                )
            end = window.closes
