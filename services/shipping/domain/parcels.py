"""Parcels and what carriers say about them: the carrier's sequence wins (workflows.md, hard case 1)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import IntEnum

from services.shipping.domain.zones import zone_named


class ParcelState(IntEnum):
    """Where a parcel is; a larger one is further, and none goes back. The numbers are those of the contract."""

    UNKNOWN = 0
    ANNOUNCED = 1
    HANDED_OVER = 2
    IN_TRANSIT = 3
    OUT_FOR_DELIVERY = 4
    DELIVERED = 5


class Retirement(IntEnum):
    """Why the work no longer waits for a parcel. The numbers are those of the contract."""

    NONE = 0
    LOST = 1
    VOID = 2
    REPLACED = 3
    CANCELLED = 4
    RETURNING = 5


@dataclass(frozen=True, slots=True)
class Sighting:
    """One message of a carrier about one parcel.

    `state` is UNKNOWN where only the date changes. `delivery_date` is the carrier's own; without it a delivery's
    instant becomes a date at the ship-to address.
    """

    sequence: int
    state: ParcelState
    occurred: datetime
    expected: date | None = None
    delivery_date: date | None = None
    description: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Packed:
    """A part that is in a parcel, by the line of its fulfilment order, and how many."""

    line_id: str
    line_item_id: str
    part_id: str
    part_number: str
    part_name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel as its messages leave it: always the fold of all of them in the carrier's order.

    `contents` are empty where nobody said what is in it; `packed_sequence` is the last message that counts for them.
    Where its label became void, `retired_sequence` is the last message about the earlier address: dates up to there do
    not hold any more, and a newer message brings the parcel back.
    """

    id: str
    carrier: str
    tracking_number: str
    required: bool
    ship_to_zone: str
    state: ParcelState = ParcelState.ANNOUNCED
    expected: date | None = None
    delivered: date | None = None
    delivered_at: datetime | None = None
    sequence: int = 0
    sightings: tuple[Sighting, ...] = field(default=(), repr=False)
    retirement: Retirement = Retirement.NONE
    retired_sequence: int = 0
    contents: tuple[Packed, ...] = ()
    packed_sequence: int = 0
    packed_at: datetime | None = None
    packed_by: str = ""

    @property
    def is_announced(self) -> bool:
        """True where it is one of those that its order is sent in."""
        return self.required and self.retirement is not Retirement.VOID

    @property
    def is_awaited(self) -> bool:
        """True where the work waits for it, or waited for it until it came."""
        return self.required and self.retirement is Retirement.NONE

    @property
    def handed_over(self) -> bool:
        """True from the moment the carrier has it."""
        return self.state >= ParcelState.HANDED_OVER

    @property
    def is_delivered(self) -> bool:
        """True once it was delivered."""
        return self.state is ParcelState.DELIVERED


@dataclass(frozen=True, slots=True)
class Seen:
    """What a message did to a parcel; `why_not` is empty where it changed something."""

    parcel: Parcel
    is_new: bool
    why_not: str = ""


def see(parcel: Parcel, sighting: Sighting) -> Seen:
    """Takes a message in whatever order it comes.

    The result does not depend on that order: a late message only fills in what no newer one said, and a repeated
    sequence is dropped.
    """
    if any(known.sequence == sighting.sequence for known in parcel.sightings):
        return Seen(parcel, is_new=False, why_not="This message came before.")
    after = _fold(replace(parcel, sightings=(*parcel.sightings, sighting)))
    if _facts(after) == _facts(parcel):
        late = sighting.sequence < parcel.sequence
        return Seen(after, is_new=True, why_not="A newer message is known." if late else "It says nothing new.")
    return Seen(after, is_new=True)


def retire(parcel: Parcel, why: Retirement) -> Parcel:
    """A parcel that the work no longer waits for; one that was retired before keeps its reason."""
    return parcel if parcel.retirement is not Retirement.NONE else replace(parcel, retirement=why)


def void(parcel: Parcel, zone: str) -> Parcel:
    """A parcel labelled for an address that was corrected, until the carrier says something newer; `zone` is new.

    What was in it is packed anew.
    """
    if parcel.retirement is not Retirement.NONE:
        return parcel
    set_aside = replace(
        parcel,
        retirement=Retirement.VOID,
        retired_sequence=parcel.sequence,
        ship_to_zone=zone,
        expected=None,
        contents=(),
    )
    return _fold(set_aside)


def _facts(parcel: Parcel) -> tuple[object, ...]:
    return (parcel.state, parcel.expected, parcel.delivered, parcel.delivered_at, parcel.retirement)


def _fold(parcel: Parcel) -> Parcel:
    state, expected, sequence = ParcelState.ANNOUNCED, None, 0
    delivered: date | None = None
    delivered_at: datetime | None = None
    for sighting in sorted(parcel.sightings, key=lambda each: each.sequence):
        sequence = sighting.sequence
        if delivered_at is not None:
            continue
        # The expected date freezes on delivery (sla.md, 2); a delivery may still name the one it kept.
        if sighting.sequence > parcel.retired_sequence:
            expected = sighting.expected or expected
        state = max(state, sighting.state)
        if state is ParcelState.DELIVERED:
            delivered_at = sighting.occurred
            local = sighting.occurred.astimezone(zone_named(parcel.ship_to_zone)).date()
            delivered = sighting.delivery_date or local
    revived = parcel.retirement is Retirement.VOID and sequence > parcel.retired_sequence
    return replace(
        parcel,
        state=state,
        expected=expected,
        delivered=delivered,
        delivered_at=delivered_at,
        sequence=sequence,
        retirement=Retirement.NONE if revived else parcel.retirement,
    )


def latest_delivery(parcels: Iterable[Parcel]) -> date | None:
    """The latest of expected and actual dates over parcels; None where one has none, or there is no parcel."""
    dates = [max(filter(None, (each.expected, each.delivered)), default=None) for each in parcels]
    known = [day for day in dates if day is not None]
    return max(known) if known and len(known) == len(dates) else None
