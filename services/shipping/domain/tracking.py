"""A batch of carriers' messages, taken row by row: a refused row never stops the others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from services.shipping.domain.fulfilment import RETIREMENTS, FulfilmentOrder, progress
from services.shipping.domain.known_order import Parties
from services.shipping.domain.packing import InvalidContents, Packing, Stated, pack
from services.shipping.domain.parcels import Parcel, Seen, Sighting, see
from services.shipping.domain.zones import zone_named

CLOCKS_DIFFER = timedelta(days=1)
"""How far a carrier's clock may be ahead: its times sometimes lack their zone."""
LONGEST_WAY = timedelta(days=366)

Tracking = tuple[str, str]
"""Carrier and tracking number: unique together."""


@dataclass(frozen=True, slots=True)
class Update:
    """One message of a carrier, with what only the first one about a parcel needs."""

    carrier: str
    tracking_number: str
    sighting: Sighting
    order_number: str = ""
    required: bool = True
    required_parcels: int = 0
    contents: tuple[Stated, ...] = ()

    @property
    def tracking(self) -> Tracking:
        """What names the parcel."""
        return self.carrier, self.tracking_number


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message; `message` says why it changed nothing."""

    parcel_id: str = ""
    applied: bool = False
    message: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True)
class KeptSighting:
    """A message that is new, and whether it changed its parcel."""

    parcel_id: str
    sighting: Sighting
    applied: bool


@dataclass(slots=True)
class TrackedOrder:
    """A fulfilment order while a batch is taken, and what the batch did to it."""

    order: FulfilmentOrder
    parties: Parties
    parcels: dict[Tracking, Parcel]
    announced: set[Tracking] = field(default_factory=set)
    changed: set[Tracking] = field(default_factory=set)
    kept: list[KeptSighting] = field(default_factory=list)
    pickups: dict[str, date] = field(default_factory=dict)
    required_parcels: int = 0
    reason: str = ""
    is_saved: bool = True
    is_told: bool = False
    expected_changed: bool = False

    def take(self, update: Update, parcel_id: str) -> Taken:
        """Takes a message about a parcel of this order."""
        before = self.parcels.get(update.tracking)
        if before is None:
            zone = self.order.ship_to_zone
            # A label that is told after the order ended is kept, and awaited by nobody.
            retirement = RETIREMENTS[self.order.outcome]
            before = Parcel(
                parcel_id, update.carrier, update.tracking_number, update.required, zone, retirement=retirement
            )
        seen = see(before, update.sighting)
        try:
            parcel = self._packed(update, seen) if seen.is_new else seen.parcel
        except InvalidContents as wrong:
            return Taken(refused=True, message=str(wrong))
        if update.tracking not in self.parcels:
            self.announced.add(update.tracking)
        self.required_parcels = max(self.required_parcels, update.required_parcels)
        self.parcels[update.tracking] = parcel
        # The first message about a parcel always says something: that it is there.
        why_not = seen.why_not if before.sightings and parcel.contents == before.contents else ""
        applied = not why_not
        if seen.is_new:
            self.changed.add(update.tracking)
            self.kept.append(KeptSighting(parcel_id, update.sighting, applied))
        if applied:
            self.reason = update.sighting.description or self.reason
        if seen.parcel.handed_over and not before.handed_over:
            local = update.sighting.occurred.astimezone(zone_named(before.ship_to_zone)).date()
            self.pickups.setdefault(update.carrier, local)
        return Taken(parcel_id, applied, why_not)

    def _packed(self, update: Update, seen: Seen) -> Parcel:
        """The parcel with the contents that a message tells, unless a newer one told them. Raises InvalidContents."""
        sequence = update.sighting.sequence
        if not update.contents or sequence < seen.parcel.packed_sequence:
            return seen.parcel
        packing = Packing(update.contents, update.carrier, update.sighting.occurred)
        return pack(seen.parcel, self.order, self.parcels.values(), packing, sequence)

    def sum_up(self) -> None:
        """Says how far the order is now; `is_told` where others must hear of it."""
        after = progress(self.order, list(self.parcels.values()), self.required_parcels)
        self.is_saved = after.order == self.order
        self.is_told, self.expected_changed = after.changed, after.expected_changed
        self.order = after.order


class Batch:
    """Messages about the orders that were gathered for them. `parcel_id` gives a parcel its id."""

    def __init__(self, orders: Iterable[TrackedOrder], parcel_id: Callable[[Tracking], str], now: datetime) -> None:
        self.orders = tuple(orders)
        self._now = now
        self._parcel_id = parcel_id
        self._by_number = {each.order.number: each for each in self.orders}
        self._by_parcel = {tracking: each for each in self.orders for tracking in each.parcels}

    def take(self, updates: Iterable[Update]) -> list[Taken]:
        """Takes messages in their order and sums up every order; answers one result each."""
        results = [self._take(update) for update in updates]
        for each in self.orders:
            each.sum_up()
        return results

    def _take(self, update: Update) -> Taken:
        odd = _implausible(update.sighting, self._now)
        if odd:
            return Taken(refused=True, message=odd)
        named = self._by_number.get(update.order_number)
        one = self._by_parcel.get(update.tracking) or named
        if one is None:
            return Taken(refused=True, message=_unknown(update))
        if update.order_number and named is not one:
            return Taken(refused=True, message="That parcel belongs to another fulfilment order.")
        self._by_parcel[update.tracking] = one
        return one.take(update, self._parcel_id(update.tracking))


def _implausible(sighting: Sighting, now: datetime) -> str:
    """What is wrong with the times of a message; empty where they can be meant."""
    if sighting.occurred > now + CLOCKS_DIFFER:
        return f"It happened at {sighting.occurred:%Y-%m-%d %H:%M} UTC, which is in the future."
    days = {"expected": sighting.expected, "delivery": sighting.delivery_date}
    for name, day in days.items():
        if day is not None and abs(day - sighting.occurred.date()) > LONGEST_WAY:
            return f"Its {name} date {day} is more than a year from the day on which it happened."
    delivered = sighting.delivery_date
    if delivered is not None and delivered > (sighting.occurred + CLOCKS_DIFFER).date():
        return f"Its delivery date {delivered} is after the day on which it happened."
    return ""


def _unknown(update: Update) -> str:
    if update.order_number:
        return f"There is no fulfilment order {update.order_number}."
    return f"There is no parcel {' '.join(update.tracking)}; name its fulfilment order to announce it."
