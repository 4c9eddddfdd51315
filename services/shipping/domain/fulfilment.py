"""Requests for parts and the fulfilment orders that serve them (CP-47, CP-71)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum

from services.shipping.domain.errors import ShippingRefusal
from services.shipping.domain.parcels import Parcel, Retirement, latest_delivery
from services.shipping.domain.policy import RequiredDelivery
from services.shipping.domain.ship_to import ShipTo

FIRST_NUMBER = 287387
NUMBER_DIGITS = 8


class PartsNotRequested(ShippingRefusal):
    """Nobody asked for parts, so none can be ordered."""

    reason = "PARTS_NOT_REQUESTED"

    def __init__(self, work_order_id: str) -> None:
        super().__init__("No parts were asked for on this work order.", work_order_id=work_order_id)


class RequestState(IntEnum):
    """How a request for parts stands. The numbers are those of the contract."""

    REQUESTED = 1
    PLACED = 2
    CANCELLED = 3


class Phase(IntEnum):
    """How far a fulfilment order is; carriers never move it back. The numbers are those of the contract."""

    PLACED = 1
    OPENED = 2
    SHIPPED = 3
    DELIVERED = 4


class Outcome(IntEnum):
    """Why a fulfilment order no longer counts. The numbers are those of the contract."""

    COUNTS = 0
    CANCELLED = 1
    REPLACED = 2
    RETURNING = 3


RETIREMENTS = {
    Outcome.COUNTS: Retirement.NONE,
    Outcome.CANCELLED: Retirement.CANCELLED,
    Outcome.REPLACED: Retirement.REPLACED,
    Outcome.RETURNING: Retirement.RETURNING,
}
"""What an order's outcome means for its parcels."""


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part that a line item of the work order needs; `replaced` is how many of it another order sends again.

    `fault` says why in words, and `replaces` is the line of an earlier order that this one is sent for.
    """

    id: str
    line_item_id: str
    part_id: str
    part_number: str
    part_name: str
    quantity: int
    returnable: bool = False
    required: bool = True
    replaced: int = 0
    fault: str = ""
    replaces: str = ""

    @property
    def remaining(self) -> int:
        """How many of it still come, or came, by this line."""
        return self.quantity - self.replaced

    def is_same_need(self, other: "PartLine") -> bool:
        """Whether both are for the same part of the same line item."""
        return (self.line_item_id, self.part_id) == (other.line_item_id, other.part_id)


@dataclass(frozen=True, slots=True)
class PartsRequest:
    """What a work order needs; opened once for an order and acceptance version, added to while it is not ordered."""

    id: str
    work_order_id: str
    acceptance_version: int
    lines: tuple[PartLine, ...]
    ship_to: ShipTo
    ship_to_zone: str
    state: RequestState = RequestState.REQUESTED
    fulfilment_order_id: str = ""


@dataclass(frozen=True, slots=True)
class FulfilmentOrder:
    """The order for the parts of a request.

    `required_parcels` is how many required parcels the warehouse said it sends; 0: as many as are announced.
    """

    id: str
    number: str
    order_class: str
    parts_request_id: str
    work_order_id: str
    acceptance_version: int
    lines: tuple[PartLine, ...]
    ship_to: ShipTo
    ship_to_zone: str
    phase: Phase = Phase.PLACED
    expected: date | None = None
    required_parcels: int = 0
    version: int = 1
    outcome: Outcome = Outcome.COUNTS

    @property
    def counts(self) -> bool:
        """True while the work needs it."""
        return self.outcome is Outcome.COUNTS


@dataclass(frozen=True, slots=True)
class Progress:
    """A fulfilment order after its parcels were looked at, and what that changed."""

    order: FulfilmentOrder
    phase_changed: bool
    expected_changed: bool

    @property
    def changed(self) -> bool:
        """True where others must be told."""
        return self.phase_changed or self.expected_changed


def place(request: PartsRequest, order_id: str, number: int, plan: str) -> tuple[PartsRequest, FulfilmentOrder]:
    """Places the order for a request. Placing it once only is the repository's unique key and the caller's look."""
    order = FulfilmentOrder(
        order_id,
        format_number(number),
        order_class(plan),
        request.id,
        request.work_order_id,
        request.acceptance_version,
        request.lines,
        request.ship_to,
        request.ship_to_zone,
    )
    return replace(request, state=RequestState.PLACED, fulfilment_order_id=order_id), order


def format_number(number: int) -> str:
    """Eight digits (CP-17), such as 00287387."""
    return f"{number:0{NUMBER_DIGITS}d}"


def order_class(plan: str) -> str:
    """Such as "Assure Fulfillment Sales Order", after the plan of the entitlement "Repair SLA Assure"."""
    return f"{plan.removeprefix('Repair SLA ').strip()} Fulfillment Sales Order".strip()


def progress(order: FulfilmentOrder, parcels: Sequence[Parcel], required_parcels: int = 0) -> Progress:
    """Where an order is after its parcels; the last required one counts (hard case 2).

    `required_parcels` is a new count told by the warehouse, 0 where it told none. An order that no longer counts stays
    as it is, whatever its carriers say.
    """
    if not order.counts:
        return Progress(order, phase_changed=False, expected_changed=False)
    count = max(order.required_parcels, required_parcels)
    awaited = [parcel for parcel in parcels if parcel.is_awaited]
    complete = bool(awaited) and sum(parcel.is_announced for parcel in parcels) >= max(count, 1)
    phase = Phase.OPENED if any(parcel.retirement is not Retirement.VOID for parcel in parcels) else Phase.PLACED
    if complete and all(parcel.handed_over for parcel in awaited):
        phase = Phase.SHIPPED
    if complete and all(parcel.is_delivered for parcel in awaited):
        phase = Phase.DELIVERED
    phase = max(order.phase, phase)
    expected = latest_delivery(awaited) if complete else None
    phase_changed, expected_changed = phase is not order.phase, expected != order.expected
    version = order.version + (phase_changed or expected_changed)
    after = replace(order, phase=phase, expected=expected, required_parcels=count, version=version)
    return Progress(after, phase_changed, expected_changed)


def required_deliveries(order: FulfilmentOrder, parcels: Sequence[Parcel]) -> tuple[RequiredDelivery, ...]:
    """What the SLA waits for: every required parcel, also those that are not announced yet."""
    known = [
        RequiredDelivery(f"{parcel.carrier} {parcel.tracking_number}", parcel.expected, parcel.delivered)
        for parcel in sorted(parcels, key=lambda each: (each.carrier, each.tracking_number))
        if parcel.is_awaited
    ]
    missing = max(order.required_parcels, 1) - sum(parcel.is_announced for parcel in parcels)
    known += [RequiredDelivery(f"of {order.number}, not announced yet") for _ in range(missing)]
    return tuple(known)
