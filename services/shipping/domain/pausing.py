"""Walking forward in counted time around pauses (sla.md, 7)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from services.shipping.domain.policy import PAUSE_NAMES, Pause
from services.shipping.domain.steps import Step, StepKind, whole_minutes
from services.shipping.domain.timeline import Clock
from services.shipping.domain.zones import ticks


class Span(NamedTuple):
    """A pause in ticks."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a walk ended, which pauses it went around, and what each pause did."""

    end: int
    effective: tuple[Span, ...]
    steps: tuple[Step, ...]


def merged(pauses: Iterable[Pause]) -> tuple[tuple[Span, ...], Span | None]:
    """The union of the ended pauses, in order and without overlaps, and the earliest open one."""
    opened: Span | None = None
    closed: list[Span] = []
    for pause in sorted(pauses, key=lambda each: (each.start, each.end is None, each.end)):
        start, name = ticks(pause.start), PAUSE_NAMES[pause.kind]
        if pause.end is None:
            opened = opened or Span(start, start, name)
            continue
        end = ticks(pause.end)
        if end <= start:
            continue
        if closed and start <= closed[-1].end:
            closed[-1] = closed[-1]._replace(end=max(end, closed[-1].end))
        else:
            closed.append(Span(start, end, name))
    return tuple(closed), opened


def walk(clock: Clock, start: int, need: int, pauses: tuple[Span, ...], deadline: Callable[[int], int] | None) -> Walk:
    """Consumes a need outside all pauses, from the clock's start.

    A pause that began when the need was used up, or when the deadline of that moment had passed, changes nothing:
    no pause un-breaches a target.
    """
    at, left = start, need
    effective: list[Span] = []
    steps: list[Step] = []
    for index, pause in enumerate(pauses):
        end = clock.advance(at, left)
        limit = min(end, deadline(end)) if deadline else end
        if pause.start >= limit:
            steps += (_no_effect(late, "it began after the time was used up") for late in pauses[index:])
            break
        if pause.end <= start:
            steps.append(_no_effect(pause, "it ended before the clock started"))
            continue
        begin = max(pause.start, start)
        lost = clock.between(begin, pause.end)
        if not lost:
            steps.append(_no_effect(pause, "it holds no business time"))
        else:
            steps.append(
                Step(StepKind.PAUSE, pause.name, start=pause.start, end=pause.end, minutes=whole_minutes(lost))
            )
        left -= clock.between(at, begin)
        at = pause.end
        effective.append(pause)
    return Walk(clock.advance(at, left), tuple(effective), tuple(steps))


def _no_effect(pause: Span, why: str) -> Step:
    return Step(StepKind.PAUSE_WITHOUT_EFFECT, pause.name, why, start=pause.start, end=pause.end)
