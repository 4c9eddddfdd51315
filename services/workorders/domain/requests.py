"""What partner and vendor ask of each other beside the work itself: costs to approve, and further actions to take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.workorders.domain.values import Money


class CostKind(StrEnum):
    """What a cost request is about."""

    UNSPECIFIED = "unspecified"
    TRAVEL_RATE = "travel_rate"
    TRAVEL = "travel"
    RENTAL = "rental"
    PERMIT = "permit"
    PURCHASE = "purchase"


class CostDecision(StrEnum):
    """How a cost request stands."""

    UNSPECIFIED = "unspecified"
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class CostRequest:
    """A cost or rate beyond what is agreed, with the vendor's decision (CP-60, CP-84)."""

    id: str
    kind: CostKind
    amount: Money
    details: str = ""
    decision: CostDecision = CostDecision.REQUESTED
    requested_by: str = ""
    request_time: datetime | None = None
    decided_by: str = ""
    decide_time: datetime | None = None
    comment: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it awaits a decision."""
        return self.decision is CostDecision.REQUESTED


@dataclass(frozen=True, slots=True)
class DirectedAction:
    """Something that the vendor directs the partner to do (CP-37); open until somebody did it."""

    id: str
    title: str
    details: str = ""
    due_date: date | None = None
    directed_by: str = ""
    direct_time: datetime | None = None
    done_by: str = ""
    done_time: datetime | None = None
    result: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.done_time is None
