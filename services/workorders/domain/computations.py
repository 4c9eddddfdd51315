"""Named computations whose results a transition sets: registered with a docstring, chosen in YAML by `compute`."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.workorders.domain import paths
from services.workorders.domain.appointments import instant_of, is_late, sla_of
from services.workorders.domain.travel import billable_miles
from services.workorders.domain.values import postal_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from services.workorders.domain.situation import Situation


@dataclass(frozen=True, slots=True)
class Computation:
    """A registered computation, with the description that the UI shows."""

    name: str
    description: str
    compute: Callable[[Situation], object]


TECHNICIAN_FLAG = "technician_inactive"
SKILL_FLAG = "technician_unqualified"
ABSENT_FLAG = "technician_absent"
TECHNICIAN_FLAGS = frozenset({TECHNICIAN_FLAG, SKILL_FLAG, ABSENT_FLAG})

COMPUTATIONS: dict[str, Computation] = {}


def computation(compute: Callable[[Situation], object]) -> Callable[[Situation], object]:
    """Register a function as a named computation."""
    name = getattr(compute, "__name__", "")
    COMPUTATIONS[name] = Computation(name, inspect.getdoc(compute) or "", compute)
    return compute


@computation
def billable_distance(situation: Situation) -> float:
    """The round trip less the free miles of the contract, never below zero, for each technician (CP-52)."""
    travel = situation.order.travel
    return billable_miles(travel.round_trip_miles or 0.0, travel.free_miles)


@computation
def appointment_start(situation: Situation) -> datetime | None:
    """The instant of the appointment's local date and time in the site's zone."""
    appointment = situation.order.appointment
    if appointment.date is None or not appointment.time:
        return None
    return instant_of(appointment.date, appointment.time, situation.order.site_time_zone, appointment.fold)


@computation
def delay_reason(situation: Situation) -> str:
    """The reason code given for an appointment after the target; none where it is in time."""
    start = situation.order.appointment.start_time
    return situation.inputs.reason_code if is_late(start, sla_of(situation)) else ""


@computation
def delay_words(situation: Situation) -> str:
    """The delay reason as people read it, with what was added to it; none where the appointment is in time."""
    if not is_late(situation.order.appointment.start_time, sla_of(situation)):
        return ""
    return _reason_in_words(situation)


@computation
def delay_target(situation: Situation) -> int:
    """The target version that the delay reason was given against; 0 where the appointment is in time."""
    sla = sla_of(situation)
    return sla.version if is_late(situation.order.appointment.start_time, sla) else 0


@computation
def reason_words(situation: Situation) -> str:
    """The reason that was chosen as people read it, with what was added to it."""
    return _reason_in_words(situation)


@computation
def ship_to_line(situation: Situation) -> str:
    """Where the parts go, on one line."""
    to = situation.order.ship_to
    return ", ".join(filter(None, (to.name, postal_line(to.street, to.city, to.state, to.postal_code, to.country))))


@computation
def next_acceptance(situation: Situation) -> int:
    """One more version of what is asked for: an acceptance, a corrected address, a replacement."""
    return situation.order.acceptance_version + 1


@computation
def next_scope(situation: Situation) -> int:
    """One more change of the order's parties."""
    return situation.order.scope_version + 1


def _reason_in_words(situation: Situation) -> str:
    label = str(paths.read(situation.snapshots, "reason.label") or "")
    return ": ".join(filter(None, (label, situation.inputs.comment.strip())))
