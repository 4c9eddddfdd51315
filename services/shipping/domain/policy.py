"""What a target is computed from: policy, anchor, pauses."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
MORNING = time(9)
WHOLE = 100
LONGEST = {Unit.BUSINESS_DAYS: 400, Unit.BUSINESS_HOURS: 4_000, Unit.CLOCK_HOURS: 9_000}


class WorkClass(StrEnum):
    """What kind of work a line item is, as its work type has it."""

    UNKNOWN = "unspecified"
    REPAIR = "repair"
    INSTALLATION = "installation"
    COMMISSIONING = "commissioning"


@dataclass(frozen=True, slots=True)
class ClassTerms:
    """Terms of a policy for orders all of whose line items are of one class."""

    work_class: WorkClass
    unit: Unit
    amount: int
    due_time: time | None = None
    cut_off: time = CUT_OFF


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of an SLA policy. `due_time` is for days only; without it they are due at the day's end.

    `warn_percents` are the shares of the time after which people are warned, the last of which is where an order
    counts as at risk; `morning` is the local time of the warning on the due day (sla.md, 10). With `ignores_holds` the
    clock runs on while an order is on hold. `class_terms` take the place of unit, amount and times for work of a class.
    """

    id: str
    name: str
    version: int
    unit: Unit
    amount: int
    due_time: time | None = None
    cut_off: time = CUT_OFF
    ignores_holds: bool = False
    warn_percents: tuple[int, ...] = (50, 75)
    morning: time | None = MORNING
    class_terms: tuple[ClassTerms, ...] = ()

    def __post_init__(self) -> None:
        least = 0 if self.in_days else 1
        if not least <= self.amount <= LONGEST[self.unit]:
            raise InvalidPolicy(
                f"The policy “{self.name}” allows {least} to {LONGEST[self.unit]} {_WORDS[self.unit][1]}.",
                policy=self.name,
            )
        if self.due_time is not None and not self.in_days:
            raise InvalidPolicy(f"The policy “{self.name}” counts hours and can't set a time.", policy=self.name)
        shares = self.warn_percents
        if any(not 0 < share < WHOLE for share in shares) or list(shares) != sorted(set(shares)):
            raise InvalidPolicy(
                f"The policy “{self.name}” warns at shares from 1 to 99 %, each above the one before.", policy=self.name
            )

        classes = [each.work_class for each in self.class_terms]
        if len(set(classes)) < len(classes) or WorkClass.UNKNOWN in classes:
            raise InvalidPolicy(f"The policy “{self.name}” has terms for each class once.", policy=self.name)
        for each in self.class_terms:
            self._under(each)

    def for_work(self, classes: tuple[WorkClass, ...]) -> tuple[Policy, str]:
        """The policy with the terms that count for line items of some classes, and why these, in words.

        Without terms by class there is nothing to say. Line items of several classes take the general terms.
        """
        if not self.class_terms:
            return self, ""
        if not classes or WorkClass.UNKNOWN in classes:
            return self, "The class of its work is not known, so the general terms count"
        if len(classes) > 1:
            named = f"{', '.join(classes[:-1])} and {classes[-1]}"
            return self, f"Its line items are of several classes ({named}), so the general terms count"
        terms = next((each for each in self.class_terms if each.work_class is classes[0]), None)
        if terms is None:
            return self, f"There are no terms of their own for {classes[0]}, so the general terms count"
        return self._under(terms), f"All its line items are {classes[0]}, which has terms of its own"

    def _under(self, terms: ClassTerms) -> Policy:
        return replace(
            self,
            unit=terms.unit,
            amount=terms.amount,
            due_time=terms.due_time,
            cut_off=terms.cut_off,
            class_terms=(),
        )

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
    REOPENED = "REOPENED"


PAUSE_NAMES = {
    PauseKind.HOLD: "On hold",
    PauseKind.SENT_BACK: "Completed and sent back",
    PauseKind.REOPENED: "Ended and reopened",
}


@dataclass(frozen=True, slots=True)
class Pause:
    """A span in which the clock stands still; open while `end` is not set."""

    start: datetime
    end: datetime | None = None
    kind: PauseKind = PauseKind.HOLD


@dataclass(frozen=True, slots=True)
class SlaInputs:
    """Everything that a target depends on; stored with it, so that it can always be computed anew.

    `zone` is the facility's, else its territory's; `zone_source` says which, in words. `work_classes` are those of the
    line items, each once.
    """

    policy: Policy
    calendar: CalendarVersion
    zone: str
    anchor: Anchor
    pauses: tuple[Pause, ...] = ()
    zone_source: str = "the site's time zone"
    work_classes: tuple[WorkClass, ...] = ()
