"""What shipping knows of a work order: its parties, and what its target is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.shipping.domain.fulfilment import FulfilmentOrder, required_deliveries
from services.shipping.domain.order_clock import Category, OrderClock
from services.shipping.domain.parcels import Parcel
from services.shipping.domain.policy import Anchor, AssignmentAnchor, DeliveryAnchor, RequiredDelivery


@dataclass(frozen=True, slots=True)
class Parties:
    """Organisations and technicians with a part in an order; an older scope version never replaces a newer one."""

    issuer_org: str = ""
    executor_org: str = ""
    facility_org: str = ""
    technician_ids: tuple[str, ...] = ()
    scope_version: int = 0


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """A work order as its last event told it; `target_version` counts the targets computed for it."""

    id: str
    number: str
    source_version: int
    parties: Parties
    category: Category
    entitlement_name: str = ""
    policy_code: str = ""
    calendar_name: str = ""
    site_time_zone: str = ""
    parts_required: bool = False
    acceptance_version: int = 0
    assigned: datetime | None = None
    clock: OrderClock = field(default_factory=OrderClock)
    target_version: int = 0


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """A fulfilment order with its parcels."""

    order: FulfilmentOrder
    parcels: tuple[Parcel, ...]


def anchor_of(order: KnownOrder, fulfilments: Sequence[Fulfilment]) -> Anchor | None:
    """What the target counts from; None before the order is allocated."""
    if order.assigned is None:
        return None
    if fulfilments:
        deliveries = [each for one in fulfilments for each in required_deliveries(one.order, one.parcels)]
        return DeliveryAnchor(tuple(deliveries))
    if order.parts_required:
        return DeliveryAnchor((RequiredDelivery("of the parts, not ordered yet"),))
    return AssignmentAnchor(order.assigned)
