"""What goes wrong with the demo's parts after they were asked for: addresses, lost parcels, broken parts, ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from fieldmesh.shipping.v1 import shipment_pb2, shipment_pb2_grpc
from fieldmesh.workorders.v1 import line_item_pb2, line_item_pb2_grpc

from services.cli.demo import deliveries
from services.cli.demo.calls import of_order

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from services.cli.demo.stories import Moment, Story


def mishap(story: Story) -> Iterator[Moment]:
    """What a story's fate does to its parts; nothing for most."""
    plan = story.plan
    if plan.fate in AFTERWARDS:
        days, happens = AFTERWARDS[plan.fate]
        yield plan.at(days, 15), partial(happens, story)
    if plan.fate in SENT_AGAIN:
        days, text = SENT_AGAIN[plan.fate]
        yield (
            plan.at(days, 17),
            partial(deliveries.track, story, shipment_pb2.PARCEL_STATE_ANNOUNCED, plan.parcels, text),
        )


def readdress(story: Story, _now: datetime) -> None:
    """The partner's dock is closed, so the parts go to the site."""
    site = story.plan.site
    to = {"street": site.street, "city": site.city, "state": site.state, "postal_code": site.postal_code}
    values: dict[str, object] = {f"ship_to.{name}": value for name, value in to.items()}
    story.desk.fire("dana", story.order_id, "correct_address", values, comment="The partner's dock is closed.")


def lose(story: Story, _now: datetime) -> None:
    """The carrier cannot find a parcel."""
    story.desk.become("dana")
    stub = story.desk.channels.stub(shipment_pb2_grpc.ParcelServiceStub, "shipping")
    query = of_order(story.order_id, "tracking_number")
    lost = stub.ListParcels(shipment_pb2.ListParcelsRequest(query=query)).parcels[0]
    words = "The carrier closed its search without a trace."
    story.desk.fire("dana", story.order_id, "report_parcel_lost", parcel_id=lost.id, comment=words)


def replace_damaged(story: Story, _now: datetime) -> None:
    """A part arrived broken."""
    story.desk.become("dana")
    items = story.desk.channels.stub(line_item_pb2_grpc.LineItemServiceStub, "workorders").ListLineItems(
        line_item_pb2.ListLineItemsRequest(query=of_order(story.order_id, "number"))
    )
    item = next(each for each in items.line_items if each.parts)
    story.desk.fire(
        "dana",
        story.order_id,
        "order_replacement",
        affected_parts=[{"line_item_id": item.id, "part_id": item.parts[0].part_id, "quantity": 1}],
        reason_code="part_damaged",
        comment="The housing is cracked; see the partner's picture.",
    )


def call_off(story: Story, _now: datetime) -> None:
    """The customer decides otherwise after the parts were ordered."""
    words = "They replace the station."
    story.desk.fire("dana", story.order_id, "cancel", reason_code="customer_upgrade", comment=words)


# On which day of its story each fate comes, and what is sent again then.
AFTERWARDS: Final = {
    "called_off": (1, call_off),
    "readdressed": (1, readdress),
    "lost": (3, lose),
    "recalled": (3, call_off),
    "damaged": (4, replace_damaged),
}
SENT_AGAIN: Final = {
    "readdressed": (1, "New label created"),
    "lost": (3, "Label created for what is sent again"),
}
