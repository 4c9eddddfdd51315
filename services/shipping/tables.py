"""Tables of the shipping service. Those of resources come from their contracts, with what only shipping reads added.

Rows that belong to a work order carry its parties and are filtered by them locally (hard-parts 3).
"""

from fieldmesh.shipping.v1 import fulfilment_order_pb2, parts_request_pb2, rma_pb2, shipment_pb2, sla_pb2
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
    # Counts what others were told of the order's parts.
    _whole("parts_version"),
    # Of its line items, as their work types had them when the order moved last.
    Column("work_classes", StringList, nullable=False, server_default="[]"),
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
    _whole("retired_sequence"),
    # The carrier's message up to which what is in it was told.
    _whole("packed_sequence"),
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

rmas = kit_table(
    metadata,
    rma_pb2.Rma,
    "rmas",
    # Which reminders went out.
    Column("reminded", SmallInteger, nullable=False, server_default="0"),
    *_by_party("rmas", "create_time"),
    unique=[("number",)],
)

business_calendars = kit_table(
    metadata, sla_pb2.BusinessCalendar, "business_calendars", unique=[("organization_id", "name", "version")]
)

sla_policies = kit_table(metadata, sla_pb2.SlaPolicy, "sla_policies", unique=[("organization_id", "code", "version")])

sla_recalculations = kit_table(
    metadata,
    sla_pb2.SlaRecalculation,
    "sla_recalculations",
    # What was published, and the order that was looked at last: a restart goes on behind it.
    _text("version_kind", 10),
    _text("version_key", 120),
    _ref("after"),
)

sla_targets = kit_table(
    metadata,
    sla_pb2.SlaTarget,
    "sla_targets",
    Column("inputs", JsonText, nullable=False),
    *_by_party("sla_targets", "version"),
    unique=[("work_order_id", "version")],
)

# What the timer tells of a target, once for each version and kind (hard-parts 9).
sla_warnings = Table(
    "sla_warnings",
    metadata,
    Column("work_order_id", String(40), primary_key=True),
    Column("target_version", BigInteger, primary_key=True),
    Column("kind", SmallInteger, primary_key=True),
    Column("due_time", Instant, nullable=False),
    Column("told_time", Instant),
    # The version of the target that lifted a breach, such as by a later delivery date (sla.md, 2).
    _whole("lifted_by_version"),
    Index("ix_sla_warnings_waiting", "told_time", "due_time"),
)

# What technicians says of organisations; a tombstone keeps its version (hard-parts 10).
organizations = Table(
    "organizations",
    metadata,
    _key(),
    Column("name", Text, nullable=False, server_default=""),
    _flag("auto_place_orders"),
    # Days until parts are to be on their way back; 0: as the installation has it.
    _whole("return_days"),
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
    rmas,
    sla_targets,
)
"""Tables whose rows follow the parties of their work order."""
