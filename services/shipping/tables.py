"""Tables of the shipping service. Those of resources come from their contracts, with what only shipping reads added.

Rows that belong to a work order carry its parties and are filtered by them locally (hard-parts 3).
"""

from fieldmesh.shipping.v1 import fulfilment_order_pb2, parts_request_pb2, shipment_pb2, sla_pb2
from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from services.chassis.kit.table import kit_table
from services.chassis.tables import chassis_tables
from services.chassis.types import Instant, JsonText, LocalDate, StringList

metadata = MetaData()
chassis = chassis_tables(metadata)

PARTY_COLUMNS = ("parties_issuer_org", "parties_executor_org", "parties_facility_org")


def _key() -> Column[str]:
    return Column("id", String(40), primary_key=True)


def _ref(name: str) -> Column[str]:
    return Column(name, String(40), nullable=False, server_default="")


def _text(name: str, length: int = 255) -> Column[str]:
    return Column(name, String(length), nullable=False, server_default="")


def _whole(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _by_party(table: str, order: str = "") -> tuple[Index, ...]:
    """Indexes for each party column, in the list's order; a list of several parties is a union along them."""
    return tuple(
        Index(f"ix_{table}_{name.removeprefix('parties_')}", *filter(None, (name, order, "id")))
        for name in PARTY_COLUMNS
    )


# What shipping knows of the orders of workorders: enough to ship, to filter and to compute targets.
work_orders = Table(
    "work_orders",
    metadata,
    _key(),
    _text("number", 20),
    _whole("source_version"),
    *(_ref(name) for name in PARTY_COLUMNS),
    Column("parties_technician_ids", StringList, nullable=False, server_default="[]"),
    _whole("parties_scope_version"),
    Column("category", SmallInteger, nullable=False),
    _text("entitlement_name"),
    _text("policy_code", 80),
    _text("calendar_name", 80),
    _text("site_time_zone", 80),
    _flag("parts_required"),
    _whole("acceptance_version"),
    Column("assigned_time", Instant),
    Column("pauses", JsonText, nullable=False),
    Column("stopped_time", Instant),
    Column("completed_time", Instant),
    _flag("void"),
    _whole("target_version"),
)

# One row for each technician with a part in an order, so that a technician's lists follow an index.
order_technicians = Table(
    "order_technicians",
    metadata,
    Column("technician_id", String(40), primary_key=True),
    Column("work_order_id", String(40), primary_key=True, index=True),
)

parts_requests = kit_table(
    metadata,
    parts_request_pb2.PartsRequest,
    "parts_requests",
    _text("ship_to_zone", 80),
    *_by_party("parts_requests", "create_time"),
    unique=[("work_order_id", "acceptance_version")],
)

fulfilment_orders = kit_table(
    metadata,
    fulfilment_order_pb2.FulfilmentOrder,
    "fulfilment_orders",
    _text("ship_to_zone", 80),
    _ref("parts_request_id"),
    _whole("acceptance_version"),
    Column("required_parcels", Integer, nullable=False, server_default="0"),
    *_by_party("fulfilment_orders", "create_time"),
    unique=[("number",), ("parts_request_id",)],
)

shipments = kit_table(
    metadata,
    shipment_pb2.Shipment,
    "shipments",
    *_by_party("shipments", "create_time"),
    unique=[("fulfilment_order_id", "carrier")],
)

parcels = kit_table(
    metadata,
    shipment_pb2.Parcel,
    "parcels",
    _text("ship_to_zone", 80),
    *_by_party("parcels", "tracking_number"),
    unique=[("carrier", "tracking_number")],
)

tracking_events = kit_table(
    metadata,
    shipment_pb2.TrackingEvent,
    "tracking_events",
    Column("work_order_id", String(40), nullable=False, index=True),
    Column("delivery_date", LocalDate),
    *_by_party("tracking_events"),
    unique=[("parcel_id", "carrier_sequence")],
)

business_calendars = kit_table(
    metadata, sla_pb2.BusinessCalendar, "business_calendars", unique=[("organization_id", "name", "version")]
)

sla_policies = kit_table(metadata, sla_pb2.SlaPolicy, "sla_policies", unique=[("organization_id", "code", "version")])

sla_targets = kit_table(
    metadata,
    sla_pb2.SlaTarget,
    "sla_targets",
    Column("inputs", JsonText, nullable=False),
    *_by_party("sla_targets", "version"),
    unique=[("work_order_id", "version")],
)

# What technicians says of organisations; a tombstone keeps its version (hard-parts 10).
organizations = Table(
    "organizations",
    metadata,
    _key(),
    Column("name", Text, nullable=False, server_default=""),
    _flag("auto_place_orders"),
    _whole("source_version"),
    _flag("deleted"),
)

numbers = Table("numbers", metadata, Column("name", String(40), primary_key=True), _whole("next"))

OF_AN_ORDER: tuple[Table, ...] = (
    parts_requests,
    fulfilment_orders,
    shipments,
    parcels,
    tracking_events,
    sla_targets,
)
"""Tables whose rows follow the parties of their work order."""
