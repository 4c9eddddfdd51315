"""Parts on their way, and the SLA target with its steps, as shipping tells them (CP-47, B-1)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import list_pb2
from fieldmesh.shipping.v1 import (
    fulfilment_order_pb2,
    fulfilment_order_pb2_grpc,
    shipment_pb2,
    shipment_pb2_grpc,
    sla_pb2,
    sla_pb2_grpc,
)

from admin.grpcfab import cells
from admin.grpcfab.context import mesh
from admin.grpcfab.spec import resource_of
from admin.pages.work_orders.related import of_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldmesh.workorders.v1 import work_order_pb2


@dataclasses.dataclass(frozen=True)
class Moment:
    """One thing that a carrier said, for the timeline."""

    when: cells.Cell
    what: str
    where: str
    badge: cells.Cell
    applied: bool


@dataclasses.dataclass(frozen=True)
class TrackedParcel:
    """A parcel with its timeline, newest first."""

    parcel: shipment_pb2.Parcel
    badge: cells.Cell
    expected: str
    delivered: cells.Cell
    moments: Sequence[Moment]


@dataclasses.dataclass(frozen=True)
class Fulfilment:
    """A fulfilment order with its parcels."""

    order: fulfilment_order_pb2.FulfilmentOrder
    badge: cells.Cell
    created: cells.Cell
    expected: str
    parcels: Sequence[TrackedParcel]


def fulfilments(order: work_order_pb2.WorkOrder) -> list[Fulfilment]:
    """The fulfilment orders of a work order, newest first."""
    placed = (
        mesh()
        .stub(fulfilment_order_pb2_grpc.FulfilmentOrderServiceStub)
        .ListFulfilmentOrders(fulfilment_order_pb2.ListFulfilmentOrdersRequest(query=of_order(order, "-create_time")))
    )
    parcels = (
        mesh()
        .stub(shipment_pb2_grpc.ParcelServiceStub)
        .ListParcels(shipment_pb2.ListParcelsRequest(query=of_order(order, "tracking_number")))
    )
    moments = _moments([parcel.id for parcel in parcels.parcels])
    return [
        Fulfilment(
            order=each,
            badge=_badge(each, "phase"),
            created=cells.instant(each.create_time.ToDatetime(tzinfo=dt.UTC)),
            expected=_date(each, "expected_delivery_date"),
            parcels=[_tracked(parcel, moments) for parcel in parcels.parcels if parcel.fulfilment_order_id == each.id],
        )
        for each in placed.fulfilment_orders
    ]


def target_of(order: work_order_pb2.WorkOrder) -> sla_pb2.SlaTarget | None:
    """The latest SLA target of an order, with its steps; None where shipping has none."""
    query = of_order(order, "-version", 1)
    found = mesh().stub(sla_pb2_grpc.SlaTargetServiceStub).ListSlaTargets(sla_pb2.ListSlaTargetsRequest(query=query))
    targets = list(found.sla_targets)
    return targets[0] if targets else None


def _tracked(parcel: shipment_pb2.Parcel, moments: dict[str, list[Moment]]) -> TrackedParcel:
    delivered = parcel.HasField("deliver_time")
    return TrackedParcel(
        parcel=parcel,
        badge=_badge(parcel, "state"),
        expected=_date(parcel, "expected_delivery_date"),
        delivered=cells.instant(parcel.deliver_time.ToDatetime(tzinfo=dt.UTC)) if delivered else cells.EMPTY,
        moments=moments.get(parcel.id, []),
    )


def _moments(parcel_ids: list[str]) -> dict[str, list[Moment]]:
    if not parcel_ids:
        return {}
    by_parcel = list_pb2.Filter(field="parcel_id", operator=list_pb2.FILTER_OPERATOR_IN, values=parcel_ids)
    query = list_pb2.ListQuery(page_size=200, order_by="-carrier_sequence", filters=[by_parcel])
    stub = mesh().stub(shipment_pb2_grpc.TrackingEventServiceStub)
    found: dict[str, list[Moment]] = {}
    for event in stub.ListTrackingEvents(shipment_pb2.ListTrackingEventsRequest(query=query)).tracking_events:
        moment = Moment(
            when=cells.instant(event.occur_time.ToDatetime(tzinfo=dt.UTC)),
            what=_said(event),
            where=event.location,
            badge=_badge(event, "state"),
            applied=event.applied,
        )
        found.setdefault(event.parcel_id, []).append(moment)
    return found


def _said(event: shipment_pb2.TrackingEvent) -> str:
    """What the carrier said: its own words, else the state and the date that it told."""
    if event.description:
        return event.description
    state = resource_of(shipment_pb2.TrackingEvent).fields["state"].choice(event.state)
    expected = _date(event, "expected_delivery_date")
    told = [state.label if state and event.state else "", f"expected {expected}" if expected else ""]
    said = ", ".join(filter(None, told)) or "Update"
    return said[0].upper() + said[1:]


def _badge(message: Any, name: str) -> cells.Cell:
    field = resource_of(type(message)).fields[name]
    choice = field.choice(getattr(message, name))
    return cells.Cell("badge", choice.label, tone=choice.tone) if choice else cells.EMPTY


def _date(message: Any, name: str) -> str:
    if not message.HasField(name):
        return ""
    day = getattr(message, name)
    return f"{dt.date(day.year, day.month, day.day):%a %-d %b %Y}"
