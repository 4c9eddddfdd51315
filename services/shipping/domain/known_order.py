"""What shipping knows of a work order: its parties, and what its target is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from services.shipping.domain.fulfilment import FulfilmentOrder, Outcome, Phase, required_deliveries
from services.shipping.domain.order_clock import Category, OrderClock
from services.shipping.domain.parcels import Parcel, Retirement
from services.shipping.domain.policy import Anchor, AssignmentAnchor, DeliveryAnchor, RequiredDelivery, WorkClass


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
    work_classes: tuple[WorkClass, ...] = ()


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """A fulfilment order with its parcels."""

    order: FulfilmentOrder
    parcels: tuple[Parcel, ...]

    @property
    def has_left(self) -> bool:
        """Whether a carrier took something over that is not lost."""
        return any(parcel.handed_over and parcel.retirement is not Retirement.LOST for parcel in self.parcels)


@dataclass(frozen=True, slots=True)
class Summary:
    """The parts of a work order as a whole.

    `phase` is that of the order that is least far; None where something is not ordered yet, or nothing counts.
    `latest` is the order placed last; None where something is not ordered yet.
    """

    phase: Phase | None = None
    expected: date | None = None
    latest: FulfilmentOrder | None = None


def awaits_order(order: KnownOrder, fulfilments: Sequence[Fulfilment]) -> bool:
    """Whether what was asked for last is not ordered yet: no fulfilment order answers it."""
    answered = max((one.order.acceptance_version for one in fulfilments), default=None)
    if answered is None:
        return order.parts_required
    return order.parts_required and order.acceptance_version > answered


def anchor_of(order: KnownOrder, fulfilments: Sequence[Fulfilment]) -> Anchor | None:
    """What the target counts from; None before the order is allocated."""
    if order.assigned is None:
        return None
    # Parts that went back when the work ended are the ones that it counted from, should it be reopened.
    counting = [one for one in fulfilments if one.order.outcome in {Outcome.COUNTS, Outcome.RETURNING}]
    deliveries = [each for one in counting for each in required_deliveries(one.order, one.parcels)]
    if awaits_order(order, fulfilments) or (order.parts_required and not counting):
        deliveries.append(RequiredDelivery("of the parts, not ordered yet"))
    return DeliveryAnchor(tuple(deliveries)) if counting or deliveries else AssignmentAnchor(order.assigned)


def summary(order: KnownOrder, fulfilments: Sequence[Fulfilment]) -> Summary:
    """The parts of a work order over all its fulfilment orders that count."""
    if not fulfilments or awaits_order(order, fulfilments):
        return Summary()
    counting = [one.order for one in fulfilments if one.order.counts]
    latest = max(counting or [one.order for one in fulfilments], key=lambda each: each.acceptance_version)
    if not counting:
        return Summary(latest=latest)
    dates = [each.expected for each in counting if each.expected]
    expected = max(dates) if len(dates) == len(counting) else None
    return Summary(min(each.phase for each in counting), expected, latest)
