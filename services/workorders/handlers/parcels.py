"""Shipping's parcels of an order, for dispatchers who move it by hand (hard-parts 21)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from fieldmesh.common.v1 import list_pb2
from fieldmesh.shipping.v1 import shipment_pb2

from services.chassis.errors import Unavailable
from services.workorders.domain.history import Evidence
from services.workorders.handlers.choices import Choices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

MOST_PARCELS = 200
DIGEST = 16
AWAITED = shipment_pb2.PARCEL_RETIREMENT_UNSPECIFIED


class ParcelList(Protocol):
    """What of shipping's contract is used here."""

    def ListParcels(  # noqa: N802 - the contract's name
        self, request: shipment_pb2.ListParcelsRequest
    ) -> shipment_pb2.ListParcelsResponse: ...


def told(shipping: ParcelList, work_order_id: str, chosen: str, now: datetime) -> tuple[Mapping[str, object], Evidence]:
    """The snapshot of an order's parcels as the caller sees them, and which versions of them it was made of.

    `chosen` is the parcel that the inputs name. Raises Unavailable where shipping does not answer.
    """
    return told_of_many(shipping, [work_order_id], chosen, now)[work_order_id]


def told_of_many(
    shipping: ParcelList, work_order_ids: Sequence[str], chosen: str, now: datetime
) -> dict[str, tuple[Mapping[str, object], Evidence]]:
    """The same for several orders, at most 200, asked for together."""
    found: dict[str, list[shipment_pb2.Parcel]] = {work_order_id: [] for work_order_id in work_order_ids}
    for parcel in _listed(shipping, work_order_ids):
        found.setdefault(parcel.work_order_id, []).append(parcel)
    return {work_order_id: _snapshot(parcels, chosen, now) for work_order_id, parcels in found.items()}


def choices(shipping: ParcelList, work_order_id: str) -> Choices:
    """The parcels of an order that are on their way, to choose from."""
    try:
        parcels = _listed(shipping, [work_order_id])
    except Unavailable:
        return Choices((), "The parcels are not known now, because shipping does not answer. Try again later.")
    found = [(each.id, f"{_label(each)}{_inside(each)}") for each in parcels if _is_on_the_way(each)]
    return Choices(found, "No parcel is on its way: its carrier has not taken any over, or all were delivered.")


def counted(parcels: Iterable[shipment_pb2.Parcel]) -> Mapping[str, object]:
    """How many parcels the work waits for, how many of these are untracked or under way, and which are on the way."""
    known = list(parcels)
    required = [parcel for parcel in known if parcel.required and parcel.retirement == AWAITED]
    return {
        "required": len(required),
        "untracked": sum(not parcel.tracking_number for parcel in required),
        "undelivered": sum(parcel.state != shipment_pb2.PARCEL_STATE_DELIVERED for parcel in required),
        "on_the_way": tuple(parcel.id for parcel in known if _is_on_the_way(parcel)),
    }


def _listed(shipping: ParcelList, work_order_ids: Sequence[str]) -> list[shipment_pb2.Parcel]:
    theirs = list_pb2.Filter(field="work_order_id", operator=list_pb2.FILTER_OPERATOR_IN, values=work_order_ids)
    query = list_pb2.ListQuery(page_size=MOST_PARCELS, filters=[theirs])
    found: list[shipment_pb2.Parcel] = []
    while True:
        answer = shipping.ListParcels(shipment_pb2.ListParcelsRequest(query=query))
        found += answer.parcels
        query.page_token = answer.page.next_page_token
        if not query.page_token:
            return found


def _snapshot(
    parcels: Sequence[shipment_pb2.Parcel], chosen: str, now: datetime
) -> tuple[Mapping[str, object], Evidence]:
    versions = hashlib.sha256("\n".join(sorted(f"{each.id} {each.etag}" for each in parcels)).encode()).hexdigest()
    label = next((_label(each) for each in parcels if each.id == chosen), "")
    return {**counted(parcels), "chosen": label}, Evidence("shipping's parcels", versions[:DIGEST], now)


def _is_on_the_way(parcel: shipment_pb2.Parcel) -> bool:
    left = shipment_pb2.PARCEL_STATE_HANDED_OVER <= parcel.state < shipment_pb2.PARCEL_STATE_DELIVERED
    return left and parcel.retirement == AWAITED


def _inside(parcel: shipment_pb2.Parcel) -> str:
    """What is in a parcel, for choosing it; empty where nobody said so."""
    parts = "; ".join(f"{each.quantity} × {each.part_number}" for each in parcel.contents)
    return f" ({parts})" if parts else ""


def _label(parcel: shipment_pb2.Parcel) -> str:
    return f"{parcel.carrier} {parcel.tracking_number}"
