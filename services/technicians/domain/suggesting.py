"""Who is best sent to a visit: a score of five parts, each with its reason in words (B-5)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache
from heapq import nsmallest
from math import asin, cos, degrees, dist, radians, sin
from operator import itemgetter, mul
from typing import NamedTuple

from services.technicians.domain.skills import Held, Requirement, missing_codes, needed_codes

EARTH_MILES = 3958.8
KNOWN_PLACES = 20_000
FAR_MILES = 150.0
"""From here on a distance gives no points."""
LONG_DAYS = 90
"""So long beyond the visit a certificate has to be valid for all points."""
FULL_WEEK = 10
"""With so many other visits in the week nobody gets points for the load."""
UNKNOWN_SHARE = 0.5
"""Where home or site is not known, neither near nor far."""
OUTSIDE_SHARE = 0.5
"""What is left of being free for somebody who would come outside of the shift."""
SCORE_STEP = 0.1
MOST_NORTHERN, HALF_TURN = 85.0, 180.0
LOOK = 8
"""So many times as many as are wanted are looked at closely first, and then so many times more."""


class Part(IntEnum):
    """What a part of the score is about; the values are those of the contract."""

    SKILLS = 1
    VALIDITY = 2
    DISTANCE = 3
    LOAD = 4
    AVAILABILITY = 5


@dataclass(frozen=True, slots=True)
class Weights:
    """Points that each part can give."""

    skills: float = 40.0
    validity: float = 10.0
    distance: float = 25.0
    load: float = 15.0
    availability: float = 10.0

    def of(self, part: Part) -> float:
        """The points of one part."""
        return float(getattr(self, part.name.lower()))

    @property
    def points(self) -> tuple[float, ...]:
        """The points of all parts, in their order."""
        return tuple(self.of(part) for part in Part)


class Place(NamedTuple):
    """A position in degrees."""

    latitude: float
    longitude: float


class Candidate(NamedTuple):
    """What is known of somebody for the visit: certificates, home, other visits of the week, another at that time.

    `outside` says what is to be said of their shifts; empty: nothing.
    """

    technician_id: str
    name: str
    held: tuple[Held, ...]
    home: Place | None
    visits: int = 0
    busy: bool = False
    absent: bool = False
    outside: str = ""


_Placed = tuple[tuple[bool, float, str, str], Candidate, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be done: on which day at the site, what it needs, where."""

    day: date
    requirements: tuple[Requirement, ...]
    site: Place | None


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a score: its points of the most that there are, and why."""

    part: Part
    points: float
    most: float
    text: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate with the score, 0 to 100, and where it comes from."""

    candidate: Candidate
    score: float
    reasons: tuple[Reason, ...]
    qualified: bool


def ranked(
    candidates: Iterable[Candidate],
    errand: Errand,
    weights: Weights,
    limit: int,
    timed: Callable[[Sequence[Candidate]], Sequence[Candidate]] = tuple,
) -> list[Suggestion]:
    """The best candidates, at most `limit`: qualified ones who are free come first, then by score and name.

    `timed` adds visits, absences and shifts to candidates that have none of them, in their order. Since these only
    take points away, it is asked for the best first, and no more once nobody behind them can come before them.
    """
    judged = _Judged(errand, weights)
    promising = sorted(map(judged, candidates), key=itemgetter(0))
    best: list[_Placed] = []
    begin, size = 0, limit * LOOK
    while begin < len(promising):
        batch = [candidate for _, candidate, _ in promising[begin : begin + size]]
        best = nsmallest(limit, [*best, *map(judged, timed(batch))], key=itemgetter(0))
        begin, size = begin + size, size * LOOK
        if len(best) == limit and begin < len(promising) and best[-1][0] <= promising[begin][0]:
            break
    return [_explained(candidate, shares, errand, weights) for _, candidate, shares in best]


def nobody_farther_is_better(best: Sequence[Suggestion], weights: Weights, limit: int) -> bool:
    """Tell whether whoever is FAR_MILES away, or farther, comes behind all of these in any case."""
    total = sum(weights.points)
    most = 100 * (total - weights.distance) / total if total else 0.0
    free = all(each.qualified and not each.candidate.busy and not each.candidate.absent for each in best)
    # Scores are rounded to a tenth.
    return len(best) == limit and free and all(each.score > most + SCORE_STEP for each in best)


def around(place: Place) -> tuple[Place, Place] | None:
    """Give the corners, south-west and north-east, of an area with every place that is not FAR_MILES away.

    None near the poles and the date line, where it is no such area.
    """
    up = degrees(FAR_MILES / EARTH_MILES)
    if abs(place.latitude) + up > MOST_NORTHERN:
        return None
    aside = degrees(asin(sin(radians(up)) / cos(radians(place.latitude))))
    if abs(place.longitude) + aside > HALF_TURN:
        return None
    return (
        Place(place.latitude - up, place.longitude - aside),
        Place(place.latitude + up, place.longitude + aside),
    )


