"""What the kit serves of shipping. All of it is read: events, carriers and seeds write it."""

from fieldmesh.shipping.v1 import fulfilment_order_pb2, parts_request_pb2, shipment_pb2, sla_pb2
from google.protobuf.message import Message
from sqlalchemy import Table

from services.chassis.kit.resource import Resource
from services.shipping import tables
from services.shipping.scope import ROWS_OF_AN_ORDER


def resources() -> tuple[Resource, ...]:
    """The resources of shipping, each with the rows that a caller may see."""
    of_an_order: tuple[tuple[type[Message], Table], ...] = (
        (parts_request_pb2.PartsRequest, tables.parts_requests),
        (fulfilment_order_pb2.FulfilmentOrder, tables.fulfilment_orders),
        (shipment_pb2.Shipment, tables.shipments),
        (shipment_pb2.Parcel, tables.parcels),
        (shipment_pb2.TrackingEvent, tables.tracking_events),
        (sla_pb2.SlaTarget, tables.sla_targets),
    )
    return (
        *(Resource(message, table, scope=ROWS_OF_AN_ORDER) for message, table in of_an_order),
        Resource(sla_pb2.BusinessCalendar, tables.business_calendars),
        Resource(sla_pb2.SlaPolicy, tables.sla_policies),
    )
