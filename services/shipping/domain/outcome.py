"""When a count ends, and what follows from that."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from services.shipping.domain.steps import Step


class WarningKind(IntEnum):
    """What people are told of a target before and when it is missed (sla.md, 10). The numbers are the contract's."""

    FIRST = 1
    AT_RISK = 2
    DUE_DAY = 3
    BREACH = 4


Warnings = tuple[tuple[WarningKind, datetime], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one count with the steps from its start on; see Target for what the members mean."""

    steps: tuple[Step, ...]
    due_date: date
    due_at: datetime
    consumed_at: datetime
    at_risk_at: datetime | None
    warnings: Warnings
    paused_since: datetime | None = None
