"""Appointments: local wall time to an instant, and the question that a late one raises (CP-74 to CP-76)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from services.workorders.domain.errors import AppointmentTimeInvalid, Violation
from services.workorders.domain.predicates import HOLDS, Objection, Objections, predicate
from services.workorders.domain.target import SlaSummary
from services.workorders.domain.work_order import ClockFold

if TYPE_CHECKING:
    from services.workorders.domain.situation import Inputs, Situation
    from services.workorders.domain.work_order import WorkOrder

LATE = "Selected Appointment Date is not within SLA Completed Date. Do you want to continue?"
# No zone is further ahead of UTC.
FURTHEST_AHEAD = timedelta(hours=14)
CONTINUE = "inputs.continue_past_target"


def instant_of(day: date, clock: str, zone: str, fold: ClockFold = ClockFold.UNSPECIFIED) -> datetime:
    """The instant of a local time, in UTC.

    AppointmentTimeInvalid where the text is no time, where clocks skip it, and where they show it twice and `fold` does
    not say which is meant (hard-parts 17).
    """
    try:
        local = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone))
    except ValueError:
        raise _invalid(
            "INVALID_FIELDS", "Give the time as hours and minutes, such as 14:30.", "appointment.time"
        ) from None
    earlier, later = local.replace(fold=0), local.replace(fold=1)
    if earlier.utcoffset() == later.utcoffset():
        return local.astimezone(UTC)
    if _is_gap(local):
        text = f"{clock} does not exist on {day}: clocks are set forward in {zone}."
        raise _invalid("LOCAL_TIME_MISSING", text, "appointment.time")
    if fold is ClockFold.UNSPECIFIED:
        text = f"{clock} comes twice on {day}: clocks are set back in {zone}. Choose which is meant."
        raise _invalid("LOCAL_TIME_TWICE", text, "appointment.fold")
    return (earlier if fold is ClockFold.EARLIER else later).astimezone(UTC)


def site_day(situation: Situation) -> date:
    """Today's date at the site."""
    return day_at(situation.order, situation.now)


def day_at(order: WorkOrder, now: datetime) -> date:
    """The date at an order's site at an instant."""
    return now.astimezone(ZoneInfo(order.site_time_zone or "UTC")).date()


def start_asked(order: WorkOrder, inputs: Inputs) -> datetime | None:
    """The instant of the appointment that inputs ask for; None without a possible one, which guards then refuse."""
    day, clock = inputs.values.get("appointment.date"), inputs.values.get("appointment.time")
    fold = inputs.values.get("appointment.fold", ClockFold.UNSPECIFIED)
    if not isinstance(day, date) or not isinstance(clock, str) or not isinstance(fold, ClockFold) or not clock:
        return None
    try:
        return instant_of(day, clock, order.site_time_zone, fold)
    except AppointmentTimeInvalid:
        return None


def sla_of(situation: Situation) -> SlaSummary:
    """The newest target that is known: shipping's answer of this moment where it is newer than the order's own copy."""
    told = situation.snapshots.get("target")
    own = situation.order.sla
    return told if isinstance(told, SlaSummary) and told.version > own.version else own


def is_late(start: datetime | None, sla: SlaSummary) -> bool:
    """Whether an appointment starts at or after the exclusive instant of the target (SLA 9)."""
    return start is not None and sla.due_time is not None and start >= sla.due_time


@predicate(asks=(CONTINUE, "inputs.seen_target_version"), prefers="target")
def late_appointment_confirmed(situation: Situation) -> Objections:
    """An appointment after the target has a yes and a delay reason, against the target that the user saw."""
    order, inputs, sla = situation.order, situation.inputs, sla_of(situation)
    unchanged = order.appointment.start_time == situation.before.appointment.start_time
    if unchanged or not is_late(order.appointment.start_time, sla):
        return HOLDS
    metadata = {
        "target_version": str(sla.version),
        "due_time": sla.due_time.isoformat() if sla.due_time else "",
        "due_date": sla.due_date.isoformat() if sla.due_date else "",
    }
    if not inputs.continue_past_target:
        return (Objection("late_appointment_confirmed", LATE, CONTINUE, "APPOINTMENT_AFTER_TARGET", metadata),)
    if inputs.seen_target_version != sla.version:
        text = f"The SLA target has changed since it was shown; it is {metadata['due_date']} now. {LATE}"
        return (Objection("late_appointment_confirmed", text, CONTINUE, "TARGET_CHANGED", metadata),)
    if not inputs.reason_code:
        return (Objection("late_appointment_confirmed", "Choose a delay reason.", "inputs.reason_code"),)
    return HOLDS


@predicate(asks=("appointment.date", "appointment.time"), prefers="visit")
def technician_is_free(situation: Situation) -> Objections:
    """No assigned technician has another visit at the appointment; unanswered, it is checked by technicians later."""
    busy = situation.snapshots.get("visit")
    if not busy or situation.order.appointment.start_time == situation.before.appointment.start_time:
        return HOLDS
    who = busy if isinstance(busy, str) else situation.order.technician.name
    text = f"{who} has another visit at that time."
    return (Objection("technician_is_free", text, "appointment.time", "APPOINTMENT_OVERLAP"),)


@predicate(asks=("appointment.date",))
def appointment_not_before_order(situation: Situation) -> Objections:
    """A visit is planned for the day on which the order came into being, or a later one: before it is a slip."""
    order, start = situation.order, situation.order.appointment.start_time
    if start is None or start == situation.before.appointment.start_time or order.create_time is None:
        return HOLDS
    created = day_at(order, order.create_time)
    if day_at(order, start) >= created:
        return HOLDS
    text = f"The appointment is before the work order was created, on {created:%-d %b %Y}."
    return (Objection("appointment_not_before_order", text, "appointment.date"),)


@predicate(asks=("scheduling_completed_date",))
def scheduling_not_ahead(situation: Situation) -> Objections:
    """The day on which the appointment was agreed has begun somewhere on earth."""
    day = situation.order.scheduling_completed_date
    if day is None or day <= (situation.now + FURTHEST_AHEAD).date():
        return HOLDS
    text = "Scheduling Completed is the day on which the appointment was agreed; it cannot be in the future."
    return (Objection("scheduling_not_ahead", text, "scheduling_completed_date"),)


def _is_gap(local: datetime) -> bool:
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None)


def _invalid(reason: str, text: str, field: str) -> AppointmentTimeInvalid:
    refusal = AppointmentTimeInvalid(text, violations=(Violation(field, text),))
    refusal.reason = reason
    return refusal
