"""An agreed appointment that events overtook deserves a look; nobody is blamed, and no reason is asked (CP-79)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.workorders.domain.appointments import is_late, sla_of
from services.workorders.domain.computations import ABSENT_FLAG, SKILL_FLAG, computation
from services.workorders.domain.work_order import OrderFlag

if TYPE_CHECKING:
    from datetime import datetime

    from services.workorders.domain.situation import Situation
    from services.workorders.domain.target import SlaSummary
    from services.workorders.domain.work_order import WorkOrder

# What technicians say that each assigned technician lacks on the day of an appointment: by person, a sentence or "".
VISITOR_LACKS = "visitor_lacks"
# Whether each assigned technician is absent at it, in the same way.
VISITOR_ABSENT = "visitor_absent"
PASSED, OVERTAKEN = "appointment_passed", "target_before_appointment"


@computation
def flags_after_hold(situation: Situation) -> tuple[OrderFlag, ...]:
    """The order's flags, with one where the appointment passed, or its target did, while work was held."""
    order, now = situation.order, situation.now
    flags = flags_with_target(order, sla_of(situation))
    start = order.appointment.start_time
    if start is None or start >= now:
        return flags
    text = f"The appointment of {_words(order, start)} passed while work was held; agree another one."
    return (*(flag for flag in flags if flag.code != PASSED), OrderFlag(PASSED, text))


@computation
def flags_with_appointment(situation: Situation) -> tuple[OrderFlag, ...]:
    """The order's flags, without those about an earlier appointment: another one was agreed.

    Where technicians said which skills an assigned technician lacks on its day, a flag says so: an order whose
    technician may not do the work is not closed (hard case 8). One says so where somebody of them is absent then.
    """
    flags = tuple(flag for flag in situation.order.flags if flag.code not in {PASSED, OVERTAKEN})
    flags = _with(flags, situation.snapshots.get(VISITOR_LACKS), SKILL_FLAG, blocks_close=True)
    return _with(flags, situation.snapshots.get(VISITOR_ABSENT), ABSENT_FLAG, blocks_close=False)


def absent_words(name: str) -> str:
    """What is said of an order whose technician is absent at its appointment; why is nobody's business here."""
    return f"{name} is absent at the appointment; assign somebody else, or agree another time."


def _with(flags: tuple[OrderFlag, ...], told: object, code: str, *, blocks_close: bool) -> tuple[OrderFlag, ...]:
    """The flags as technicians told of one of them, by person: a sentence raises it, "" clears it, unasked it stays."""
    if not isinstance(told, dict):
        return flags
    asked = {*told, ""}
    others = tuple(flag for flag in flags if flag.code != code or flag.person_id not in asked)
    raised = ((person_id, words) for person_id, words in told.items() if words)
    return (*others, *(OrderFlag(code, words, blocks_close=blocks_close, person_id=who) for who, words in raised))


def flags_with_target(order: WorkOrder, sla: SlaSummary) -> tuple[OrderFlag, ...]:
    """The order's flags under a target: one more where it moved before an appointment that was in time when agreed.

    An appointment that was agreed after its target in the knowledge of it has its reason already.
    """
    others = tuple(flag for flag in order.flags if flag.code != OVERTAKEN)
    start = order.appointment.start_time
    if start is None or not is_late(start, sla) or order.appointment.delay_reason_code:
        return others
    day = f"{sla.due_date:%-d %B %Y}" if sla.due_date else "an earlier day"
    moved = f"The target moved to {day}, before the appointment of {_words(order, start)}"
    return (*others, OrderFlag(OVERTAKEN, f"{moved}; see whether it can be earlier."))


def _words(order: WorkOrder, start: datetime) -> str:
    return f"{start.astimezone(ZoneInfo(order.site_time_zone or 'UTC')):%-d %B %Y, %H:%M}"
