"""Shipments: the parcels of a fulfilment order that travel with one carrier."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from services.chassis.ids import derive_id
from services.shipping.domain.fulfilment import FulfilmentOrder
from services.shipping.domain.known_order import Parties
from services.shipping.repository.orders import party_columns
from services.shipping.tables import shipments


def shipment_id_of(order: FulfilmentOrder, carrier: str) -> str:
    """The id of the shipment of an order with a carrier."""
    return derive_id("shipment", order.id, carrier)


def ensure_shipments(
    connection: Connection, wanted: Iterable[tuple[FulfilmentOrder, str, Parties]], now: datetime
) -> None:
    """Makes the shipments of orders with carriers where they are missing."""
    rows = {
        shipment_id_of(order, carrier): {
            "id": shipment_id_of(order, carrier),
            "fulfilment_order_id": order.id,
            "work_order_id": order.work_order_id,
            "carrier": carrier,
            "create_time": now,
            **party_columns(parties),
        }
        for order, carrier, parties in wanted
    }
    known = set(connection.execute(select(shipments.c.id).where(shipments.c.id.in_(sorted(rows)))).scalars())
    missing = [row for shipment_id, row in rows.items() if shipment_id not in known]
    if missing:
        connection.execute(insert(shipments), missing)


def set_pickup_date(connection: Connection, order_id: str, carrier: str, day: date) -> None:
    """Notes when a carrier picked up, where it is not noted yet."""
    columns = shipments.c
    connection.execute(
        update(shipments)
        .where(columns.fulfilment_order_id == order_id, columns.carrier == carrier, columns.pickup_date.is_(None))
        .values(pickup_date=day, version=columns.version + 1)
    )
