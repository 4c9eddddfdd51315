"""What the kit serves of shipping. All of it is read: events, carriers, drafts and seeds write it."""

from collections.abc import Sequence
from typing import Any

from fieldmesh.shipping.v1 import fulfilment_order_pb2, parts_request_pb2, rma_pb2, shipment_pb2, sla_pb2
from google.protobuf.message import Message
from sqlalchemy import Connection, Table

from services.chassis.etag import etag_of
from services.chassis.identity import Caller
from services.chassis.kit.resource import Resource
from services.shipping import tables
from services.shipping.scope import RECALCULATIONS, ROWS_OF_AN_ORDER, VERSIONS


def _etags(_connection: Connection, _caller: Caller, rows: Sequence[Any]) -> None:
    """A draft's changes are counted beside its version."""
    for row in rows:
        row.etag = etag_of(row.id, row.revision)


VERSIONED = {
    "calendar": Resource(sla_pb2.BusinessCalendar, tables.business_calendars, scope=VERSIONS, present=_etags),
    "policy": Resource(sla_pb2.SlaPolicy, tables.sla_policies, scope=VERSIONS, present=_etags),
}
"""Calendars and policies, by the kind of their versions."""


def resources() -> tuple[Resource, ...]:
    """The resources of shipping, each with the rows that a caller may see."""
    of_an_order: tuple[tuple[type[Message], Table], ...] = (
        (parts_request_pb2.PartsRequest, tables.parts_requests),
        (fulfilment_order_pb2.FulfilmentOrder, tables.fulfilment_orders),
        (shipment_pb2.Shipment, tables.shipments),
        (shipment_pb2.Parcel, tables.parcels),
        (shipment_pb2.TrackingEvent, tables.tracking_events),
        (rma_pb2.Rma, tables.rmas),
        (sla_pb2.SlaTarget, tables.sla_targets),
    )
    return (
        *(Resource(message, table, scope=ROWS_OF_AN_ORDER) for message, table in of_an_order),
        *VERSIONED.values(),
        Resource(sla_pb2.SlaRecalculation, tables.sla_recalculations, scope=RECALCULATIONS),
    )
