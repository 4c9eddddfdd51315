"""The steps that led to a target, as data and in words (B-1)."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.shipping.domain.zones import MINUTE, instant, zone_named


class StepKind(StrEnum):
    """What a step did; the order of the steps is the order of the reasoning."""

    NO_ENTITLEMENT = "NO_ENTITLEMENT"
    POLICY = "POLICY"
    WORK_CLASS = "WORK_CLASS"
    ZONE = "ZONE"
    CALENDAR = "CALENDAR"
    PARCEL = "PARCEL"
    AWAITING_DELIVERY_DATE = "AWAITING_DELIVERY_DATE"
    DELIVERY_ANCHOR = "DELIVERY_ANCHOR"
    ASSIGNMENT_ANCHOR = "ASSIGNMENT_ANCHOR"
    ROLLED = "ROLLED"
    CLOCK_START = "CLOCK_START"
    SKIPPED = "SKIPPED"
    COUNTED_DAYS = "COUNTED_DAYS"
    COUNTED_TIME = "COUNTED_TIME"
    HOLDS_IGNORED = "HOLDS_IGNORED"
    NEED = "NEED"
    PAUSE = "PAUSE"
    PAUSE_WITHOUT_EFFECT = "PAUSE_WITHOUT_EFFECT"
    PAUSE_OPEN = "PAUSE_OPEN"
    CONSUMED = "CONSUMED"
    DUE_DATE = "DUE_DATE"
    DUE_INSTANT = "DUE_INSTANT"
    STOPPED = "STOPPED"
    VOIDED = "VOIDED"


class Step(NamedTuple):
    """One step. Which values are set depends on its kind; `start` and `end` are ticks (zones.py)."""

    kind: StepKind
    name: str = ""
    detail: str = ""
    day: date | None = None
    last_day: date | None = None
    start: int | None = None
    end: int | None = None
    number: int = 0
    last_number: int = 0
    minutes: int = 0


def day_words(day: date | None) -> str:
    """Such as "Sun 1 Mar 2026"; "no date" for none."""
    return f"{day:%a} {day.day} {day:%b %Y}" if day else "no date"


def time_words(at: int | None, zone: ZoneInfo) -> str:
    """Such as "Fri 6 Mar 2026, 15:50 CST"; "now" for none, as an open pause ends."""
    if at is None:
        return "now"
    local = instant(at).astimezone(zone)
    return f"{day_words(local)}, {local:%H:%M %Z}"


def minutes_words(minutes: int) -> str:
    """Such as "540 minutes"."""
    return "1 minute" if minutes == 1 else f"{minutes:,} minutes"


def length_words(minutes: int) -> str:
    """A length in the two units that matter: "2 days 3 hours", "40 minutes", "less than a minute"."""
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (0 if days else left, "minute")]
    said = [f"{count:,} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(said) or "less than a minute"


def whole_minutes(span: int) -> int:
    """Minutes of a span in ticks, rounded down."""
    return span // MINUTE


def span_words(first: date | None, last: date | None) -> str:
    """One day, two, or the first and last of several."""
    if first is None or last is None or first == last:
        return day_words(first)
    return f"{day_words(first)} {'and' if (last - first).days == 1 else 'to'} {day_words(last)}"


def in_words(step: Step, zone: str) -> str:
    """A step as a sentence for people; times are those of a zone, which they name."""
    return _WORDS[step.kind](step, zone_named(zone))


def _parcel(step: Step, _: ZoneInfo) -> str:
    expected = f"expected {day_words(step.day)}" if step.day else "without an expected date"
    delivered = f", delivered {day_words(step.last_day)}" if step.last_day else ""
    return f"Required parcel {step.name}: {expected}{delivered}."


def _skipped(step: Step, _: ZoneInfo) -> str:
    days = span_words(step.day, step.last_day)
    several = step.last_day is not None and step.last_day != step.day
    if step.name:
        return f"{days} {'are' if several else 'is'} skipped: {step.name}."
    return f"{days} {'are not business days' if several else 'is not a business day'}."


def _counted_days(step: Step, _: ZoneInfo) -> str:
    if step.number == 0:
        return f"{day_words(step.day)} is the first business day on or after it."
    if step.number == step.last_number:
        return f"{day_words(step.day)} is business day {step.number}."
    join = "and" if step.last_number == step.number + 1 else "to"
    return f"{span_words(step.day, step.last_day)} are business days {step.number} {join} {step.last_number}."


def _pause(step: Step, zone: ZoneInfo) -> str:
    span = f"{step.name} from {time_words(step.start, zone)} to {time_words(step.end, zone)}"
    return f"{span}: {minutes_words(step.minutes)} do not count."


def _no_effect(step: Step, zone: ZoneInfo) -> str:
    span = f"{step.name} from {time_words(step.start, zone)} to {time_words(step.end, zone)}"
    return f"{span} changes nothing: {step.detail}."


_WORDS: dict[StepKind, Callable[[Step, ZoneInfo], str]] = {
    StepKind.NO_ENTITLEMENT: lambda _s, _z: "There is no entitlement, so there is no SLA.",
    StepKind.POLICY: lambda s, _: f"{s.name}, version {s.number}, allows {s.detail}.",
    StepKind.WORK_CLASS: lambda s, _: f"{s.detail}.",
    StepKind.ZONE: lambda s, _: f"Dates and times are those of {s.name}, {s.detail}.",
    StepKind.CALENDAR: lambda s, _: f"Business time follows the calendar {s.name}, version {s.number}.",
    StepKind.PARCEL: _parcel,
    StepKind.AWAITING_DELIVERY_DATE: lambda _s, _z: (
        "A required part has no delivery date yet, so there is no target yet."
    ),
    StepKind.DELIVERY_ANCHOR: lambda s, _: f"The latest of the required deliveries is {day_words(s.day)}.",
    StepKind.ASSIGNMENT_ANCHOR: lambda s, z: f"Without parts, it counts from the assignment, {time_words(s.start, z)}.",
    StepKind.ROLLED: lambda s, _: f"{s.detail}, so it counts as assigned on {day_words(s.day)}.",
    StepKind.CLOCK_START: lambda s, z: f"The clock starts {time_words(s.start, z)}.",
    StepKind.SKIPPED: _skipped,
    StepKind.COUNTED_DAYS: _counted_days,
    StepKind.COUNTED_TIME: lambda s, z: (
        f"{time_words(s.start, z)} to {time_words(s.end, z)} counts {minutes_words(s.minutes)}."
    ),
    StepKind.HOLDS_IGNORED: lambda _s, _z: "The clock of this policy runs on while the work order is on hold.",
    StepKind.NEED: lambda s, z: (
        f"{minutes_words(s.minutes).capitalize()} are needed from {time_words(s.start, z)}, without pauses until "
        f"{time_words(s.end, z)}."
    ),
    StepKind.PAUSE: _pause,
    StepKind.PAUSE_WITHOUT_EFFECT: _no_effect,
    StepKind.PAUSE_OPEN: lambda s, z: (
        f"{s.name} since {time_words(s.start, z)}: the clock stands still and the date stays shown."
    ),
    StepKind.CONSUMED: lambda s, z: f"The time is used up at {time_words(s.end, z)}.",
    StepKind.DUE_DATE: lambda s, z: f"Due on {day_words(s.day)}, {s.detail} (before {time_words(s.end, z)}).",
    StepKind.STOPPED: lambda s, z: f"The work was done {time_words(s.end, z)}: {s.detail}.",
    StepKind.VOIDED: lambda _s, _z: "The work order ended without the work, so the target no longer counts.",
    StepKind.DUE_INSTANT: lambda s, z: f"Due before {time_words(s.end, z)}.",
}