class _Judged:
    """Gives candidates with what they are ordered by, and their share of each part."""

    def __init__(self, errand: Errand, weights: Weights) -> None:
        self._errand = errand
        self._most = weights.points
        self._needed = needed_codes(errand.requirements)
        self._known: dict[tuple[Held, ...], tuple[float, float]] = {}  # many hold the same

    def __call__(self, candidate: Candidate) -> _Placed:
        certified = self._known.get(candidate.held)
        if certified is None:
            certified = self._known[candidate.held] = _certified(candidate.held, self._errand, self._needed)
        shares = (*certified, *_shares(candidate, self._errand))
        fits = shares[0] == 1.0 and not candidate.busy and not candidate.absent
        score = sum(map(mul, shares, self._most))
        return (not fits, -score, candidate.name, candidate.technician_id), candidate, shares


def miles_between(one: Place, other: Place) -> float:
    """Miles on the great circle."""
    chord = dist(_on_sphere(one), _on_sphere(other))
    return 2 * EARTH_MILES * asin(min(1.0, chord / 2))


@lru_cache(maxsize=KNOWN_PLACES)
def _on_sphere(place: Place) -> tuple[float, float, float]:
    """A place on the sphere with the radius 1; homes are asked for again and again."""
    north, east = radians(place.latitude), radians(place.longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)


def _certified(held: Sequence[Held], errand: Errand, needed: Sequence[str]) -> tuple[float, float]:
    """How much somebody gets for certificates, 0 to 1: for holding them, and for how long they last."""
    missing = missing_codes(errand.requirements, held, errand.day)
    if missing:
        return max(0.0, 1 - len(missing) / len(needed)) * UNKNOWN_SHARE, 0.0
    days = _days_left(held, needed, errand.day)
    return 1.0, 1.0 if days is None else min(1.0, days / LONG_DAYS)


def _shares(candidate: Candidate, errand: Errand) -> tuple[float, ...]:
    """How much of each other part somebody gets, 0 to 1, in the order of the parts."""
    if candidate.home is None or errand.site is None:
        distance = UNKNOWN_SHARE
    else:
        distance = max(0.0, 1 - miles_between(candidate.home, errand.site) / FAR_MILES)
    load = max(0.0, 1 - candidate.visits / FULL_WEEK)
    return distance, load, _free_share(candidate)


def _free_share(candidate: Candidate) -> float:
    if candidate.busy or candidate.absent:
        return 0.0
    return OUTSIDE_SHARE if candidate.outside else 1.0


def _score(shares: Sequence[float], weights: Weights) -> float:
    total = sum(weights.points)
    return 100 * sum(map(mul, shares, weights.points)) / total if total else 0.0


def _days_left(held: Iterable[Held], needed: Sequence[str], day: date) -> int | None:
    """Days beyond the visit for which the needed certificates are all valid; None: for ever."""
    ends: dict[str, date | None] = {}
    for each in held:
        if each.code in needed and each.valid_on(day):
            known = ends.get(each.code, date.min)
            ends[each.code] = None if each.expires is None or known is None else max(known, each.expires)
    lasting = [end for end in ends.values() if end is not None]
    return (min(lasting) - day).days if lasting else None


def _explained(candidate: Candidate, shares: tuple[float, ...], errand: Errand, weights: Weights) -> Suggestion:
    words = (
        _skills_words(candidate, errand),
        _validity_words(candidate, errand),
        _distance_words(candidate, errand),
        _load_words(candidate),
        _free_words(candidate),
    )
    reasons = tuple(
        Reason(part, round(share * weights.of(part), 1), weights.of(part), text)
        for part, share, text in zip(Part, shares, words, strict=True)
    )
    return Suggestion(candidate, round(_score(shares, weights), 1), reasons, qualified=shares[0] == 1.0)


def _skills_words(candidate: Candidate, errand: Errand) -> str:
    needed = needed_codes(errand.requirements)
    if not needed:
        return "The work needs no certificate."
    missing = missing_codes(errand.requirements, candidate.held, errand.day)
    return f"Missing: {', '.join(missing)}." if missing else "Holds everything that the work needs."


def _validity_words(candidate: Candidate, errand: Errand) -> str:
    needed = needed_codes(errand.requirements)
    days = _days_left(candidate.held, needed, errand.day)
    if not needed or missing_codes(errand.requirements, candidate.held, errand.day):
        return "No certificate to look at." if not needed else "Not every certificate is held."
    if days is None:
        return "The certificates do not expire."
    return f"The first certificate expires {days} {'day' if days == 1 else 'days'} after the visit."


def _distance_words(candidate: Candidate, errand: Errand) -> str:
    if errand.site is None:
        return "The position of the site is not known."
    if candidate.home is None:
        return "The home position is not known."
    miles = round(miles_between(candidate.home, errand.site))
    return f"{miles:,} {'mile' if miles == 1 else 'miles'} from home as the crow flies."


def _load_words(candidate: Candidate) -> str:
    if not candidate.visits:
        return "No other visit that week."
    return f"{candidate.visits} other {'visit' if candidate.visits == 1 else 'visits'} that week."


def _free_words(candidate: Candidate) -> str:
    if candidate.busy:
        return "Another visit overlaps."
    if candidate.absent:
        return "Absent at that time."
    return candidate.outside or "Free at that time."
