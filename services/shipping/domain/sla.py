"""The SLA engine: a pure function from stored inputs to a target and the steps that led to it (spec/sla.md)."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from services.shipping.domain.anchoring import DAY, Start, runs, start_of
from services.shipping.domain.errors import BeyondHorizon
from services.shipping.domain.outcome import Outcome, WarningKind, Warnings
from services.shipping.domain.pausing import Span, merged, walk
from services.shipping.domain.policy import WHOLE, PauseKind, SlaInputs, Unit
from services.shipping.domain.steps import Step, StepKind, in_words, whole_minutes
from services.shipping.domain.timeline import Clock, ElapsedTime, Timeline
from services.shipping.domain.zones import HOUR, MINUTES_A_DAY, instant, local_date, wall

HORIZON_YEARS = 3
LONGEST_PAUSE_YEARS = 10


@dataclass(frozen=True, slots=True)
class Target:
    """When the work is due. Without a date it is awaited: a required part has no delivery date yet.

    `due_at` is exclusive: an appointment that starts then is late. `consumed_at` is the instant that uses up the
    need; `paused_since` is set while a pause is open that stops this clock. `warnings` holds the instants at which
    people are told, as far as they are before it is due, and the breach; `at_risk_at` is the last share of the time.
    """

    inputs: SlaInputs
    steps: tuple[Step, ...]
    due_date: date | None = None
    due_at: datetime | None = None
    consumed_at: datetime | None = None
    paused_since: datetime | None = None
    warnings: Warnings = ()
    at_risk_at: datetime | None = None

    @property
    def warn_at(self) -> tuple[datetime, ...]:
        """The instants of the warnings before it is due."""
        return tuple(at for kind, at in self.warnings if kind is not WarningKind.BREACH)

    @property
    def awaiting(self) -> bool:
        """True while a delivery date is missing."""
        return self.due_at is None

    def is_late(self, start: datetime) -> bool:
        """True where an appointment starts at or after the exclusive instant (sla.md, 9); never without a target."""
        return self.due_at is not None and start >= self.due_at

    def words(self) -> tuple[str, ...]:
        """The steps as sentences, in order."""
        return tuple(in_words(step, self.inputs.zone) for step in self.steps)


def compute(inputs: SlaInputs) -> Target:
    """The target of stored inputs. The same inputs always give the same target and the same steps.

    Raises CalendarWithoutWorkingTime, BeyondHorizon and UnknownZone.
    """
    given = inputs
    policy, why = inputs.policy.for_work(inputs.work_classes)
    inputs = replace(inputs, policy=policy)
    steps = [
        Step(StepKind.POLICY, policy.name, policy.allowance, number=policy.version),
        *([Step(StepKind.WORK_CLASS, detail=why)] if why else ()),
        Step(StepKind.ZONE, inputs.zone, inputs.zone_source),
    ]
    if inputs.policy.unit is not Unit.CLOCK_HOURS:
        steps.append(Step(StepKind.CALENDAR, inputs.calendar.name, number=inputs.calendar.version))
    if inputs.policy.ignores_holds and any(pause.kind is PauseKind.HOLD for pause in inputs.pauses):
        steps.append(Step(StepKind.HOLDS_IGNORED))
        inputs = replace(inputs, pauses=tuple(each for each in inputs.pauses if each.kind is not PauseKind.HOLD))
    start = start_of(inputs, HORIZON_YEARS)
    steps += start.steps
    if start.at is None or start.timeline is None:
        return Target(given, tuple(steps))
    outcome = _outcome(inputs, start, _long_enough(inputs, start.timeline))
    return Target(
        given,
        (*steps, *outcome.steps),
        outcome.due_date,
        outcome.due_at,
        outcome.consumed_at,
        outcome.paused_since,
        outcome.warnings,
        outcome.at_risk_at,
    )


def _outcome(inputs: SlaInputs, start: Start, timeline: Timeline) -> Outcome:
    """Counts; a day without pauses ends alike for every order, so that the timeline remembers it."""
    if inputs.pauses or start.due is None:
        return _Counting(inputs, start, timeline).outcome()
    policy = inputs.policy
    key = (start.due, start.at, policy.due_time, policy.warn_percents, policy.morning)
    known = timeline.settled.get(key)
    if known is None:
        known = timeline.settled[key] = _Counting(inputs, start, timeline).outcome()
    return known


class _Counting:
    """From the clock's start to the target; lives for one computation."""

    def __init__(self, inputs: SlaInputs, start: Start, timeline: Timeline) -> None:
        self.inputs = inputs
        self.policy = inputs.policy
        self.timeline = timeline
        self.clock: Clock = ElapsedTime() if inputs.policy.unit is Unit.CLOCK_HOURS else timeline
        self.start = start.at or 0
        if start.due is not None:
            self.need = self.clock.between(self.start, timeline.last_closing(start.due))
        else:
            self.need = inputs.policy.amount * HOUR
        self.unpaused = self.clock.advance(self.start, self.need)
        self.steps: list[Step] = []

    def outcome(self) -> Outcome:
        """Walks around the pauses and says when the time is used up."""
        closed, opened = merged(self.inputs.pauses)
        result = walk(self.clock, self.start, self.need, closed, self._deadline)
        if self.inputs.pauses:
            self._explain_need()
            self.steps += result.steps
            if result.end != self.unpaused:
                self._explain_skipped(result.end)
                self.steps.append(Step(StepKind.CONSUMED, end=result.end))
        if self.policy.unit is Unit.BUSINESS_HOURS:
            self._explain_windows(result.end, result.effective)
        due_at = self._deadline(result.end)
        paused_since = self._open_pause(opened, min(result.end, due_at))
        due_date = local_date((result.end if self.policy.in_days else due_at) - 1, self.timeline.zone)
        self._explain_due(due_date, due_at)
        warnings = self._warnings(due_date, result.effective)
        told = tuple((kind, instant(at)) for kind, at in warnings if at < due_at)
        shares = [at for kind, at in warnings if kind is not WarningKind.DUE_DAY]
        return Outcome(
            steps=tuple(self.steps),
            due_date=due_date,
            due_at=instant(due_at),
            consumed_at=instant(result.end),
            at_risk_at=instant(shares[-1]) if shares else None,
            warnings=(*told, (WarningKind.BREACH, instant(due_at))),
            paused_since=None if paused_since is None else instant(paused_since),
        )

    def _deadline(self, end: int) -> int:
        """The exclusive instant that belongs to the end of the count: for days the end of that day, or its time.

        A closing at midnight belongs to the day that ends, so the last moment before it decides.
        """
        if not self.policy.in_days:
            return end
        due_time = self.policy.due_time
        minute = MINUTES_A_DAY if due_time is None else due_time.hour * 60 + due_time.minute
        return wall(local_date(end - 1, self.timeline.zone), minute, self.timeline.zone)

    def _open_pause(self, opened: Span | None, limit: int) -> int | None:
        if opened is None:
            return None
        if opened.start >= limit:
            self.steps.append(
                Step(
                    StepKind.PAUSE_WITHOUT_EFFECT,
                    opened.name,
                    "it began after the time was used up",
                    start=opened.start,
                )
            )
            return None
        self.steps.append(Step(StepKind.PAUSE_OPEN, opened.name, start=opened.start))
        return opened.start

    def _warnings(self, due_date: date, effective: tuple[Span, ...]) -> list[tuple[WarningKind, int]]:
        """When people are warned; the last of the policy's shares is where an order is at risk."""
        shares = self.policy.warn_percents
        kinds = [WarningKind.FIRST] * (len(shares) - 1) + [WarningKind.AT_RISK] * bool(shares)
        found = [(kind, self._share(share, effective)) for kind, share in zip(kinds, shares, strict=True)]
        morning = self.policy.morning
        if morning is not None:
            at = wall(due_date, morning.hour * 60 + morning.minute, self.timeline.zone)
            found.append((WarningKind.DUE_DAY, at))
        return found

    def _share(self, percent: int, effective: tuple[Span, ...]) -> int:
        """The instant at which a share of the need is used up."""
        return walk(self.clock, self.start, self.need * percent // WHOLE, effective, None).end

    def _explain_need(self) -> None:
        self.steps.append(Step(StepKind.NEED, start=self.start, end=self.unpaused, minutes=whole_minutes(self.need)))

    def _explain_skipped(self, end: int) -> None:
        """The days beyond those of the count without pauses on which nobody works."""
        if self.policy.unit is Unit.CLOCK_HOURS:
            return
        first, last = (local_date(at - 1, self.timeline.zone) for at in (self.unpaused, end))
        days = runs(self.timeline, first + DAY, last, numbered=False)
        self.steps += (step for step in days if step.kind is StepKind.SKIPPED)

    def _explain_windows(self, end: int, effective: tuple[Span, ...]) -> None:
        at = self.start
        for pause in (*effective, Span(end, end, "")):
            for opens, closes in self.timeline.worked_windows(at, min(pause.start, end)):
                self.steps.append(
                    Step(StepKind.COUNTED_TIME, start=opens, end=closes, minutes=whole_minutes(closes - opens))
                )
            at = max(at, pause.end)

    def _explain_due(self, due_date: date, due_at: int) -> None:
        if self.policy.in_days:
            due_time = self.policy.due_time
            detail = "by the end of the day" if due_time is None else f"by {due_time:%H:%M}"
            self.steps.append(Step(StepKind.DUE_DATE, detail=detail, day=due_date, end=due_at))
        else:
            self.steps.append(Step(StepKind.DUE_INSTANT, day=due_date, end=due_at))


def _long_enough(inputs: SlaInputs, timeline: Timeline) -> Timeline:
    """A timeline that reaches the horizon counted from the last pause."""
    first = timeline.first_year
    last = max((pause.end.year for pause in inputs.pauses if pause.end), default=first)
    if last - first > LONGEST_PAUSE_YEARS:
        raise BeyondHorizon(last)
    return inputs.calendar.timeline(inputs.zone, first, last + HORIZON_YEARS) if last > first else timeline
