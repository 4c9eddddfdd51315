"""The SLA target of an order as shipping told it, and what was told of it (B-1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum


class SlaState(StrEnum):
    """How the SLA target stands, as told by shipping."""

    UNSPECIFIED = "unspecified"
    NONE = "none"
    AWAITING_DELIVERY_DATE = "awaiting_delivery_date"
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    VOID = "void"


class SlaWarning(StrEnum):
    """What was told last of an SLA target; in the contract's order."""

    UNSPECIFIED = "unspecified"
    EARLY_WARNING = "early_warning"
    AT_RISK = "at_risk"
    DUE_DAY = "due_day"
    TARGET_PASSED = "target_passed"


@dataclass(frozen=True, slots=True)
class SlaSummary:
    """The SLA target as last told by shipping; `due_time` is exclusive."""

    target_id: str = ""
    version: int = 0
    state: SlaState = SlaState.UNSPECIFIED
    due_time: datetime | None = None
    due_date: date | None = None
    time_zone: str = ""
    warn_time: datetime | None = None
    as_of_time: datetime | None = None
    warning: SlaWarning = SlaWarning.UNSPECIFIED
    warning_percent: int = 0
    warning_time: datetime | None = None

    def warned_as(self, before: SlaSummary) -> SlaSummary:
        """With what was told of the target before, where that was of the same instant; it is not told again."""
        if self.due_time is None or self.due_time != before.due_time:
            return self
        told = (before.warning, before.warning_percent, before.warning_time)
        return replace(self, warning=told[0], warning_percent=told[1], warning_time=told[2])
