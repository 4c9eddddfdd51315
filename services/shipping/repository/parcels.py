"""Parcels with what carriers said about them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, tuple_, update

from services.chassis.ids import derive_id
from services.shipping.domain.fulfilment import FulfilmentOrder
from services.shipping.domain.known_order import Fulfilment, Parties
from services.shipping.domain.parcels import Parcel, ParcelState, Sighting
from services.shipping.repository.fulfilment import ensure_shipment, orders_of
from services.shipping.repository.orders import party_columns
from services.shipping.tables import parcels, tracking_events


@dataclass(frozen=True, slots=True)
class TrackingEvent:
    """A message that was taken, and whether it changed its parcel."""

    work_order_id: str
    sighting: Sighting
    applied: bool


Tracking = tuple[str, str]
"""Carrier and tracking number."""


def parcel_id_of(tracking: Tracking) -> str:
    """The id of a parcel, derived from carrier and tracking number."""
    return derive_id("parcel", *tracking)


def work_orders_of(connection: Connection, tracked: Iterable[Tracking]) -> dict[Tracking, str]:
    """Work order id of the parcels that are known."""
    columns = parcels.c
    wanted = select(columns.carrier, columns.tracking_number, columns.work_order_id).where(
        tuple_(columns.carrier, columns.tracking_number).in_(sorted(set(tracked)))
    )
    return {(row.carrier, row.tracking_number): row.work_order_id for row in connection.execute(wanted)}


def fulfilments_of(connection: Connection, work_order_ids: Iterable[str]) -> dict[str, list[Fulfilment]]:
    """Fulfilment orders with their parcels by work order, in three queries."""
    wanted = sorted(set(work_order_ids))
    sighted: defaultdict[str, list[Sighting]] = defaultdict(list)
    events = select(tracking_events).where(tracking_events.c.work_order_id.in_(wanted))
    for row in connection.execute(events).mappings():
        sighted[row["parcel_id"]].append(_sighting(row))
    packed: defaultdict[str, list[Parcel]] = defaultdict(list)
    rows = select(parcels).where(parcels.c.work_order_id.in_(wanted)).order_by(parcels.c.tracking_number, parcels.c.id)
    for row in connection.execute(rows).mappings():
        packed[row["fulfilment_order_id"]].append(_parcel(row, sighted[row["id"]]))
    found: defaultdict[str, list[Fulfilment]] = defaultdict(list)
    for order in orders_of(connection, wanted):
        found[order.work_order_id].append(Fulfilment(order, tuple(packed[order.id])))
    return found


def rows_of(connection: Connection, order_id: str) -> Sequence[RowMapping]:
    """The parcels of a fulfilment order as rows, for events."""
    wanted = select(parcels).where(parcels.c.fulfilment_order_id == order_id).order_by(parcels.c.tracking_number)
    return connection.execute(wanted).mappings().all()


def add_parcel(connection: Connection, parcel: Parcel, order: FulfilmentOrder, parties: Parties, now: datetime) -> None:
    """Stores a parcel that was announced for the first time, within the order's shipment with its carrier."""
    shipment_id = ensure_shipment(connection, order, parcel.carrier, parties, now)
    connection.execute(
        insert(parcels).values(
            id=parcel.id,
            shipment_id=shipment_id,
            fulfilment_order_id=order.id,
            work_order_id=order.work_order_id,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            required=parcel.required,
            ship_to_zone=parcel.ship_to_zone,
            **_facts(parcel),
            **party_columns(parties),
        )
    )


def save_parcel(connection: Connection, parcel: Parcel) -> None:
    """Writes where a parcel is."""
    columns = parcels.c
    connection.execute(
        update(parcels).where(columns.id == parcel.id).values(**_facts(parcel), version=columns.version + 1)
    )


def add_sighting(connection: Connection, parcel: Parcel, event: TrackingEvent, parties: Parties, now: datetime) -> None:
    """Appends a message of a carrier."""
    sighting = event.sighting
    connection.execute(
        insert(tracking_events).values(
            id=derive_id("tracking-event", parcel.id, sighting.sequence),
            parcel_id=parcel.id,
            work_order_id=event.work_order_id,
            carrier_sequence=sighting.sequence,
            state=int(sighting.state),
            description=sighting.description,
            location=sighting.location,
            expected_delivery_date=sighting.expected,
            delivery_date=sighting.delivery_date,
            occur_time=sighting.occurred,
            receive_time=now,
            applied=event.applied,
            **party_columns(parties),
        )
    )


def _facts(parcel: Parcel) -> dict[str, Any]:
    return {
        "state": int(parcel.state),
        "expected_delivery_date": parcel.expected,
        "delivery_date": parcel.delivered,
        "deliver_time": parcel.delivered_at,
        "carrier_sequence": parcel.sequence,
    }


def _parcel(row: RowMapping, sightings: Iterable[Sighting]) -> Parcel:
    return Parcel(
        id=row["id"],
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        required=row["required"],
        ship_to_zone=row["ship_to_zone"],
        state=ParcelState(row["state"]),
        expected=row["expected_delivery_date"],
        delivered=row["delivery_date"],
        delivered_at=row["deliver_time"],
        sequence=row["carrier_sequence"],
        sightings=tuple(sightings),
    )


def _sighting(row: RowMapping) -> Sighting:
    return Sighting(
        row["carrier_sequence"],
        ParcelState(row["state"]),
        row["occur_time"],
        row["expected_delivery_date"],
        row["delivery_date"],
        row["description"],
        row["location"],
    )
