"""The SLA clock of one work order: start, pauses, stop, and how its target stands (sla.md, 7 and 8)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from services.shipping.domain.policy import Pause, PauseKind
from services.shipping.domain.sla import Target
from services.shipping.domain.steps import Step, StepKind, length_words, whole_minutes
from services.shipping.domain.zones import ticks


class Category(IntEnum):
    """What kind of state an order is in. The numbers are those of the contract."""

    UNKNOWN = 0
    OPEN = 1
    HELD = 2
    DONE = 3
    DEAD = 4


class SlaState(IntEnum):
    """How a target stands. The numbers are those of the contract."""

    NONE = 1
    AWAITING_DELIVERY_DATE = 2
    RUNNING = 3
    PAUSED = 4
    MET = 5
    MISSED = 6
    VOID = 7


@dataclass(frozen=True, slots=True)
class Move:
    """A transition of the order, as far as the clock needs it.

    `stops` is told for an end that keeps what was measured, such as Cannot Complete; other ends void it.
    """

    at: datetime
    before: Category
    after: Category
    departed: datetime | None = None
    stops: bool = False


@dataclass(frozen=True, slots=True)
class OrderClock:
    """`stopped` freezes the target: the departure, else the completion; `completed` is when it was called complete.

    `void` ends it without a measure.
    """

    pauses: tuple[Pause, ...] = ()
    stopped: datetime | None = None
    completed: datetime | None = None
    void: bool = False

    @property
    def frozen(self) -> bool:
        """True where nothing that happens to parcels moves the target any more."""
        return self.void or self.stopped is not None


def after_move(clock: OrderClock, move: Move) -> OrderClock:
    """The clock after a transition."""
    if move.after is move.before:
        return clock
    if move.after is Category.DEAD:
        if not move.stops:
            return replace(clock, void=True)
        return replace(clock, pauses=_ended(clock.pauses, move.at), stopped=clock.stopped or move.at)
    if move.after is Category.DONE:
        pauses = _ended(clock.pauses, move.at)
        return replace(clock, pauses=pauses, stopped=move.departed or move.at, completed=move.at)
    if move.after is Category.HELD:
        return replace(clock, pauses=(*clock.pauses, Pause(move.at)))
    pauses = _ended(clock.pauses, move.at)
    if move.before is Category.DONE:
        pauses = (*pauses, Pause(clock.completed or move.at, move.at, PauseKind.SENT_BACK))
    if move.before is Category.DEAD:
        pauses = (*pauses, Pause(clock.stopped or move.at, move.at, PauseKind.REOPENED))
    return replace(clock, pauses=pauses, stopped=None, completed=None, void=False)


def standing(target: Target | None, clock: OrderClock) -> SlaState:
    """How a target stands; None where there is no entitlement. A running one that has passed still runs."""
    if target is None:
        return SlaState.NONE
    if clock.void:
        return SlaState.VOID
    if clock.stopped is not None:
        if target.due_at is None:
            return SlaState.VOID
        return SlaState.MET if clock.stopped < target.due_at else SlaState.MISSED
    if target.awaiting:
        return SlaState.AWAITING_DELIVERY_DATE
    return SlaState.PAUSED if target.paused_since else SlaState.RUNNING


def ending(target: Target | None, clock: OrderClock) -> tuple[Step, ...]:
    """How the clock ended against the target, as the last step of its explanation (B-1); nothing while it runs."""
    if target is None or not clock.frozen:
        return ()
    if clock.void or clock.stopped is None:
        return (Step(StepKind.VOIDED),)
    stopped = ticks(clock.stopped)
    if target.due_at is None:
        return (Step(StepKind.STOPPED, detail="there was no target yet", end=stopped),)
    late = stopped - ticks(target.due_at)
    length = length_words(whole_minutes(abs(late)))
    detail = f"in time, {length} before the target" if late < 0 else f"late, {length} after the target"
    return (Step(StepKind.STOPPED, detail=detail, end=stopped),)


def _ended(pauses: Sequence[Pause], at: datetime) -> tuple[Pause, ...]:
    return tuple(replace(pause, end=at) if pause.end is None else pause for pause in pauses)
