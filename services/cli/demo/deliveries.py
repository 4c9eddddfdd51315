"""The demo's parcels on their way: where they go, what is in them, and what the carrier says."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fieldmesh.shipping.v1 import (
    fulfilment_order_pb2,
    fulfilment_order_pb2_grpc,
    shipment_pb2,
    shipping_service_pb2,
    shipping_service_pb2_grpc,
)
from fieldmesh.workorders.v1 import work_order_pb2

from services.chassis.ids import new_id
from services.cli.demo import catalogue
from services.cli.demo.calls import assign
from services.cli.demo.returns import CARRIER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from services.cli.demo.stories import Moment, Story

ANNOUNCED = shipment_pb2.PARCEL_STATE_ANNOUNCED
HANDED_OVER = shipment_pb2.PARCEL_STATE_HANDED_OVER
IN_TRANSIT = shipment_pb2.PARCEL_STATE_IN_TRANSIT
DELIVERED = shipment_pb2.PARCEL_STATE_DELIVERED


def moments(story: Story) -> Iterator[Moment]:
    """The way of a story's parcels, as far as the story goes."""
    told = (
        ("shipping", 1, ANNOUNCED, "Label created"),
        ("shipped", 2, HANDED_OVER, "Picked up by the carrier"),
        ("shipped", 3, IN_TRANSIT, "Left the sorting centre"),
        ("delivered", 4, DELIVERED, "Delivered, signed for at the dock"),
    )
    for stage, days, state, text in told:
        if story.plan.reaches(stage):
            for parcel in range(story.plan.parcels):
                yield story.plan.at(days, 11, parcel * 20), partial(track, story, state, parcel, text)


def track(story: Story, state: shipment_pb2.ParcelState.ValueType, parcel: int, text: str, now: datetime) -> None:
    """The carrier says where a parcel is."""
    order = story.desk.order("dana", story.order_id)
    update = shipping_service_pb2.CarrierUpdate(
        carrier=CARRIER,
        tracking_number=f"NW{story.plan.number:06d}{parcel + 1:02d}",
        carrier_sequence=int(state) * 10,
        state=state,
        description=text,
        location=story.plan.site.city,
        fulfilment_order_number=order.fulfilment.order_number,
    )
    assign(update, "expected_delivery_date", story.plan.day(4))
    assign(update, "occur_time", now)
    story.desk.become("")
    if state == shipment_pb2.PARCEL_STATE_ANNOUNCED:
        update.contents.extend(_packed(story, order.fulfilment.fulfilment_order_id, parcel))
    stub = story.desk.channels.stub(shipping_service_pb2_grpc.FulfilmentDeskServiceStub, "shipping")
    answer = stub.IngestTracking(shipping_service_pb2.IngestTrackingRequest(updates=[update], request_id=new_id()))
    refused = [result.message for result in answer.results if result.refused]
    if refused:
        raise RuntimeError(f"shipping refused the demo's tracking: {refused[0]}")


def _packed(story: Story, order_id: str, parcel: int) -> list[shipping_service_pb2.PackedPart]:
    """The lines that a parcel holds: lines are spread over parcels; what is sent again comes in one of its own."""
    stub = story.desk.channels.stub(fulfilment_order_pb2_grpc.FulfilmentOrderServiceStub, "shipping")
    sent = stub.GetFulfilmentOrder(fulfilment_order_pb2.GetFulfilmentOrderRequest(id=order_id))
    return [
        shipping_service_pb2.PackedPart(fulfilment_line_id=line.id, quantity=line.quantity)
        for place, line in enumerate(sent.lines)
        if parcel >= story.plan.parcels or place % story.plan.parcels == parcel
    ]


def shipping_to(company: catalogue.Company, person: str) -> dict[str, object]:
    """What accepting says of where the parts go: to somebody at the partner's own address."""
    return {
        "ship_to.name": name_of(person),
        "ship_to.phone": company.phone,
        "ship_to.party": company.name,
        "ship_to.handling": work_order_pb2.HANDLING_NEED_NEITHER,
        "ship_to.street": company.street,
        "ship_to.city": company.city,
        "ship_to.state": company.state,
        "ship_to.postal_code": company.postal_code,
        "ship_to.country": "US",
    }


def name_of(person: str) -> str:
    """The name of somebody in the catalogue."""
    return next(somebody.name for somebody in catalogue.PEOPLE if somebody.key == person)
