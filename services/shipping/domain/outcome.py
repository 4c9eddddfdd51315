"""When a count ends, and what follows from that."""

from dataclasses import dataclass
from datetime import date, datetime

from services.shipping.domain.steps import Step


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one count with the steps from its start on; see Target for what the members mean."""

    steps: tuple[Step, ...]
    due_date: date
    due_at: datetime
    consumed_at: datetime
    at_risk_at: datetime
    warn_at: tuple[datetime, ...]
    paused_since: datetime | None = None
