"""What a target is computed from: policy, anchor, pauses."""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from services.shipping.domain.calendar import CalendarVersion
from services.shipping.domain.errors import InvalidPolicy


class Unit(StrEnum):
    """What a policy counts in (sla.md, 5)."""

    BUSINESS_DAYS = "BUSINESS_DAYS"
    BUSINESS_HOURS = "BUSINESS_HOURS"
    CLOCK_HOURS = "CLOCK_HOURS"


_WORDS = {
    Unit.BUSINESS_DAYS: ("business day", "business days"),
    Unit.BUSINESS_HOURS: ("business hour", "business hours"),
    Unit.CLOCK_HOURS: ("clock hour", "clock hours"),
}
CUT_OFF = time(17)
LONGEST = {Unit.BUSINESS_DAYS: 400, Unit.BUSINESS_HOURS: 4_000, Unit.CLOCK_HOURS: 9_000}


@dataclass(frozen=True, slots=True)
class Policy:
    """One published version of an SLA policy. `due_time` is for days only; without it they are due at the day's end."""

    id: str
    name: str
    version: int
    unit: Unit
    amount: int
    due_time: time | None = None
    cut_off: time = CUT_OFF

    def __post_init__(self) -> None:
        least = 0 if self.in_days else 1
        if not least <= self.amount <= LONGEST[self.unit]:
            raise InvalidPolicy(
                f"The policy “{self.name}” allows {least} to {LONGEST[self.unit]} {_WORDS[self.unit][1]}.",
                policy=self.name,
            )
        if self.due_time is not None and not self.in_days:
            raise InvalidPolicy(f"The policy “{self.name}” counts hours and can't set a time.", policy=self.name)

    @property
    def in_days(self) -> bool:
        """True where the date is what is legally due."""
        return self.unit is Unit.BUSINESS_DAYS

    @property
    def allowance(self) -> str:
        """Such as "1 business day"."""
        return f"{self.amount} {_WORDS[self.unit][self.amount != 1]}"


@dataclass(frozen=True, slots=True)
class RequiredDelivery:
    """When a required part is expected and was delivered: dates as the carrier writes them, at the ship-to address.

    `expected` no longer changes once the parcel is delivered. Neither is set where nothing is known yet.
    """

    label: str
    expected: date | None = None
    delivered: date | None = None

    @property
    def counted(self) -> date | None:
        """The later of both (sla.md, 2)."""
        if self.expected and self.delivered:
            return max(self.expected, self.delivered)
        return self.expected or self.delivered


@dataclass(frozen=True, slots=True)
class DeliveryAnchor:
    """A work order with parts: at least one required delivery."""

    deliveries: tuple[RequiredDelivery, ...]


@dataclass(frozen=True, slots=True)
class AssignmentAnchor:
    """A work order without parts: the instant of its assignment."""

    at: datetime


Anchor = DeliveryAnchor | AssignmentAnchor


class PauseKind(StrEnum):
    """Why the clock stood still."""

    HOLD = "HOLD"
    SENT_BACK = "SENT_BACK"


PAUSE_NAMES = {PauseKind.HOLD: "On hold", PauseKind.SENT_BACK: "Completed and sent back"}


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which the clock stands still; open while `end` is not set."""

    start: datetime
    end: datetime | None = None
    kind: PauseKind = PauseKind.HOLD


@dataclass(frozen=True, slots=True)
class SlaInputs:
    """Everything that a target depends on; stored with it, so that it can always be computed anew.

    `zone` is the facility's, else its territory's; `zone_source` says which, in words.
    """

    policy: Policy
    calendar: CalendarVersion
    zone: str
    anchor: Anchor
    pauses: tuple[Pause, ...] = ()
    zone_source: str = "the site's time zone"
