"""Parcels with what carriers said about them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, tuple_, update

from services.chassis.ids import derive_id
from services.shipping.domain.known_order import Fulfilment
from services.shipping.domain.parcels import Packed, Parcel, ParcelState, Retirement, Sighting
from services.shipping.domain.tracking import TrackedOrder, Tracking
from services.shipping.repository.fulfilment import orders_of
from services.shipping.repository.orders import party_columns
from services.shipping.repository.shipments import ensure_shipments, shipment_id_of
from services.shipping.tables import parcels, tracking_events


def work_order_of(connection: Connection, parcel_id: str) -> str:
    """The work order that a parcel belongs to; empty where there is no such parcel."""
    return (
        connection.execute(select(parcels.c.work_order_id).where(parcels.c.id == parcel_id)).scalar_one_or_none() or ""
    )


def row_of(connection: Connection, parcel_id: str) -> RowMapping:
    """A parcel that exists, as its row."""
    return connection.execute(select(parcels).where(parcels.c.id == parcel_id)).mappings().one()


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


def rows_of(connection: Connection, order_ids: Iterable[str]) -> dict[str, list[RowMapping]]:
    """The parcels of fulfilment orders as rows, for events."""
    columns = parcels.c
    wanted = select(parcels).where(columns.fulfilment_order_id.in_(sorted(set(order_ids))))
    found: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(columns.tracking_number, columns.id)).mappings():
        found[row["fulfilment_order_id"]].append(row)
    return found


def add_parcels(connection: Connection, tracked: Iterable[TrackedOrder], now: datetime) -> None:
    """Stores parcels that were announced for the first time, with the shipments that they are in."""
    packed = [(one.parcels[name], one.order, one.parties) for one in tracked for name in sorted(one.announced)]
    if not packed:
        return
    ensure_shipments(connection, ((order, parcel.carrier, parties) for parcel, order, parties in packed), now)
    rows = [
        {
            "id": parcel.id,
            "shipment_id": shipment_id_of(order, parcel.carrier),
            "fulfilment_order_id": order.id,
            "work_order_id": order.work_order_id,
            "carrier": parcel.carrier,
            "tracking_number": parcel.tracking_number,
            "required": parcel.required,
            **_facts(parcel),
            **party_columns(parties),
        }
        for parcel, order, parties in packed
    ]
    connection.execute(insert(parcels), rows)


def save_parcels(connection: Connection, tracked: Iterable[TrackedOrder]) -> None:
    """Writes where parcels are that were known before."""
    write_parcels(connection, [one.parcels[name] for one in tracked for name in sorted(one.changed - one.announced)])


def write_parcels(connection: Connection, changed: Sequence[Parcel]) -> None:
    """Writes parcels as they are now."""
    if not changed:
        return
    columns = parcels.c
    names = _facts(changed[0])
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    statement = (
        update(parcels).where(columns.id == bindparam("parcel_id")).values(**values, version=columns.version + 1)
    )
    rows = [
        {"parcel_id": each.id, **{f"new_{name}": value for name, value in _facts(each).items()}} for each in changed
    ]
    connection.execute(statement, rows)


def add_events(connection: Connection, tracked: Iterable[TrackedOrder], now: datetime) -> None:
    """Appends messages of carriers."""
    rows = [
        {
            "id": derive_id("tracking-event", event.parcel_id, event.sighting.sequence),
            "parcel_id": event.parcel_id,
            "work_order_id": one.order.work_order_id,
            "carrier_sequence": event.sighting.sequence,
            "state": int(event.sighting.state),
            "description": event.sighting.description,
            "location": event.sighting.location,
            "expected_delivery_date": event.sighting.expected,
            "delivery_date": event.sighting.delivery_date,
            "occur_time": event.sighting.occurred,
            "receive_time": now,
            "applied": event.applied,
            **party_columns(one.parties),
        }
        for one in tracked
        for event in one.kept
    ]
    if rows:
        connection.execute(insert(tracking_events), rows)


def _facts(parcel: Parcel) -> dict[str, Any]:
    return {
        "state": int(parcel.state),
        "expected_delivery_date": parcel.expected,
        "delivery_date": parcel.delivered,
        "deliver_time": parcel.delivered_at,
        "carrier_sequence": parcel.sequence,
        "retirement": int(parcel.retirement),
        "retired_sequence": parcel.retired_sequence,
        "contents": [_content(each) for each in parcel.contents],
        "packed_sequence": parcel.packed_sequence,
        "pack_time": parcel.packed_at,
        "packer_name": parcel.packed_by,
        "ship_to_zone": parcel.ship_to_zone,
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
        retirement=Retirement(row["retirement"]),
        retired_sequence=row["retired_sequence"],
        contents=tuple(_packed(each) for each in row["contents"]),
        packed_sequence=row["packed_sequence"],
        packed_at=row["pack_time"],
        packed_by=row["packer_name"],
    )


def _content(packed: Packed) -> dict[str, Any]:
    """A part in a parcel as the contract's ParcelContent."""
    return {
        "fulfilment_line_id": packed.line_id,
        "line_item_id": packed.line_item_id,
        "part_id": packed.part_id,
        "part_number": packed.part_number,
        "part_name": packed.part_name,
        "quantity": packed.quantity,
    }


def _packed(values: Mapping[str, Any]) -> Packed:
    return Packed(
        values["fulfilment_line_id"],
        values.get("line_item_id", ""),
        values.get("part_id", ""),
        values.get("part_number", ""),
        values.get("part_name", ""),
        values["quantity"],
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
