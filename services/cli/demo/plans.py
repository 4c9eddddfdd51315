"""Which orders the demo has and how far each of them gets; the same for the same size and day."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.cli.demo import catalogue

SEED = 20260301
# How far a story gets, and how often; the states of the workflow follow from it.
STAGES = {
    "unallocated": 3,
    "assigned": 6,
    "ordered": 4,
    "shipping": 4,
    "shipped": 6,
    "delivered": 5,
    "scheduled": 8,
    "on_site": 5,
    "completed": 6,
    "sent_back": 2,
    "closed": 11,
}
ORDERED = tuple(STAGES)
# Working days ago that a story of a stage began: at least, at most.
BEGUN = {
    "unallocated": (0, 1),
    "assigned": (0, 2),
    "ordered": (1, 3),
    "shipping": (2, 4),
    "shipped": (3, 5),
    "delivered": (5, 7),
    "scheduled": (5, 5),
    "on_site": (7, 10),
    "completed": (8, 12),
    "sent_back": (9, 12),
    "closed": (12, 40),
}
# What becomes of every so-manyeth order of a stage instead of, or after, what its stage says; several take turns.
FATES = {
    "unallocated": (("cancelled",), 3),
    "assigned": (("rejected", "reallocated"), 3),
    "ordered": (("called_off",), 4),
    "shipping": (("readdressed",), 3),
    "shipped": (("lost", "recalled"), 3),
    "delivered": (("damaged",), 4),
    "scheduled": (("held", "asks_cost", "directed"), 3),
    "on_site": (("cannot_complete", "follow_up"), 3),
    "closed": (("reopened",), 5),
}
# Some states are reached by a fate alone, which the second order of a stage has.
FATED = ("unallocated", "assigned", "scheduled", "on_site")
FIRST = (*ORDERED, *FATED)  # with so many orders, every state has one that stands in it or went through it
ON_THE_WAY = frozenset({"ordered", "shipping", "shipped", "delivered"})
SHARE_LATE, SHARE_SPLIT, SHARE_DOUBLE, SHARE_ASKING = 0.15, 0.2, 0.2, 0.4
HELD_SINCE = 9  # working days ago that an order began which is on hold since its fourth, and so over a weekend
SATURDAY = 5
# Whose own visits never run out for some days: the login "technician".
VISITOR, OWN_DAYS = "allan", 10


@dataclass(frozen=True)
class Plan:
    """One order before it is told: what, where, who, how far, and on which day (at the site) it began."""

    number: int
    stage: str
    site: catalogue.Site
    tasks: tuple[catalogue.Task, ...]
    company: str
    entitlement: str
    begun: date
    late: bool
    parcels: int
    asks: bool
    miles: int
    fate: str = ""
    visitor: str = ""
    """Who goes, whatever the turn; empty: whose turn it is."""
    visit_on: date | None = None
    """Day of the visit at the site, also on a weekend; None: the usual working day."""

    def reaches(self, stage: str) -> bool:
        """Whether the story gets as far as a stage."""
        return ORDERED.index(self.stage) >= ORDERED.index(stage)

    @property
    def needs_parts(self) -> bool:
        return any(task.part for task in self.tasks)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(next(area.time_zone for area in catalogue.AREAS if area.name == self.site.area))

    def day(self, days: int) -> date:
        """The working day that many working days after the beginning."""
        return later(self.begun, days)

    def at(self, days: int, hour: int, minute: int = 0) -> datetime:
        """A time of such a day at the site, as an instant."""
        return datetime.combine(self.day(days), time(hour, minute), self.zone).astimezone(UTC)


def later(day: date, days: int) -> date:
    """A working day counted from another, forwards or backwards; weekends are passed over, from today backwards."""
    step = timedelta(days=1 if days > 0 else -1)
    while day.weekday() >= SATURDAY:
        day += step
    for _ in range(abs(days)):
        day += step
        while day.weekday() >= SATURDAY:
            day += step
    return day


def plans(size: int, present: datetime) -> list[Plan]:
    """Plans of `size` orders with the mix of stages above; some visits are those of `VISITOR`, from today on."""
    today = present.date()
    chance = random.Random(SEED)  # noqa: S311 - demo data, no secrets
    stages = [*FIRST, *chance.choices(ORDERED, list(STAGES.values()), k=max(0, size - len(FIRST)))][:size]
    chance.shuffle(stages)
    seen: Counter[str] = Counter()
    made = []
    for number, stage in enumerate(stages):
        fates, every = FATES.get(stage, ((), 0))
        chosen = fates[seen[stage] // every % len(fates)] if every and seen[stage] % every == 1 else ""
        seen[stage] += 1
        plan = replace(_plan(number, stage, chance, today), fate=chosen)
        made.append(replace(plan, begun=later(today, -HELD_SINCE)) if chosen == "held" else plan)
    return _with_own_visits(made, present)


def _with_own_visits(made: list[Plan], present: datetime) -> list[Plan]:
    """The plans, with a visit of `VISITOR` on each of the next days, as far as there are scheduled ones."""
    company = next(person.company for person in catalogue.PEOPLE if person.key == VISITOR)
    found = list(made)
    days = 0
    for place, plan in enumerate(made):
        site = _site_of(company, plan) if plan.stage == "scheduled" and not plan.fate else None
        if site is None or days == OWN_DAYS:
            continue
        own = replace(plan, site=site, company=company, visitor=VISITOR)
        found[place] = replace(own, visit_on=present.astimezone(own.zone).date() + timedelta(days=days))
        days += 1
    return found


def _site_of(company: str, plan: Plan) -> catalogue.Site | None:
    """The plan's site, else one that a company serves and that has what the plan's tasks are for; None: none has."""
    served = {area.name for area in catalogue.AREAS if company in area.served_by}
    models = {task.model for task in plan.tasks}
    sites = [plan.site, *catalogue.SITES]
    return next((site for site in sites if site.area in served and models <= set(site.models)), None)


def _plan(number: int, stage: str, chance: random.Random, today: date) -> Plan:
    site = catalogue.SITES[number % len(catalogue.SITES)]
    suited = [task for task in catalogue.TASKS if task.model in site.models]
    if stage in ON_THE_WAY:
        suited = [task for task in suited if task.part]
    tasks = chance.sample(suited, k=min(len(suited), 2 if chance.random() < SHARE_DOUBLE else 1))
    # A provider serves the territory as well; a vendor's orders of the demo go to partners.
    partners = {company.key for company in catalogue.COMPANIES if company.kind == "PARTNER"}
    served = [
        key for key in next(area.served_by for area in catalogue.AREAS if area.name == site.area) if key in partners
    ]
    return Plan(
        number=number,
        stage=stage,
        site=site,
        tasks=tuple(tasks),
        company=chance.choice(served),
        entitlement=chance.choices(["Assure", "NonAssure", ""], [6, 3, 1])[0],
        begun=later(today, -chance.randint(*BEGUN[stage])),
        late=chance.random() < SHARE_LATE,
        parcels=2 if chance.random() < SHARE_SPLIT else 1,
        asks=chance.random() < SHARE_ASKING,
        miles=chance.randint(20, 180),
    )
