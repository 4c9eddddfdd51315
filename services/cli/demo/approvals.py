"""The demo's orders that are approved before they are dispatched: one story for each state, and one with a provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from fieldmesh.workorders.v1 import work_order_pb2

from services.cli.demo.calls import cents
from services.cli.demo.plans import later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.cli.demo.calls import Desk
    from services.cli.demo.world import World

    Moment = tuple[datetime, Callable[[datetime], object]]

SITE = "Larkspur Distribution Center"
ZONE = ZoneInfo("America/Denver")
USER, COLLEAGUE, MANAGER, PROVIDER, VISITOR = "elena", "samir", "greta", "nadia", "cal"


class Told(Protocol):
    """A story with a number of its own and moments in the order of time."""

    number: int

    def moments(self) -> Iterator[Moment]: ...


@dataclass(frozen=True)
class Wish:
    """What somebody wants done: the words, the action items, the estimates in cents, and how far it gets."""

    who: str
    subject: str
    items: tuple[str, ...]
    estimates: tuple[tuple[str, float, int], ...]
    note: str
    fate: str
    begun: int


WISHES = (
    Wish(USER, "Dock doors 3 and 4", ("Door 3 sticks half way", "Replace the seal of door 4"),
         (("Door seal", 2, 18_950), ("Labour, hours", 6, 9_500)), "Trucks unload until two.", "draft", 1),
    Wish(USER, "Lighting of the loading yard", ("Replace four broken lamps", "Check the twilight switch"),
         (("LED flood lamp", 4, 21_000),), "The yard is busy at night.", "submitted", 2),
    Wish(PROVIDER, "Charger canopy drains", ("Clear both drains", "Reseal the gutter"),
         (("Drain service", 1, 64_000),), "A lift is needed.", "submitted", 3),
    Wish(USER, "Cold store door heater", ("Heater of door 12 trips its breaker",),
         (("Heater element", 1, 31_200),), "", "approved", 4),
    Wish(COLLEAGUE, "Repaint the charging bays", ("Mark bays 1 to 8", "Wheel stops for bays 5 and 6"),
         (("Paint and labour", 1, 240_000),), "Budget of next year?", "denied", 5),
    Wish(USER, "Fence at the north gate", ("Straighten two posts", "New latch"),
         (("Fence repair", 1, 88_000),), "Ask the guard for the key.", "dispatched", 6),
    Wish(PROVIDER, "Quarterly charger cleaning", ("Clean eight stations", "Check the cable hangers"),
         (("Cleaning", 8, 6_500),), "", "scheduled", 7),
    Wish(USER, "Roof leak above bay 2", ("Find and seal the leak", "Dry the ceiling panels"),
         (("Roofer, hours", 5, 11_000), ("Panels", 6, 2_400)), "Only in dry weather.", "resolved", 12),
    Wish(COLLEAGUE, "Second compressor", ("Install a standby compressor",),
         (("Compressor", 1, 1_250_000),), "", "closed", 15),
    Wish(USER, "Bollards at the chargers", ("Set three bollards",),
         (("Bollard, set", 3, 42_000),), "The provider knows the site.", "handed", 3),
)  # fmt: skip


def approval_stories(world: World, desk: Desk, today: date, first: int) -> list[ApprovalStory]:
    """A story for each wish, but not more than there are other stories; numbered after those."""
    return [ApprovalStory(first + place, wish, world, desk, today) for place, wish in enumerate(WISHES[:first])]


class ApprovalStory:
    """Tells one wish through the verbs of work orders."""

    def __init__(self, number: int, wish: Wish, world: World, desk: Desk, today: date) -> None:
        self.number = number
        self.wish = wish
        self.order_id = ""
        self._world = world
        self._desk = desk
        self._begun = later(today, -wish.begun)

    def moments(self) -> Iterator[Moment]:
        """Everything that happens, in the order of time."""
        wish = self.wish
        yield self._at(0, 9), self.create
        if wish.fate == "draft":
            return
        if wish.fate == "handed":
            provider = self._world.organizations["northline"]
            yield self._at(0, 9, 20), partial(self._fire, wish.who, "assign_to_provider", provider_org=provider)
            yield self._at(0, 11), partial(self._fire, PROVIDER, "accept_handover")
        approver = self._world.people[MANAGER]
        yield self._at(0, 13), partial(self._fire, wish.who, "submit", approver_id=approver, comment=wish.note)
        if wish.fate == "submitted":
            return
        if wish.fate in {"denied", "closed"}:
            yield self._at(0, 16), partial(self._fire, MANAGER, "deny", comment="Not within this year's budget.")
            if wish.fate == "closed":
                yield self._at(1, 9), partial(self._fire, wish.who, "close")
            return
        yield self._at(0, 16), partial(self._fire, MANAGER, "approve", comment="Go ahead.")
        if wish.fate == "approved":
            return
        yield self._at(1, 9), partial(self._fire, wish.who, "dispatch")
        if wish.fate == "dispatched":
            return
        yield self._at(1, 9, 30), self.schedule
        if wish.fate == "resolved":
            yield self._at(3, 12), partial(self._fire, COLLEAGUE, "resolve", comment="Done, and tested with the shift.")

    def create(self, _now: datetime) -> None:
        """The draft with everything in it."""
        wish = self.wish
        order = work_order_pb2.WorkOrder(
            subject=wish.subject,
            description=f"{wish.subject} at {SITE}.",
            facility_id=self._world.facilities[SITE],
        )
        items = [work_order_pb2.NewActionItem(title=title) for title in wish.items]
        estimates = [
            work_order_pb2.NewEstimate(description=text, quantity=count, unit_price=cents(price))
            for text, count, price in wish.estimates
        ]
        self.order_id = self._desk.draft(wish.who, order, items, [wish.note] if wish.note else [], estimates).id

    def schedule(self, _now: datetime) -> None:
        """The visit, by one of those who do the work."""
        provided = self.wish.who == PROVIDER or self.wish.fate == "handed"
        values: dict[str, object] = {"appointment.date": later(self._begun, 3), "appointment.time": "09:00"}
        visitor = self._world.people[VISITOR if provided else COLLEAGUE]
        self._desk.fire(self.wish.who, self.order_id, "schedule", values, assignee_id=visitor)

    def _fire(self, who: str, transition: str, _now: datetime, **inputs: Any) -> None:
        self._desk.fire(who, self.order_id, transition, **inputs)

    def _at(self, days: int, hour: int, minute: int = 0) -> datetime:
        local = datetime.combine(later(self._begun, days) if days else self._begun, time(hour, minute), ZONE)
        return local.astimezone(UTC) + timedelta(seconds=self.number % 50)
