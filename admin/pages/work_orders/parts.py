"""Parts on their way, and the SLA target with its steps, as shipping tells them (CP-47, B-1)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import list_pb2
from fieldmesh.shipping.v1 import (
    fulfilment_order_pb2,
    fulfilment_order_pb2_grpc,
    rma_pb2,
    rma_pb2_grpc,
    shipment_pb2,
    shipment_pb2_grpc,
    sla_pb2,
    sla_pb2_grpc,
)

from admin.grpcfab import cells
from admin.grpcfab.context import mesh
from admin.grpcfab.spec import resource_of
from admin.pages.work_orders.contents import contents, under_way
from admin.pages.work_orders.related import of_order
from admin.pages.work_orders.return_verbs import offered
from admin.pages.work_orders.returning import CONDITIONS
from admin.pages.work_orders.sites import site_zone

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_pb2

    from admin.pages.work_orders.contents import Contents
    from admin.pages.work_orders.return_verbs import Verb

SOON_DAYS = 3


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
    retired: cells.Cell
    expected: str
    delivered: cells.Cell
    contents: Contents
    moments: Sequence[Moment]


@dataclasses.dataclass(frozen=True)
class Fulfilment:
    """A fulfilment order with its parcels."""

    order: fulfilment_order_pb2.FulfilmentOrder
    badge: cells.Cell
    outcome: cells.Cell
    created: cells.Cell
    expected: str
    parcels: Sequence[TrackedParcel]
    lines: Sequence[Line]
    delivered: str
    under_way: str

    @property
    def left(self) -> bool:
        """Whether anything was handed over, so that something may be asked back."""
        return any(each.parcel.state >= shipment_pb2.PARCEL_STATE_HANDED_OVER for each in self.parcels)


@dataclasses.dataclass(frozen=True)
class Line:
    """A part of a fulfilment order, with what became of it: sent again and why, or sent for an earlier one."""

    line: fulfilment_order_pb2.FulfilmentLine
    notes: Sequence[str]


@dataclasses.dataclass(frozen=True)
class ReturnLine:
    """A part of a return, with the conditions in which it is expected and in which it arrived."""

    line: rma_pb2.RmaLine
    condition: cells.Cell
    arrived: cells.Cell


@dataclasses.dataclass(frozen=True)
class Return:
    """Parts that must come back, with what the viewer may do about it."""

    rma: rma_pb2.Rma
    badge: cells.Cell
    cause: str
    created: cells.Cell
    due: str
    urgency: cells.Cell
    proved: cells.Cell
    lines: Sequence[ReturnLine]
    verbs: Sequence[Verb]


def fulfilments(order: work_order_pb2.WorkOrder, offered: Collection[str]) -> list[Fulfilment]:
    """The fulfilment orders of a work order, newest first; `offered` are the transitions that the viewer may fire."""
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
    packed: defaultdict[str, list[shipment_pb2.Parcel]] = defaultdict(list)
    for parcel in parcels.parcels:
        packed[parcel.fulfilment_order_id].append(parcel)
    numbers = {line.id: each.number for each in placed.fulfilment_orders for line in each.lines}
    return [
        Fulfilment(
            order=each,
            badge=_badge(each, "phase"),
            outcome=_badge(each, "outcome"),
            created=cells.instant(each.create_time.ToDatetime(tzinfo=dt.UTC)),
            expected=_date(each, "expected_delivery_date"),
            parcels=[_tracked(parcel, moments, offered) for parcel in packed[each.id]],
            lines=[Line(line, _notes(line, numbers)) for line in each.lines],
            delivered=_arrived(packed[each.id]),
            under_way=under_way(each, packed[each.id]),
        )
        for each in placed.fulfilment_orders
    ]


def returns(order: work_order_pb2.WorkOrder) -> list[Return]:
    """The returns of a work order, newest first."""
    stub = mesh().stub(rma_pb2_grpc.RmaServiceStub)
    found = stub.ListRmas(rma_pb2.ListRmasRequest(query=of_order(order, "-create_time"))).rmas
    today = dt.datetime.now(site_zone(order)).date()
    return [
        Return(
            rma=each,
            badge=_badge(each, "state"),
            cause=_badge(each, "cause").text,
            created=cells.instant(each.create_time.ToDatetime(tzinfo=dt.UTC)),
            due=_date(each, "due_date"),
            urgency=_urgency(each, today),
            proved=_when(each.proof, "record_time"),
            lines=[ReturnLine(line, _condition(line.condition), _condition(line.received_condition))
                   for line in each.lines],
            verbs=offered(each),
        )
        for each in found
    ]  # fmt: skip


def _notes(line: fulfilment_order_pb2.FulfilmentLine, numbers: Mapping[str, str]) -> list[str]:
    """What is to be said of a part: whether work waits for it, what was wrong with it, what it takes the place of."""
    again = line.quantity if line.replaced == line.quantity else line.replaced
    why = f": {line.fault}" if line.fault else ""
    before = numbers.get(line.replaces_line_id, "")
    return list(
        filter(
            None,
            [
                "" if line.required else "not required",
                f"{again} sent again{why}" if line.replaced else "",
                f"sent for a part of {before}" if before else "",
                "the old part returns" if line.returnable else "",
            ],
        )
    )


def _arrived(parcels: Sequence[shipment_pb2.Parcel]) -> str:
    """How many of the parcels that the work waits for are there, where there are several."""
    awaited = [each for each in parcels if each.required and not each.retirement]
    there = sum(each.state == shipment_pb2.PARCEL_STATE_DELIVERED for each in awaited)
    return f"{there} of {len(awaited)} required parcels delivered" if len(awaited) > 1 else ""


def _urgency(rma: rma_pb2.Rma, today: dt.date) -> cells.Cell:
    """Whether a return without proof is late, or nearly so."""
    if rma.state not in {rma_pb2.RMA_STATE_REQUESTED, rma_pb2.RMA_STATE_LABEL_SENT} or not rma.due_date.year:
        return cells.EMPTY
    left = (dt.date(rma.due_date.year, rma.due_date.month, rma.due_date.day) - today).days
    if left < 0:
        return cells.Cell("badge", "Overdue", tone="danger")
    return cells.Cell("badge", "Due soon", tone="warning") if left <= SOON_DAYS else cells.EMPTY


def _condition(value: rma_pb2.PartCondition.ValueType) -> cells.Cell:
    choice = next((each for each in CONDITIONS if each.number == value), None)
    return cells.Cell("badge", choice.label, tone=choice.tone) if choice else cells.EMPTY


def _when(message: Any, name: str) -> cells.Cell:
    return cells.instant(getattr(message, name).ToDatetime(tzinfo=dt.UTC)) if message.HasField(name) else cells.EMPTY


def target_of(order: work_order_pb2.WorkOrder) -> sla_pb2.SlaTarget | None:
    """The latest SLA target of an order, with its steps; None where shipping has none."""
    query = of_order(order, "-version", 1)
    found = mesh().stub(sla_pb2_grpc.SlaTargetServiceStub).ListSlaTargets(sla_pb2.ListSlaTargetsRequest(query=query))
    targets = list(found.sla_targets)
    return targets[0] if targets else None


def _tracked(parcel: shipment_pb2.Parcel, moments: dict[str, list[Moment]], offered: Collection[str]) -> TrackedParcel:
    delivered = parcel.HasField("deliver_time")
    return TrackedParcel(
        parcel=parcel,
        badge=_badge(parcel, "state"),
        retired=_badge(parcel, "retirement"),
        expected=_date(parcel, "expected_delivery_date"),
        delivered=cells.instant(parcel.deliver_time.ToDatetime(tzinfo=dt.UTC)) if delivered else cells.EMPTY,
        contents=contents(parcel, offered),
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
