"""From an anchor to the start of the clock, and the day counting of policies in days (sla.md, 2 to 4)."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.shipping.domain.policy import AssignmentAnchor, DeliveryAnchor, Policy, SlaInputs
from services.shipping.domain.steps import Step, StepKind, day_words
from services.shipping.domain.timeline import Timeline
from services.shipping.domain.zones import MINUTES_A_DAY, local_date, ticks, wall, zone_named

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Start:
    """Where the clock starts, and for policies in days the n-th day; nothing while a delivery date is missing."""

    steps: tuple[Step, ...]
    at: int | None = None
    due: date | None = None
    timeline: Timeline | None = None


def start_of(inputs: SlaInputs, horizon_years: int) -> Start:
    """The start of the clock; raises CalendarWithoutWorkingTime where the n-th day is beyond the horizon."""
    if isinstance(inputs.anchor, DeliveryAnchor):
        return _from_deliveries(inputs, inputs.anchor, horizon_years)
    return _from_assignment(inputs, inputs.anchor, horizon_years)


def _from_deliveries(inputs: SlaInputs, anchor: DeliveryAnchor, horizon_years: int) -> Start:
    steps = [
        Step(StepKind.PARCEL, each.label, day=each.expected, last_day=each.delivered) for each in anchor.deliveries
    ]
    latest: date | None = None
    for each in anchor.deliveries:
        counted = each.counted
        if counted is None:
            steps.append(Step(StepKind.AWAITING_DELIVERY_DATE))
            return Start(tuple(steps))
        latest = counted if latest is None else max(latest, counted)
    if latest is None:
        return Start((Step(StepKind.AWAITING_DELIVERY_DATE),))
    steps.append(Step(StepKind.DELIVERY_ANCHOR, day=latest))
    timeline = _timeline(inputs, latest, horizon_years)
    if inputs.policy.in_days:
        return _in_days(inputs.policy, timeline, latest, steps)
    at = wall(latest, MINUTES_A_DAY, timeline.zone)
    return Start((*steps, Step(StepKind.CLOCK_START, start=at)), at, None, timeline)


def _from_assignment(inputs: SlaInputs, anchor: AssignmentAnchor, horizon_years: int) -> Start:
    at = ticks(anchor.at)
    zone = zone_named(inputs.zone)
    day = local_date(at, zone)
    timeline = _timeline(inputs, day, horizon_years)
    steps = [Step(StepKind.ASSIGNMENT_ANCHOR, day=day, start=at)]
    if not inputs.policy.in_days:
        return Start(tuple(steps), at, None, timeline)
    why = _why_rolled(inputs, timeline, anchor, day)
    if why:
        day = timeline.nth_business_day(day, 1)
        steps.append(Step(StepKind.ROLLED, detail=why, day=day))
    return _in_days(inputs.policy, timeline, day, steps)


def _why_rolled(inputs: SlaInputs, timeline: Timeline, anchor: AssignmentAnchor, day: date) -> str:
    """Why an assignment counts for the next business day, in words; empty where it counts for its own."""
    if not timeline.is_business_day(day):
        name = inputs.calendar.why_closed(day)
        return f"{day_words(day)} is {name}" if name else f"{day_words(day)} is not a business day"
    if anchor.at.astimezone(timeline.zone).time() >= inputs.policy.cut_off:
        return f"That is at or after the cut-off, {inputs.policy.cut_off:%H:%M}"
    return ""


def _in_days(policy: Policy, timeline: Timeline, anchor: date, steps: list[Step]) -> Start:
    due, at, counted = count_days(timeline, anchor, policy.amount)
    return Start((*steps, *counted), at, due, timeline)


def _timeline(inputs: SlaInputs, anchor: date, horizon_years: int) -> Timeline:
    """Whole years from the anchor on."""
    return inputs.calendar.timeline(inputs.zone, anchor.year, anchor.year + horizon_years)


def count_days(timeline: Timeline, anchor: date, amount: int) -> tuple[date, int, tuple[Step, ...]]:
    """The amount-th business day after a date, the start of its clock (sla.md, 7) and, run by run, why days counted."""
    known = timeline.counted.get((anchor, amount))
    if known is None:
        due = timeline.nth_business_day(anchor, amount)
        start = wall(anchor + DAY if amount else due, 0, timeline.zone)
        known = timeline.counted[anchor, amount] = (due, start, _explain_days(timeline, anchor, due, amount))
    return known


def _explain_days(timeline: Timeline, anchor: date, due: date, amount: int) -> tuple[Step, ...]:
    return runs(timeline, anchor + DAY if amount else anchor, due, numbered=bool(amount))


def runs(timeline: Timeline, first: date, last: date, *, numbered: bool) -> tuple[Step, ...]:
    """The days from one to another run by run: business days, numbered or not, and those skipped with their names."""
    steps: list[Step] = []
    number = 0
    day = first
    while day <= last:
        if timeline.is_business_day(day):
            number += numbered
            step = Step(StepKind.COUNTED_DAYS, day=day, last_day=day, number=number, last_number=number)
        else:
            step = Step(StepKind.SKIPPED, timeline.calendar.why_closed(day), day=day, last_day=day)
        if steps and steps[-1].kind is step.kind and steps[-1].name == step.name:
            steps[-1] = steps[-1]._replace(last_day=day, last_number=number)
        else:
            steps.append(step)
        day += DAY
    return tuple(steps)
