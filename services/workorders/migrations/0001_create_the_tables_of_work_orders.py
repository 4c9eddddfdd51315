"""Create the tables of work orders"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types
from services.chassis.search import SearchIndex

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEARCHED = {
    "work_orders": ("number", "subject", "case_number", "account_name"),
    "accounts": ("name", "account_number"),
    "contacts": ("name", "email"),
    "facilities": ("name",),
    "stations": ("name", "serial_number", "mac_address", "station_model"),
    "cases": ("case_number", "subject"),
    "territories": ("name",),
    "entitlements": ("name",),
    "work_types": ("name",),
    "parts": ("part_number", "name"),
    "reason_codes": ("code", "label"),
    "attachments": ("title",),
    "feed_posts": ("body",),
}
# The numbers before the first ones that are given (CP-17).
SERIES = {"work_order": 20_100_000, "case": 10_400_000}


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("account_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("billing_address_street", sa.String(length=200), nullable=True),
        sa.Column("billing_address_city", sa.String(length=100), nullable=True),
        sa.Column("billing_address_state", sa.String(length=50), nullable=True),
        sa.Column("billing_address_postal_code", sa.String(length=12), nullable=True),
        sa.Column("billing_address_country", sa.String(length=2), nullable=True),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_accounts_account_number", "accounts", ["organization_id", "account_number", "id"], unique=False)
    op.create_index("ix_accounts_name", "accounts", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_accounts_scope", "accounts", ["organization_id", "id"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=255), server_default="", nullable=False),
        sa.Column("deliverable", sa.String(length=120), server_default="", nullable=False),
        sa.Column("media_type", sa.String(length=120), server_default="", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("owner_subject", sa.String(length=80), server_default="", nullable=False),
        sa.Column("owner_display_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("owner_organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("feed_post_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_attachments_order", "attachments", ["work_order_id", "create_time"], unique=False)
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
        "cases",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("case_number", sa.String(length=255), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=255), server_default="", nullable=False),
        sa.Column("account_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("contact_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("facility_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_number", name="uq_cases_case_number"),
    )
    op.create_index("ix_cases_account_id", "cases", ["organization_id", "account_id", "id"], unique=False)
    op.create_index("ix_cases_case_number", "cases", ["organization_id", "case_number", "id"], unique=False)
    op.create_index("ix_cases_facility_id", "cases", ["organization_id", "facility_id", "id"], unique=False)
    op.create_index("ix_cases_scope", "cases", ["organization_id", "id"], unique=False)
    op.create_index("ix_cases_subject", "cases", ["organization_id", "subject", "id"], unique=False)
    op.create_table(
        "comments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("feed_post_id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("mentions", services.chassis.types.JsonText(), nullable=False),
        sa.Column("author_subject", sa.String(length=80), server_default="", nullable=False),
        sa.Column("author_display_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("author_organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("author_organization_kind", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_comments_post", "comments", ["feed_post_id", "create_time"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("account_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("role", sa.String(length=80), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_contacts_account_id", "contacts", ["organization_id", "account_id", "id"], unique=False)
    op.create_index("ix_contacts_name", "contacts", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_contacts_scope", "contacts", ["organization_id", "id"], unique=False)
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
        "drafts",
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("transition", sa.String(length=60), server_default="", nullable=False),
        sa.Column("field_values", services.chassis.types.JsonText(), nullable=False),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "transition"),
    )
    op.create_table(
        "entitlements",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("plan", sa.String(length=40), server_default="", nullable=False),
        sa.Column("sla_policy_code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_entitlements_name", "entitlements", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_entitlements_scope", "entitlements", ["organization_id", "id"], unique=False)
    op.create_table(
        "facilities",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("account_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("facility_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("address_street", sa.String(length=200), nullable=True),
        sa.Column("address_city", sa.String(length=100), nullable=True),
        sa.Column("address_state", sa.String(length=50), nullable=True),
        sa.Column("address_postal_code", sa.String(length=12), nullable=True),
        sa.Column("address_country", sa.String(length=2), nullable=True),
        sa.Column("territory_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("position_latitude", sa.Float(), nullable=True),
        sa.Column("position_longitude", sa.Float(), nullable=True),
        sa.Column("access_notes", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_facilities_account_id", "facilities", ["organization_id", "account_id", "id"], unique=False)
    op.create_index("ix_facilities_name", "facilities", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_facilities_scope", "facilities", ["organization_id", "id"], unique=False)
    op.create_index("ix_facilities_territory_id", "facilities", ["organization_id", "territory_id", "id"], unique=False)
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
        "feed_posts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("mentions", services.chassis.types.JsonText(), nullable=False),
        sa.Column("facts", services.chassis.types.JsonText(), nullable=False),
        sa.Column("transition", sa.String(length=60), server_default="", nullable=False),
        sa.Column("author_subject", sa.String(length=80), server_default="", nullable=False),
        sa.Column("author_display_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("author_organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("author_organization_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("author_organization_kind", sa.String(length=40), server_default="", nullable=False),
        sa.Column("comment_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("activity_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_posts_activity", "feed_posts", ["work_order_id", "activity_time", "id"], unique=False)
    op.create_index("ix_posts_create", "feed_posts", ["work_order_id", "create_time", "id"], unique=False)
    op.create_table(
        "follows",
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "work_order_id"),
    )
    op.create_index(op.f("ix_follows_work_order_id"), "follows", ["work_order_id"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("change_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("field", sa.String(length=80), server_default="", nullable=False),
        sa.Column("field_label", sa.String(length=120), server_default="", nullable=False),
        sa.Column("actor_subject", sa.String(length=80), server_default="", nullable=False),
        sa.Column("actor_display_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("actor_organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("old_value", sa.Text(), server_default="", nullable=False),
        sa.Column("new_value", sa.Text(), server_default="", nullable=False),
        sa.Column("transition", sa.String(length=60), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("commitment", sa.String(length=64), server_default="", nullable=False),
        sa.Column("hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("erased", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("work_order_id", "sequence"),
    )
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
        "line_items",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("work_type_id", sa.String(length=40), nullable=False),
        sa.Column("work_type_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("station_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("station_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("warranty_type", sa.String(length=80), server_default="", nullable=False),
        sa.Column("parts", services.chassis.types.JsonText(), nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("finish_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("work_order_id", "number"),
    )
    op.create_index(op.f("ix_line_items_work_order_id"), "line_items", ["work_order_id"], unique=False)
    op.create_index(op.f("ix_line_items_work_type_id"), "line_items", ["work_type_id"], unique=False)
    op.create_table(
        "number_series",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=40), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=60), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("address_street", sa.String(length=255), server_default="", nullable=False),
        sa.Column("address_city", sa.String(length=100), server_default="", nullable=False),
        sa.Column("address_state", sa.String(length=50), server_default="", nullable=False),
        sa.Column("address_postal_code", sa.String(length=12), server_default="", nullable=False),
        sa.Column("address_country", sa.String(length=2), server_default="", nullable=False),
        sa.Column("free_miles", sa.Float(), nullable=True),
        sa.Column("travel_cost_per_mile_currency_code", sa.String(length=3), nullable=True),
        sa.Column("travel_cost_per_mile_micros", sa.BigInteger(), nullable=True),
        sa.Column("auto_place_orders", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default="false", nullable=False),
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
        "parts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("part_number", sa.String(length=60), server_default="", nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("returnable", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "part_number", name="uq_parts_organization_id_part_number"),
    )
    op.create_index("ix_parts_name", "parts", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_parts_part_number", "parts", ["organization_id", "part_number", "id"], unique=False)
    op.create_index("ix_parts_scope", "parts", ["organization_id", "id"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("roles", services.chassis.types.StringList(), nullable=False),
        sa.Column("technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_people_organization", "people", ["organization_id", "name"], unique=False)
    op.create_table(
        "pinned_views",
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=60), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "reason_codes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=255), server_default="", nullable=False),
        sa.Column("kind", sa.Integer(), server_default="0", nullable=False),
        sa.Column("label", sa.String(length=255), server_default="", nullable=False),
        sa.Column("guidance", sa.Text(), server_default="", nullable=False),
        sa.Column("excused", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("sort_rank", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "kind", "code", name="uq_reason_codes_organization_id_kind_code"),
    )
    op.create_index("ix_reason_codes_code", "reason_codes", ["organization_id", "code", "id"], unique=False)
    op.create_index("ix_reason_codes_label", "reason_codes", ["organization_id", "label", "id"], unique=False)
    op.create_index("ix_reason_codes_scope", "reason_codes", ["organization_id", "id"], unique=False)
    op.create_index("ix_reason_codes_sort_rank", "reason_codes", ["organization_id", "sort_rank", "id"], unique=False)
    op.create_table(
        "stations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("facility_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("serial_number", sa.String(length=60), server_default="", nullable=False),
        sa.Column("mac_address", sa.String(length=40), server_default="", nullable=False),
        sa.Column("station_model", sa.String(length=60), server_default="", nullable=False),
        sa.Column("port_count", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("physical_address_street", sa.String(length=200), nullable=True),
        sa.Column("physical_address_city", sa.String(length=100), nullable=True),
        sa.Column("physical_address_state", sa.String(length=50), nullable=True),
        sa.Column("physical_address_postal_code", sa.String(length=12), nullable=True),
        sa.Column("physical_address_country", sa.String(length=2), nullable=True),
        sa.Column("warranty_end_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_stations_facility_id", "stations", ["organization_id", "facility_id", "id"], unique=False)
    op.create_index("ix_stations_name", "stations", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_stations_scope", "stations", ["organization_id", "id"], unique=False)
    op.create_index("ix_stations_serial_number", "stations", ["organization_id", "serial_number", "id"], unique=False)
    op.create_index("ix_stations_station_model", "stations", ["organization_id", "station_model", "id"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("member_ids", services.chassis.types.StringList(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "territories",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("zone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("calendar_name", sa.String(length=80), server_default="", nullable=False),
        sa.Column("served_by", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_territories_name", "territories", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_territories_scope", "territories", ["organization_id", "id"], unique=False)
    op.create_index("ix_territories_zone", "territories", ["organization_id", "zone", "id"], unique=False)
    op.create_table(
        "visited_records",
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("resource_type", sa.String(length=120), nullable=False),
        sa.Column("resource_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=255), server_default="", nullable=False),
        sa.Column("visit_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "resource_type", "resource_id"),
    )
    op.create_index("ix_visited_person", "visited_records", ["person_id", "visit_time"], unique=False)
    op.create_table(
        "work_orders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("workflow", sa.String(length=60), server_default="", nullable=False),
        sa.Column("workflow_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.String(length=40), server_default="", nullable=False),
        sa.Column("state_label", sa.String(length=60), server_default="", nullable=False),
        sa.Column("state_tone", sa.String(length=20), server_default="", nullable=False),
        sa.Column("state_rank", sa.Integer(), server_default="0", nullable=False),
        sa.Column("category", sa.SmallInteger(), nullable=False),
        sa.Column("clock_running", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("issuer_org", sa.String(length=40), nullable=False),
        sa.Column("executor_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("executor_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("facility_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=255), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("case_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("case_number", sa.String(length=8), server_default="", nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("account_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("facility_id", sa.String(length=40), nullable=False),
        sa.Column("site_address_street", sa.String(length=255), server_default="", nullable=False),
        sa.Column("site_address_city", sa.String(length=100), server_default="", nullable=False),
        sa.Column("site_address_state", sa.String(length=50), server_default="", nullable=False),
        sa.Column("site_address_postal_code", sa.String(length=12), server_default="", nullable=False),
        sa.Column("site_address_country", sa.String(length=2), server_default="", nullable=False),
        sa.Column("site_position_latitude", sa.Float(), nullable=True),
        sa.Column("site_position_longitude", sa.Float(), nullable=True),
        sa.Column("site_time_zone", sa.String(length=60), server_default="", nullable=False),
        sa.Column("station_ids", services.chassis.types.StringList(), nullable=False),
        sa.Column("station_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("site_validation_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("contact_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("contact_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("contact_email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("contact_phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("territory_id", sa.String(length=40), nullable=False),
        sa.Column("territory_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("entitlement_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("entitlement_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("work_type_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_type_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("parts_required", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("customer_service_executive_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("customer_service_executive_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("assigned_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("ship_to_residential", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("ship_to_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("ship_to_phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("ship_to_party", sa.String(length=255), server_default="", nullable=False),
        sa.Column("ship_to_handling", sa.SmallInteger(), nullable=False),
        sa.Column("ship_to_street", sa.String(length=255), server_default="", nullable=False),
        sa.Column("ship_to_city", sa.String(length=100), server_default="", nullable=False),
        sa.Column("ship_to_state", sa.String(length=50), server_default="", nullable=False),
        sa.Column("ship_to_postal_code", sa.String(length=12), server_default="", nullable=False),
        sa.Column("ship_to_country", sa.String(length=2), server_default="", nullable=False),
        sa.Column("travel_round_trip_miles", sa.Float(), nullable=True),
        sa.Column("travel_technicians", sa.Integer(), nullable=True),
        sa.Column("travel_free_miles", sa.Float(), nullable=False),
        sa.Column("travel_billable_miles", sa.Float(), nullable=False),
        sa.Column("travel_cost_per_mile_currency_code", sa.String(length=3), nullable=True),
        sa.Column("travel_cost_per_mile_micros", sa.BigInteger(), nullable=True),
        sa.Column("travel_zone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("acceptance_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("accept_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("appointment_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("appointment_time", sa.String(length=5), server_default="", nullable=False),
        sa.Column("appointment_fold", sa.SmallInteger(), nullable=False),
        sa.Column("appointment_time_zone", sa.String(length=60), server_default="", nullable=False),
        sa.Column("appointment_start_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("appointment_delay_reason_code", sa.String(length=60), server_default="", nullable=False),
        sa.Column("appointment_delay_target_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("technician_technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("technician_person_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("technician_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("technician_email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("technician_phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("scheduling_completed_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("visit_arrive_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("visit_depart_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("costs_rental_details", sa.Text(), server_default="", nullable=False),
        sa.Column("costs_rental_cost_currency_code", sa.String(length=3), nullable=True),
        sa.Column("costs_rental_cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("costs_permit_details", sa.Text(), server_default="", nullable=False),
        sa.Column("costs_permit_cost_currency_code", sa.String(length=3), nullable=True),
        sa.Column("costs_permit_cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("sla_target_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("sla_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("sla_state", sa.SmallInteger(), nullable=False),
        sa.Column("sla_due_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("sla_due_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("sla_time_zone", sa.String(length=60), server_default="", nullable=False),
        sa.Column("sla_warn_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("sla_as_of_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("fulfilment_phase", sa.String(length=20), server_default="", nullable=False),
        sa.Column("fulfilment_order_number", sa.String(length=8), server_default="", nullable=False),
        sa.Column("fulfilment_fulfilment_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("fulfilment_expected_delivery_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("fulfilment_as_of_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("complete_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("close_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("flags", services.chassis.types.JsonText(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("scope_version", sa.BigInteger(), nullable=False),
        sa.Column("event_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("moved_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("fulfilment_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("history_head", sa.String(length=64), server_default="", nullable=False),
        sa.Column("history_length", sa.BigInteger(), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_orders_account", "work_orders", ["account_id"], unique=False)
    op.create_index("ix_orders_case", "work_orders", ["case_id"], unique=False)
    op.create_index("ix_orders_executor_org", "work_orders", ["executor_org", "id"], unique=False)
    op.create_index(
        "ix_orders_executor_org_account_name", "work_orders", ["executor_org", "account_name", "id"], unique=False
    )
    op.create_index(
        "ix_orders_executor_org_appointment_start_time",
        "work_orders",
        ["executor_org", "appointment_start_time", "id"],
        unique=False,
    )
    op.create_index(
        "ix_orders_executor_org_assigned_time", "work_orders", ["executor_org", "assigned_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_executor_org_case_number", "work_orders", ["executor_org", "case_number", "id"], unique=False
    )
    op.create_index(
        "ix_orders_executor_org_close_time", "work_orders", ["executor_org", "close_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_executor_org_complete_time", "work_orders", ["executor_org", "complete_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_executor_org_create_time", "work_orders", ["executor_org", "create_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_executor_org_entitlement_name",
        "work_orders",
        ["executor_org", "entitlement_name", "id"],
        unique=False,
    )
    op.create_index("ix_orders_executor_org_number", "work_orders", ["executor_org", "number", "id"], unique=False)
    op.create_index("ix_orders_executor_org_priority", "work_orders", ["executor_org", "priority", "id"], unique=False)
    op.create_index(
        "ix_orders_executor_org_sla_due_time", "work_orders", ["executor_org", "sla_due_time", "id"], unique=False
    )
    op.create_index("ix_orders_executor_org_state", "work_orders", ["executor_org", "state", "id"], unique=False)
    op.create_index(
        "ix_orders_executor_org_state_rank", "work_orders", ["executor_org", "state_rank", "id"], unique=False
    )
    op.create_index("ix_orders_executor_org_subject", "work_orders", ["executor_org", "subject", "id"], unique=False)
    op.create_index(
        "ix_orders_executor_org_territory_name", "work_orders", ["executor_org", "territory_name", "id"], unique=False
    )
    op.create_index(
        "ix_orders_executor_org_update_time", "work_orders", ["executor_org", "update_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_executor_org_work_type_name", "work_orders", ["executor_org", "work_type_name", "id"], unique=False
    )
    op.create_index("ix_orders_facility", "work_orders", ["facility_id"], unique=False)
    op.create_index("ix_orders_facility_org", "work_orders", ["facility_org", "id"], unique=False)
    op.create_index("ix_orders_facility_org_state", "work_orders", ["facility_org", "state", "id"], unique=False)
    op.create_index("ix_orders_issuer_org", "work_orders", ["issuer_org", "id"], unique=False)
    op.create_index(
        "ix_orders_issuer_org_account_name", "work_orders", ["issuer_org", "account_name", "id"], unique=False
    )
    op.create_index(
        "ix_orders_issuer_org_appointment_start_time",
        "work_orders",
        ["issuer_org", "appointment_start_time", "id"],
        unique=False,
    )
    op.create_index(
        "ix_orders_issuer_org_assigned_time", "work_orders", ["issuer_org", "assigned_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_issuer_org_case_number", "work_orders", ["issuer_org", "case_number", "id"], unique=False
    )
    op.create_index("ix_orders_issuer_org_close_time", "work_orders", ["issuer_org", "close_time", "id"], unique=False)
    op.create_index(
        "ix_orders_issuer_org_complete_time", "work_orders", ["issuer_org", "complete_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_issuer_org_create_time", "work_orders", ["issuer_org", "create_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_issuer_org_entitlement_name", "work_orders", ["issuer_org", "entitlement_name", "id"], unique=False
    )
    op.create_index("ix_orders_issuer_org_number", "work_orders", ["issuer_org", "number", "id"], unique=False)
    op.create_index("ix_orders_issuer_org_priority", "work_orders", ["issuer_org", "priority", "id"], unique=False)
    op.create_index(
        "ix_orders_issuer_org_sla_due_time", "work_orders", ["issuer_org", "sla_due_time", "id"], unique=False
    )
    op.create_index("ix_orders_issuer_org_state", "work_orders", ["issuer_org", "state", "id"], unique=False)
    op.create_index("ix_orders_issuer_org_state_rank", "work_orders", ["issuer_org", "state_rank", "id"], unique=False)
    op.create_index("ix_orders_issuer_org_subject", "work_orders", ["issuer_org", "subject", "id"], unique=False)
    op.create_index(
        "ix_orders_issuer_org_territory_name", "work_orders", ["issuer_org", "territory_name", "id"], unique=False
    )
    op.create_index(
        "ix_orders_issuer_org_update_time", "work_orders", ["issuer_org", "update_time", "id"], unique=False
    )
    op.create_index(
        "ix_orders_issuer_org_work_type_name", "work_orders", ["issuer_org", "work_type_name", "id"], unique=False
    )
    op.create_index("ix_orders_technician_person_id", "work_orders", ["technician_person_id", "id"], unique=False)
    op.create_index(
        "ix_orders_technician_person_id_state", "work_orders", ["technician_person_id", "state", "id"], unique=False
    )
    op.create_table(
        "work_types",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("kind", sa.Integer(), server_default="0", nullable=False),
        sa.Column("needs_parts", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("old_part_returns", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("duration_minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("technicians_needed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deliverables", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("certification_codes", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("instructions", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_work_types_name", "work_types", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_work_types_scope", "work_types", ["organization_id", "id"], unique=False)
    for table, columns in SEARCHED.items():
        named = sa.Table(table, sa.MetaData(), *(sa.Column(name, sa.String()) for name in ("id", *columns)))
        SearchIndex(named, columns).create(op.get_bind())
    series = sa.table("number_series", sa.column("name", sa.String), sa.column("last", sa.BigInteger))
    op.bulk_insert(series, [{"name": name, "last": last} for name, last in SERIES.items()])


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
