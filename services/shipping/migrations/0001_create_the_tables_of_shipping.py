"""Create the tables of shipping"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types
from services.chassis.search import SearchIndex

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEARCHED = {
    "parts_requests": ("work_order_number",),
    "fulfilment_orders": ("number", "work_order_number"),
    "parcels": ("tracking_number",),
    "business_calendars": ("name",),
    "sla_policies": ("code", "name"),
}


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("actor_subject", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("actor_organization_id", sa.String(length=80), nullable=False),
        sa.Column("resource_type", sa.String(length=200), nullable=False),
        sa.Column("resource_id", sa.String(length=80), nullable=False),
        sa.Column("verb", sa.String(length=20), nullable=False),
        sa.Column("changes", services.chassis.types.JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_resource", "audit", ["resource_type", "resource_id", "id"], unique=False)
    op.create_table(
        "business_calendars",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("windows", services.chassis.types.JsonText(), server_default="[]", nullable=False),
        sa.Column("exceptions", services.chassis.types.JsonText(), server_default="[]", nullable=False),
        sa.Column("in_force", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=255), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "organization_id", "name", "version", name="uq_business_calendars_organization_id_name_version"
        ),
    )
    op.create_index("ix_business_calendars_name", "business_calendars", ["name", "id"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "key"),
    )
    op.create_table(
        "database_epoch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.String(length=40), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "feed_consumers",
        sa.Column("consumer", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("seen_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("consumer"),
    )
    op.create_table(
        "feed_cursors",
        sa.Column("consumer", sa.String(length=40), nullable=False),
        sa.Column("producer", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("stopped_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "producer"),
    )
    op.create_table(
        "fulfilment_orders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=255), server_default="", nullable=False),
        sa.Column("order_class", sa.String(length=255), server_default="", nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_order_number", sa.String(length=255), server_default="", nullable=False),
        sa.Column("phase", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ship_to_residential", sa.Boolean(), nullable=True),
        sa.Column("ship_to_name", sa.String(length=120), nullable=True),
        sa.Column("ship_to_phone", sa.String(length=255), nullable=True),
        sa.Column("ship_to_party", sa.String(length=120), nullable=True),
        sa.Column("ship_to_handling", sa.Integer(), nullable=True),
        sa.Column("ship_to_street", sa.String(length=200), nullable=True),
        sa.Column("ship_to_city", sa.String(length=100), nullable=True),
        sa.Column("ship_to_state", sa.String(length=50), nullable=True),
        sa.Column("ship_to_postal_code", sa.String(length=12), nullable=True),
        sa.Column("ship_to_country", sa.String(length=2), nullable=True),
        sa.Column("lines", services.chassis.types.JsonText(), server_default="[]", nullable=False),
        sa.Column("expected_delivery_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("parties_issuer_org", sa.String(length=255), nullable=True),
        sa.Column("parties_executor_org", sa.String(length=255), nullable=True),
        sa.Column("parties_facility_org", sa.String(length=255), nullable=True),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), nullable=True),
        sa.Column("parties_scope_version", sa.BigInteger(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ship_to_zone", sa.String(length=80), server_default="", nullable=False),
        sa.Column("parts_request_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("acceptance_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("required_parcels", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="uq_fulfilment_orders_number"),
        sa.UniqueConstraint("parts_request_id", name="uq_fulfilment_orders_parts_request_id"),
    )
    op.create_index("ix_fulfilment_orders_create_time", "fulfilment_orders", ["create_time", "id"], unique=False)
    op.create_index(
        "ix_fulfilment_orders_executor_org",
        "fulfilment_orders",
        ["parties_executor_org", "create_time", "id"],
        unique=False,
    )
    op.create_index(
        "ix_fulfilment_orders_facility_org",
        "fulfilment_orders",
        ["parties_facility_org", "create_time", "id"],
        unique=False,
    )
    op.create_index(
        "ix_fulfilment_orders_issuer_org",
        "fulfilment_orders",
        ["parties_issuer_org", "create_time", "id"],
        unique=False,
    )
    op.create_index("ix_fulfilment_orders_number", "fulfilment_orders", ["number", "id"], unique=False)
    op.create_index("ix_fulfilment_orders_work_order_id", "fulfilment_orders", ["work_order_id", "id"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("method", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "method", "request_id"),
    )
    op.create_index("ix_idempotency_create_time", "idempotency", ["create_time"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("handler", sa.String(length=120), nullable=False),
        sa.Column("lane", sa.String(length=250), nullable=False),
        sa.Column("producer", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("aggregate_id", sa.String(length=80), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("redelivered", sa.Boolean(), nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.Column("accept_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("next_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("finish_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("skip_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("skip_subject", sa.String(length=80), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("event_id", "handler", name="uq_inbox_event_handler"),
        sa.UniqueConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbox_accept_time", "inbox", ["accept_time"], unique=False)
    op.create_index(
        "ix_inbox_lane",
        "inbox",
        ["lane", "sequence"],
        unique=False,
        sqlite_where=sa.text("state IN (1, 3)"),
        postgresql_where=sa.text("state IN (1, 3)"),
    )
    op.create_index(
        "ix_inbox_unfinished",
        "inbox",
        ["sequence"],
        unique=False,
        sqlite_where=sa.text("state IN (1, 3)"),
        postgresql_where=sa.text("state IN (1, 3)"),
    )
    op.create_table(
        "numbers",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("next", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "order_technicians",
        sa.Column("technician_id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("technician_id", "work_order_id"),
    )
    op.create_index(op.f("ix_order_technicians_work_order_id"), "order_technicians", ["work_order_id"], unique=False)
    op.create_table(
        "organizations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("auto_place_orders", sa.Boolean(), nullable=False),
        sa.Column("source_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("aggregate_type", sa.String(length=80), nullable=False),
        sa.Column("aggregate_id", sa.String(length=80), nullable=False),
        sa.Column("aggregate_version", sa.BigInteger(), nullable=False),
        sa.Column("occur_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("actor_subject", sa.String(length=80), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("actor_organization_id", sa.String(length=80), nullable=False),
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.Column("sent_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("next_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_lane",
        "outbox",
        ["aggregate_id", "sequence"],
        unique=False,
        sqlite_where=sa.text("sent_time IS NULL"),
        postgresql_where=sa.text("sent_time IS NULL"),
    )
    op.create_index("ix_outbox_occur_time", "outbox", ["occur_time"], unique=False)
    op.create_index(
        "ix_outbox_unsent",
        "outbox",
        ["sequence"],
        unique=False,
        sqlite_where=sa.text("sent_time IS NULL"),
        postgresql_where=sa.text("sent_time IS NULL"),
    )
    op.create_table(
        "parcels",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("shipment_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("fulfilment_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("carrier", sa.String(length=255), server_default="", nullable=False),
        sa.Column("tracking_number", sa.String(length=255), server_default="", nullable=False),
        sa.Column("required", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expected_delivery_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("delivery_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("deliver_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("carrier_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("parties_issuer_org", sa.String(length=255), nullable=True),
        sa.Column("parties_executor_org", sa.String(length=255), nullable=True),
        sa.Column("parties_facility_org", sa.String(length=255), nullable=True),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), nullable=True),
        sa.Column("parties_scope_version", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("ship_to_zone", sa.String(length=80), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("carrier", "tracking_number", name="uq_parcels_carrier_tracking_number"),
    )
    op.create_index(
        "ix_parcels_executor_org", "parcels", ["parties_executor_org", "tracking_number", "id"], unique=False
    )
    op.create_index(
        "ix_parcels_facility_org", "parcels", ["parties_facility_org", "tracking_number", "id"], unique=False
    )
    op.create_index("ix_parcels_fulfilment_order_id", "parcels", ["fulfilment_order_id", "id"], unique=False)
    op.create_index("ix_parcels_issuer_org", "parcels", ["parties_issuer_org", "tracking_number", "id"], unique=False)
    op.create_index("ix_parcels_shipment_id", "parcels", ["shipment_id", "id"], unique=False)
    op.create_index("ix_parcels_tracking_number", "parcels", ["tracking_number", "id"], unique=False)
    op.create_index("ix_parcels_work_order_id", "parcels", ["work_order_id", "id"], unique=False)
    op.create_table(
        "parts_requests",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_order_number", sa.String(length=255), server_default="", nullable=False),
        sa.Column("acceptance_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ship_to_residential", sa.Boolean(), nullable=True),
        sa.Column("ship_to_name", sa.String(length=120), nullable=True),
        sa.Column("ship_to_phone", sa.String(length=255), nullable=True),
        sa.Column("ship_to_party", sa.String(length=120), nullable=True),
        sa.Column("ship_to_handling", sa.Integer(), nullable=True),
        sa.Column("ship_to_street", sa.String(length=200), nullable=True),
        sa.Column("ship_to_city", sa.String(length=100), nullable=True),
        sa.Column("ship_to_state", sa.String(length=50), nullable=True),
        sa.Column("ship_to_postal_code", sa.String(length=12), nullable=True),
        sa.Column("ship_to_country", sa.String(length=2), nullable=True),
        sa.Column("lines", services.chassis.types.JsonText(), server_default="[]", nullable=False),
        sa.Column("fulfilment_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("parties_issuer_org", sa.String(length=255), nullable=True),
        sa.Column("parties_executor_org", sa.String(length=255), nullable=True),
        sa.Column("parties_facility_org", sa.String(length=255), nullable=True),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), nullable=True),
        sa.Column("parties_scope_version", sa.BigInteger(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("ship_to_zone", sa.String(length=80), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "work_order_id", "acceptance_version", name="uq_parts_requests_work_order_id_acceptance_version"
        ),
    )
    op.create_index("ix_parts_requests_create_time", "parts_requests", ["create_time", "id"], unique=False)
    op.create_index(
        "ix_parts_requests_executor_org", "parts_requests", ["parties_executor_org", "create_time", "id"], unique=False
    )
    op.create_index(
        "ix_parts_requests_facility_org", "parts_requests", ["parties_facility_org", "create_time", "id"], unique=False
    )
    op.create_index(
        "ix_parts_requests_issuer_org", "parts_requests", ["parties_issuer_org", "create_time", "id"], unique=False
    )
    op.create_index("ix_parts_requests_work_order_id", "parts_requests", ["work_order_id", "id"], unique=False)
    op.create_index("ix_parts_requests_work_order_number", "parts_requests", ["work_order_number", "id"], unique=False)
    op.create_table(
        "shipments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("fulfilment_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("carrier", sa.String(length=255), server_default="", nullable=False),
        sa.Column("pickup_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("parties_issuer_org", sa.String(length=255), nullable=True),
        sa.Column("parties_executor_org", sa.String(length=255), nullable=True),
        sa.Column("parties_facility_org", sa.String(length=255), nullable=True),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), nullable=True),
        sa.Column("parties_scope_version", sa.BigInteger(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fulfilment_order_id", "carrier", name="uq_shipments_fulfilment_order_id_carrier"),
    )
    op.create_index("ix_shipments_create_time", "shipments", ["create_time", "id"], unique=False)
    op.create_index(
        "ix_shipments_executor_org", "shipments", ["parties_executor_org", "create_time", "id"], unique=False
    )
    op.create_index(
        "ix_shipments_facility_org", "shipments", ["parties_facility_org", "create_time", "id"], unique=False
    )
    op.create_index("ix_shipments_fulfilment_order_id", "shipments", ["fulfilment_order_id", "id"], unique=False)
    op.create_index("ix_shipments_issuer_org", "shipments", ["parties_issuer_org", "create_time", "id"], unique=False)
    op.create_index("ix_shipments_work_order_id", "shipments", ["work_order_id", "id"], unique=False)
    op.create_table(
        "sla_policies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=255), server_default="", nullable=False),
        sa.Column("name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unit", sa.Integer(), server_default="0", nullable=False),
        sa.Column("amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cut_off", sa.String(length=255), server_default="", nullable=False),
        sa.Column("due_time", sa.String(length=255), server_default="", nullable=False),
        sa.Column("in_force", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=255), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "code", "version", name="uq_sla_policies_organization_id_code_version"),
    )
    op.create_index("ix_sla_policies_code", "sla_policies", ["code", "id"], unique=False)
    op.create_table(
        "sla_targets",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("due_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("time_zone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("warn_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("policy_code", sa.String(length=255), server_default="", nullable=False),
        sa.Column("policy_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("calendar_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("calendar_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("steps", services.chassis.types.JsonText(), server_default="[]", nullable=False),
        sa.Column("latest", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("compute_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("parties_issuer_org", sa.String(length=255), nullable=True),
        sa.Column("parties_executor_org", sa.String(length=255), nullable=True),
        sa.Column("parties_facility_org", sa.String(length=255), nullable=True),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), nullable=True),
        sa.Column("parties_scope_version", sa.BigInteger(), nullable=True),
        sa.Column("inputs", services.chassis.types.JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("work_order_id", "version", name="uq_sla_targets_work_order_id_version"),
    )
    op.create_index("ix_sla_targets_due_time", "sla_targets", ["due_time", "id"], unique=False)
    op.create_index(
        "ix_sla_targets_executor_org", "sla_targets", ["parties_executor_org", "version", "id"], unique=False
    )
    op.create_index(
        "ix_sla_targets_facility_org", "sla_targets", ["parties_facility_org", "version", "id"], unique=False
    )
    op.create_index("ix_sla_targets_issuer_org", "sla_targets", ["parties_issuer_org", "version", "id"], unique=False)
    op.create_index("ix_sla_targets_version", "sla_targets", ["version", "id"], unique=False)
    op.create_index("ix_sla_targets_work_order_id", "sla_targets", ["work_order_id", "id"], unique=False)
    op.create_table(
        "tracking_events",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("parcel_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("carrier_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("description", sa.String(length=255), server_default="", nullable=False),
        sa.Column("location", sa.String(length=255), server_default="", nullable=False),
        sa.Column("expected_delivery_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("occur_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("receive_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("applied", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("parties_issuer_org", sa.String(length=255), nullable=True),
        sa.Column("parties_executor_org", sa.String(length=255), nullable=True),
        sa.Column("parties_facility_org", sa.String(length=255), nullable=True),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), nullable=True),
        sa.Column("parties_scope_version", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("delivery_date", services.chassis.types.LocalDate(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("parcel_id", "carrier_sequence", name="uq_tracking_events_parcel_id_carrier_sequence"),
    )
    op.create_index("ix_tracking_events_carrier_sequence", "tracking_events", ["carrier_sequence", "id"], unique=False)
    op.create_index("ix_tracking_events_executor_org", "tracking_events", ["parties_executor_org", "id"], unique=False)
    op.create_index("ix_tracking_events_facility_org", "tracking_events", ["parties_facility_org", "id"], unique=False)
    op.create_index("ix_tracking_events_issuer_org", "tracking_events", ["parties_issuer_org", "id"], unique=False)
    op.create_index("ix_tracking_events_occur_time", "tracking_events", ["occur_time", "id"], unique=False)
    op.create_index("ix_tracking_events_parcel_id", "tracking_events", ["parcel_id", "id"], unique=False)
    op.create_index(op.f("ix_tracking_events_work_order_id"), "tracking_events", ["work_order_id"], unique=False)
    op.create_table(
        "work_orders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=20), server_default="", nullable=False),
        sa.Column("source_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("parties_issuer_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("parties_executor_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("parties_facility_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("parties_scope_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("category", sa.SmallInteger(), nullable=False),
        sa.Column("entitlement_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("policy_code", sa.String(length=80), server_default="", nullable=False),
        sa.Column("calendar_name", sa.String(length=80), server_default="", nullable=False),
        sa.Column("site_time_zone", sa.String(length=80), server_default="", nullable=False),
        sa.Column("parts_required", sa.Boolean(), nullable=False),
        sa.Column("acceptance_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("assigned_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("pauses", services.chassis.types.JsonText(), nullable=False),
        sa.Column("stopped_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("completed_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("target_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table, columns in SEARCHED.items():
        named = sa.Table(table, sa.MetaData(), *(sa.Column(name, sa.String()) for name in ("id", *columns)))
        SearchIndex(named, columns).create(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
