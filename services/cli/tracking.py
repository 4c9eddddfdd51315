"""`fieldmesh track`: says what a carrier would say about a parcel."""

import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from fieldmesh.shipping.v1 import shipment_pb2
from fieldmesh.shipping.v1 import shipping_service_pb2 as shipping_pb2
from fieldmesh.shipping.v1 import shipping_service_pb2_grpc as shipping_grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2
from rich.console import Console

from services.chassis.ids import new_id
from services.cli.connection import connected


class Said(StrEnum):
    """Where a parcel is."""

    ANNOUNCED = "announced"
    HANDED_OVER = "handed-over"
    IN_TRANSIT = "in-transit"
    OUT_FOR_DELIVERY = "out-for-delivery"
    DELIVERED = "delivered"

    @property
    def state(self) -> "shipment_pb2.ParcelState.ValueType":
        return shipment_pb2.ParcelState.Value(f"PARCEL_STATE_{self.value.replace('-', '_').upper()}")


def track(  # noqa: PLR0913 - one option for each thing a carrier says
    tracking_number: Annotated[str, typer.Argument(help="Tracking number of the parcel.")],
    state: Annotated[
        Said | None, typer.Argument(help="Where it is; leave out to change the expected date only.")
    ] = None,
    *,
    carrier: Annotated[str, typer.Option(help="Carrier.")] = "UPS",
    expected: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Expected delivery date.")] = None,
    at: Annotated[
        datetime | None, typer.Option(help="When it happened, in UTC; now unless said.", formats=["%Y-%m-%dT%H:%M"])
    ] = None,
    sequence: Annotated[
        int | None, typer.Option(help="The carrier's sequence; the present time unless said, so that it grows.")
    ] = None,
    order: Annotated[str, typer.Option(help="Number of the fulfilment order, for a parcel's first event.")] = "",
    required_parcels: Annotated[int, typer.Option(help="How many required parcels the order is sent in.")] = 0,
    optional: Annotated[bool, typer.Option("--optional", help="Work can begin without this parcel.")] = False,
    location: Annotated[str, typer.Option(help="Where.")] = "",
    description: Annotated[str, typer.Option(help="What the carrier writes.")] = "",
) -> None:
    """Send a carrier event for a parcel.

    For example: fieldmesh track 1Z0001 handed-over --order 00287387 --expected 2026-12-01
    """
    happened = Timestamp()
    happened.FromDatetime(at.replace(tzinfo=UTC) if at else datetime.now(UTC))
    update = shipping_pb2.CarrierUpdate(
        carrier=carrier,
        tracking_number=tracking_number,
        carrier_sequence=sequence if sequence is not None else time.time_ns() // 1_000_000,
        state=state.state if state else shipment_pb2.PARCEL_STATE_UNSPECIFIED,
        expected_delivery_date=(
            date_pb2.Date(year=expected.year, month=expected.month, day=expected.day) if expected else None
        ),
        occur_time=happened,
        description=description,
        location=location,
        fulfilment_order_number=order,
        optional_parcel=optional,
        required_parcels=required_parcels,
    )
    with connected() as channels:
        desk = channels.stub(shipping_grpc.FulfilmentDeskServiceStub, "shipping")
        (result,) = desk.IngestTracking(
            shipping_pb2.IngestTrackingRequest(updates=[update], request_id=new_id())
        ).results
    console = Console()
    if result.refused:
        console.print(f"[red]Refused:[/] {result.message}")
        raise typer.Exit(1)
    where = state.value.replace("-", " ") if state else ""
    said = " ".join(filter(None, (where, f"expected {expected:%Y-%m-%d}" if expected else "")))
    done = f"[green]Applied:[/] {carrier} {tracking_number} {said}".rstrip()
    console.print(done if result.applied else f"Kept, but it changed nothing: {result.message}", highlight=False)
