"""What is in the parcels of an order, in words, and what of it is still under way (CP-47)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Final

from fieldmesh.shipping.v1 import shipment_pb2, shipping_service_pb2

from admin.grpcfab import cells
from admin.grpcfab.context import viewer_roles
from admin.pages.work_orders import affected
from services.chassis.access import allowed_roles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from fieldmesh.shipping.v1 import fulfilment_order_pb2

PACK: Final = shipping_service_pb2.DESCRIPTOR.services_by_name["FulfilmentDeskService"].methods_by_name["PackParcel"]
LOST: Final = "report_parcel_lost"
REPLACE: Final = "order_replacement"
_DELIVERED: Final = shipment_pb2.PARCEL_STATE_DELIVERED


@dataclasses.dataclass(frozen=True)
class Again:
    """A link to a transition's form with what is known of a parcel: its words, and what the form is filled in with."""

    label: str
    transition: str
    given: Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Contents:
    """What is in a parcel: in words, when and by whom that was told, and what may be done about it."""

    words: str
    told: cells.Cell
    by: str
    may_pack: bool
    again: Sequence[Again]


def contents(parcel: shipment_pb2.Parcel, offered: Collection[str]) -> Contents:
    """The contents of a parcel; `offered` are the transitions that the viewer may fire."""
    told = parcel.HasField("pack_time")
    return Contents(
        words=in_words((each.quantity, each.part_number, each.part_name) for each in parcel.contents),
        told=cells.instant(parcel.pack_time.ToDatetime(tzinfo=dt.UTC)) if told else cells.EMPTY,
        by=parcel.packer_name,
        may_pack=not parcel.retirement and bool(allowed_roles(PACK) & viewer_roles()),
        again=[] if parcel.retirement else list(_again(parcel, offered)),
    )


def in_words(parts: Iterable[tuple[int, str, str]]) -> str:
    """Such as "1 × VT40-HEAD Head; 2 × VT40-FAN Fan tray"."""
    return "; ".join(f"{quantity} × {number} {name}".strip() for quantity, number, name in parts)


def under_way(order: fulfilment_order_pb2.FulfilmentOrder, parcels: Sequence[shipment_pb2.Parcel]) -> str:
    """Which parts of a split delivery are not there yet; empty where nobody can say, or all are."""
    awaited = [each for each in parcels if each.required and not each.retirement]
    there = [each for each in awaited if each.state == _DELIVERED]
    coming = [each for each in awaited if each.state != _DELIVERED]
    if not there or not coming:
        return ""
    if all(each.contents for each in there):
        arrived = _counted(there)
        left = [
            (line.quantity - line.replaced - arrived.get(line.id, 0), line.part_number, line.part_name)
            for line in order.lines
        ]
    else:
        known = _counted(coming)
        left = [(known.get(line.id, 0), line.part_number, line.part_name) for line in order.lines]
    return in_words(each for each in left if each[0] > 0)


def _counted(parcels: Iterable[shipment_pb2.Parcel]) -> dict[str, int]:
    found: dict[str, int] = {}
    for parcel in parcels:
        for each in parcel.contents:
            found[each.fulfilment_line_id] = found.get(each.fulfilment_line_id, 0) + each.quantity
    return found


def _again(parcel: shipment_pb2.Parcel, offered: Collection[str]) -> Iterable[Again]:
    """What a lost or damaged parcel is replaced with: exactly what was in it."""
    if LOST in offered and shipment_pb2.PARCEL_STATE_HANDED_OVER <= parcel.state < _DELIVERED:
        yield Again("Report lost", LOST, [("parcel_id", parcel.id)])
    if REPLACE in offered and parcel.state == _DELIVERED and parcel.contents:
        inside = [(each.line_item_id, each.part_id, each.quantity) for each in parcel.contents]
        yield Again("Order what was in it again", REPLACE, affected.given_for(inside))
