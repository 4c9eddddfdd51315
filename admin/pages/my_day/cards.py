"""What a card of the day tells of one visit; a part whose service does not answer is named, and the rest is shown."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from urllib.parse import quote_plus

from fieldmesh.workorders.v1 import facility_pb2, line_item_pb2

from admin.grpcfab import cells
from admin.grpcfab.errors import sentence
from admin.pages.my_day.day import zone_of
from admin.pages.work_orders import moves, related, returning
from admin.pages.work_orders.listing import state_badge
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2

    from admin.pages.calendar.visits import Visit
    from admin.pages.work_orders.moves import Available

T = TypeVar("T")
DIRECTIONS: Final = "https://www.openstreetmap.org/directions?to="
# Transitions that end the work of a visit, one in each workflow that has any.
ENDING: Final = ("complete", "resolve")
_FACILITY: Final = facility_pb2.Facility.DESCRIPTOR.full_name
_DIALLED: Final = re.compile(r"[^\d+]")
_EXTENSION: Final = re.compile(r"[A-Za-z#].*")


@dataclass
class Card:
    """One visit with what hangs on it; `away` says in words what could not be read."""

    visit: Visit
    facility: Any = None
    away: list[str] = field(default_factory=list)
    offered: Mapping[str, Available] = field(default_factory=dict)
    items: Sequence[line_item_pb2.LineItem] = ()
    deliverables: Sequence[tuple[str, bool]] = ()
    missing: Sequence[str] | None = None

    @property
    def order(self) -> work_order_pb2.WorkOrder:
        return self.visit.order

    @property
    def badge(self) -> cells.Cell:
        return state_badge(self.order)

    @property
    def zone(self) -> str:
        """The zone of the site: its short name on that day, and its full one."""
        start = self.visit.start.astimezone(zone_of(self.visit))
        name = str(getattr(start.tzinfo, "key", "UTC"))
        return f"{start:%Z} ({name})" if f"{start:%Z}" != name else name

    @property
    def arrived(self) -> cells.Cell:
        return self._told("arrive_time")

    @property
    def left(self) -> cells.Cell:
        return self._told("depart_time")

    @property
    def route(self) -> str:
        """Directions to the site: to its point on the map, else to its address; empty where neither is known."""
        order = self.order
        if order.HasField("site_position") and (order.site_position.latitude or order.site_position.longitude):
            return f"{DIRECTIONS}{quote_plus(f'{order.site_position.latitude},{order.site_position.longitude}')}"
        return f"{DIRECTIONS}{quote_plus(self.address)}" if self.address else ""

    @property
    def address(self) -> str:
        """Street, city, state with postal code, and country in one line."""
        site = self.order.site_address
        parts = (site.street, site.city, f"{site.state} {site.postal_code}".strip(), site.country)
        return ", ".join(part for part in parts if part)

    @property
    def next_item(self) -> str:
        """The id of the line item that is next; empty where none is open (CP-44)."""
        return next((item.id for item in self.items if item.state == line_item_pb2.LINE_ITEM_STATE_OPEN), "")

    @property
    def ending(self) -> Available | None:
        """What ends the work, where the viewer may do that now."""
        return next((self.offered[name] for name in ENDING if name in self.offered), None)

    def _told(self, name: Literal["arrive_time", "depart_time"]) -> cells.Cell:
        if not self.order.visit.HasField(name):
            return cells.EMPTY
        return cells.instant(getattr(self.order.visit, name).ToDatetime(tzinfo=dt.UTC), zone_of(self.visit))


def cards_of(visits: Sequence[Visit]) -> list[Card]:
    """A card for each visit, in their order."""
    made = [Card(visit) for visit in visits]
    for card in made:
        _gather(card)
    ids = {card.order.facility_id for card in made if card.order.facility_id}
    try:
        found: Sequence[Any] = related.by_ids(_FACILITY, sorted(ids)) if ids else ()
    except Refusal as refusal:
        if refusal.kind != "unavailable":
            raise
        for card in made:
            card.away.append(_words("Access notes", refusal))
        return made
    sites = {site.id: site for site in found}
    for card in made:
        card.facility = sites.get(card.order.facility_id)
    return made


def dialled(phone: str) -> str:
    """A telephone number as a link dials it: without an extension, spaces and signs."""
    return _DIALLED.sub("", _EXTENSION.sub("", phone))


def _gather(card: Card) -> None:
    order = card.order
    card.offered = {each.name: each for each in _part(card, "What can be done", lambda: moves.available(order.id), ())}
    card.items = _part(card, "Line items", lambda: related.line_items(order), ())
    card.deliverables = _part(card, "Photos and files", lambda: _deliverables(card), ())
    if card.ending is not None:
        card.missing = [refusal.message for refusal in card.ending.refusals]
        if order.parts_required:
            proofs = _part(card, "Proofs of return", lambda: returning.returns_to_prove(order), ())
            card.missing += [f"Proof of return {number} is missing." for number in proofs]


def _deliverables(card: Card) -> list[tuple[str, bool]]:
    names = related.deliverables(related.work_types(card.items))
    there = {file.deliverable for file in related.files(card.order)} if names else set()
    return [(name, name in there) for name in names]


def _part(card: Card, label: str, read: Callable[[], Sequence[T]], otherwise: Sequence[T]) -> Sequence[T]:
    try:
        return read()
    except Refusal as refusal:
        if refusal.kind != "unavailable":
            raise
        card.away.append(_words(label, refusal))
        return otherwise


def _words(label: str, refusal: Refusal) -> str:
    return f"{label} cannot be shown. {sentence(refusal)}"
