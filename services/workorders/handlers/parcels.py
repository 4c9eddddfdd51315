"""Shipping's parcels of an order, for dispatchers who move it by hand (hard-parts 21)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from fieldmesh.common.v1 import list_pb2
from fieldmesh.shipping.v1 import shipment_pb2

from services.workorders.domain.history import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

MOST_PARCELS = 200
DIGEST = 16


class ParcelList(Protocol):
    """What of shipping's contract is used here."""

    def ListParcels(  # noqa: N802 - the contract's name
        self, request: shipment_pb2.ListParcelsRequest
    ) -> shipment_pb2.ListParcelsResponse: ...


def told(shipping: ParcelList, work_order_id: str, now: datetime) -> tuple[Mapping[str, int], Evidence]:
    """The snapshot of an order's parcels as the caller sees them, and which versions of them it was made of.

    Raises Unavailable where shipping does not answer.
    """
    mine = list_pb2.Filter(field="work_order_id", operator=list_pb2.FILTER_OPERATOR_EQUALS, values=[work_order_id])
    query = list_pb2.ListQuery(page_size=MOST_PARCELS, filters=[mine])
    parcels = shipping.ListParcels(shipment_pb2.ListParcelsRequest(query=query)).parcels
    versions = hashlib.sha256("\n".join(sorted(f"{each.id} {each.etag}" for each in parcels)).encode()).hexdigest()
    return counted(parcels), Evidence("shipping's parcels", versions[:DIGEST], now)


def counted(parcels: Iterable[shipment_pb2.Parcel]) -> Mapping[str, int]:
    """How many required parcels there are, and how many are without tracking number or still on their way."""
    required = [parcel for parcel in parcels if parcel.required]
    return {
        "required": len(required),
        "untracked": sum(not parcel.tracking_number for parcel in required),
        "undelivered": sum(parcel.state != shipment_pb2.PARCEL_STATE_DELIVERED for parcel in required),
    }
