"""Whether a technician may be assigned to an order, and how (CP-59, CP-65, CP-66, CP-67)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from services.technicians.domain.errors import (
    AppointmentOverlap,
    OverrideReasonMissing,
    ReasonUnexplained,
    TechnicianNotEligible,
)
from services.technicians.domain.skills import Held, Requirement, missing_codes


class Method(Enum):
    """How a technician was chosen; the values are those of the contract."""

    SKILL_MATCH = 1
    MANUAL_OVERRIDE = 2
    FREELANCER = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a technician for an order on a day."""

    technician_id: str
    name: str
    active: bool
    organizations: frozenset[str]
    """Organisations of the memberships that hold on the day; none: a freelancer."""
    held: tuple[Held, ...]
    busy: bool
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether and how a technician may be assigned."""

    missing: tuple[str, ...]
    busy: bool
    freelancer: bool
    obstacles: tuple[str, ...]
    """What no reason can override, in words."""
    absent: bool = False

    @property
    def needs_reason(self) -> bool:
        return self.freelancer or self.absent or bool(self.missing)

    @property
    def eligible(self) -> bool:
        return not self.obstacles and not self.busy and not self.needs_reason

    @property
    def eligible_with_reason(self) -> bool:
        return not self.obstacles and not self.busy

    @property
    def method(self) -> Method:
        if self.freelancer:
            return Method.FREELANCER
        return Method.MANUAL_OVERRIDE if self.missing or self.absent else Method.SKILL_MATCH

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that speaks against it, in words."""
        found = list(self.obstacles)
        if self.busy:
            found.append("Another visit overlaps.")
        if self.absent:
            found.append("Absent at that time.")
        if self.missing:
            found.append(f"Missing skills: {', '.join(self.missing)}.")
        if self.freelancer and not self.obstacles:
            found.append("A freelancer needs a reason.")
        return tuple(found)


def judge(facts: Facts, requirements: Sequence[Requirement], executor: str, day: date) -> Verdict:
    """Decide on a technician for an order of the organisation ``executor`` on a day.

    A member of another organisation is out of the question; a freelancer, an absence and a missing skill need a reason.
    """
    obstacles: list[str] = []
    if not facts.active:
        obstacles.append(f"{facts.name} is not active.")
    if not executor:
        obstacles.append("The work order is not allocated to an organisation.")
    elif facts.organizations and executor not in facts.organizations:
        obstacles.append(f"{facts.name} belongs to another organisation.")
    missing = missing_codes(requirements, facts.held, day)
    return Verdict(missing, facts.busy, not facts.organizations, tuple(obstacles), facts.absent)


def require_assignable(facts: Facts, verdict: Verdict, reason_code: str, reason_text: str) -> None:
    """Refuse what may not be assigned, or not without the reason that is missing.

    Raises TechnicianNotEligible, AppointmentOverlap, OverrideReasonMissing.
    """
    if verdict.obstacles:
        raise TechnicianNotEligible(facts.technician_id, verdict.obstacles)
    if verdict.busy:
        raise AppointmentOverlap(facts.technician_id, facts.name)
    if verdict.needs_reason and not reason_code:
        raise OverrideReasonMissing(facts.name, verdict.missing, freelancer=verdict.freelancer, absent=verdict.absent)
    if reason_code.endswith("other") and not reason_text.strip():
        raise ReasonUnexplained
