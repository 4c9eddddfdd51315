"""Whether somebody gets from one visit to the next in time: miles of the crow times a factor, at a usual speed."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from services.technicians.domain.suggesting import Place, miles_between
from services.technicians.domain.visits import Visit


@dataclass(frozen=True, slots=True)
class Pace:
    """How drives are estimated: road miles for each mile as the crow flies, and miles an hour."""

    factor: float = 1.3
    miles_an_hour: float = 45.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Another visit of somebody, where it is, and the number of its work order."""

    number: str
    visit: Visit
    place: Place


@dataclass(frozen=True, slots=True)
class Squeeze:
    """Two visits with too little time between them: `minutes` for `miles`, where there are `between`."""

    number: str
    comes_first: bool
    """Whether the other visit comes first."""
    miles: int
    minutes: int
    between: int

    @property
    def text(self) -> str:
        """It in a sentence."""
        side = "before this one begins" if self.comes_first else "after this one ends"
        verb = "ends" if self.comes_first else "begins"
        return (
            f"The visit of {self.number} {verb} {_minutes(self.between)} {side}, and the drive takes about "
            f"{_minutes(self.minutes)} ({self.miles:,} {'mile' if self.miles == 1 else 'miles'})."
        )


def squeezes(visit: Visit, place: Place, others: Sequence[Stop], pace: Pace) -> tuple[Squeeze, ...]:
    """Give the visits from which, or to which, nobody drives in time, in the order of their start.

    Visits that overlap are none of these: nobody can do both, wherever they are.
    """
    found = (_squeeze(visit, place, other, pace) for other in sorted(others, key=lambda each: each.visit.start))
    return tuple(each for each in found if each is not None)


def _squeeze(visit: Visit, place: Place, other: Stop, pace: Pace) -> Squeeze | None:
    if visit.overlaps(other.visit):
        return None
    comes_first = other.visit.end <= visit.start
    gap = visit.start - other.visit.end if comes_first else other.visit.start - visit.end
    miles = miles_between(place, other.place) * pace.factor
    minutes, between = ceil(miles / pace.miles_an_hour * 60), int(gap.total_seconds() // 60)
    if minutes <= between:
        return None
    return Squeeze(other.number, comes_first, round(miles), minutes, between)


def _minutes(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, *([f"{rest} min"] if rest or not hours else [])])
