"""Create the tables of technicians"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types
from services.chassis.search import SearchIndex

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEARCHED = {
    "organizations": ("name",),
    "people": ("name", "login", "email"),
    "teams": ("name",),
    "technicians": ("name", "email"),
    "certifications": ("code", "name"),
    "assignments": ("work_order_number",),
}


def upgrade() -> None:
    op.create_table(
        "assignments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_order_number", sa.String(length=255), server_default="", nullable=False),
        sa.Column("technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("method", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missing_skills", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("reason_code", sa.String(length=255), server_default="", nullable=False),
        sa.Column("reason_text", sa.String(length=255), server_default="", nullable=False),
        sa.Column("start_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("end_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("expire_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("actor_subject", sa.String(length=255), nullable=True),
        sa.Column("actor_display_name", sa.String(length=255), nullable=True),
        sa.Column("actor_organization_id", sa.String(length=255), nullable=True),
        sa.Column("assign_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("issuer_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("executor_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("facility_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("scope_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("duration_minutes", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_assignments_assign_time", "assignments", ["assign_time", "id"], unique=False)
    op.create_index("ix_assignments_executor_org", "assignments", ["executor_org", "assign_time", "id"], unique=False)
    op.create_index("ix_assignments_expiry", "assignments", ["state", "expire_time"], unique=False)
    op.create_index("ix_assignments_facility_org", "assignments", ["facility_org", "assign_time", "id"], unique=False)
    op.create_index("ix_assignments_issuer_org", "assignments", ["issuer_org", "assign_time", "id"], unique=False)
    op.create_index("ix_assignments_start_time", "assignments", ["start_time", "id"], unique=False)
    op.create_index("ix_assignments_technician_id", "assignments", ["technician_id", "id"], unique=False)
    op.create_index("ix_assignments_visit", "assignments", ["technician_id", "state", "start_time"], unique=False)
    op.create_index("ix_assignments_work_order_id", "assignments", ["work_order_id", "id"], unique=False)
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
        "certifications",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("current", sa.String(length=255), server_default="", nullable=False),
        sa.Column("valid_months", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", name="uq_certifications_code"),
    )
    op.create_index("ix_certifications_code", "certifications", ["code", "id"], unique=False)
    op.create_index("ix_certifications_name", "certifications", ["name", "id"], unique=False)
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
        "memberships",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("start_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("end_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("corporate_email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_memberships_end_date", "memberships", ["end_date", "id"], unique=False)
    op.create_index("ix_memberships_organization_id", "memberships", ["organization_id", "id"], unique=False)
    op.create_index("ix_memberships_start_date", "memberships", ["start_date", "id"], unique=False)
    op.create_index("ix_memberships_technician_id", "memberships", ["technician_id", "id"], unique=False)
    op.create_table(
        "organizations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("kind", sa.Integer(), server_default="0", nullable=False),
        sa.Column("domains", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("phone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("address_street", sa.String(length=200), nullable=True),
        sa.Column("address_city", sa.String(length=100), nullable=True),
        sa.Column("address_state", sa.String(length=50), nullable=True),
        sa.Column("address_postal_code", sa.String(length=12), nullable=True),
        sa.Column("address_country", sa.String(length=2), nullable=True),
        sa.Column("time_zone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("free_miles", sa.Float(), nullable=True),
        sa.Column("travel_cost_per_mile_currency_code", sa.String(length=255), nullable=True),
        sa.Column("travel_cost_per_mile_micros", sa.BigInteger(), nullable=True),
        sa.Column("auto_place_orders", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name="uq_organizations_name"),
    )
    op.create_index("ix_organizations_name", "organizations", ["name", "id"], unique=False)
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
        "people",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("login", sa.String(length=60), server_default="", nullable=False),
        sa.Column("email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("roles", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("locale", sa.String(length=20), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("session_epoch", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_people_login", "people", ["login", "id"], unique=False)
    op.create_index("ix_people_name", "people", ["name", "id"], unique=False)
    op.create_index("ix_people_organization_id", "people", ["organization_id", "id"], unique=False)
    op.create_index("ix_people_organization_name", "people", ["organization_id", "name", "id"], unique=False)
    op.create_index(
        "uq_people_login",
        "people",
        ["login"],
        unique=True,
        sqlite_where=sa.text("login <> ''"),
        postgresql_where=sa.text("login <> ''"),
    )
    op.create_table(
        "skill_requirements",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_type_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_type_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("all_of", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("any_of", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("technicians_needed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "organization_id", "work_type_id", name="uq_skill_requirements_organization_id_work_type_id"
        ),
    )
    op.create_index("ix_skill_requirements_work_type_id", "skill_requirements", ["work_type_id", "id"], unique=False)
    op.create_index(
        "ix_skill_requirements_work_type_name", "skill_requirements", ["work_type_name", "id"], unique=False
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("member_ids", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "name", name="uq_teams_organization_id_name"),
    )
    op.create_index("ix_teams_name", "teams", ["name", "id"], unique=False)
    op.create_index("ix_teams_organization_id", "teams", ["organization_id", "id"], unique=False)
    op.create_table(
        "technician_certifications",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("certification_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("certification_code", sa.String(length=255), server_default="", nullable=False),
        sa.Column("issue_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("expiry_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("revoke_date", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "technician_id",
            "certification_id",
            "issue_date",
            name="uq_technician_certifications_technician_id_certification_id_",
        ),
    )
    op.create_index(
        "ix_technician_certifications_certification_code",
        "technician_certifications",
        ["certification_code", "id"],
        unique=False,
    )
    op.create_index(
        "ix_technician_certifications_certification_id",
        "technician_certifications",
        ["certification_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_technician_certifications_expiry_date", "technician_certifications", ["expiry_date", "id"], unique=False
    )
    op.create_index(
        "ix_technician_certifications_issue_date", "technician_certifications", ["issue_date", "id"], unique=False
    )
    op.create_index(
        "ix_technician_certifications_technician_id", "technician_certifications", ["technician_id", "id"], unique=False
    )
    op.create_table(
        "technicians",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("person_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("address_street", sa.String(length=200), nullable=True),
        sa.Column("address_city", sa.String(length=100), nullable=True),
        sa.Column("address_state", sa.String(length=50), nullable=True),
        sa.Column("address_postal_code", sa.String(length=12), nullable=True),
        sa.Column("address_country", sa.String(length=2), nullable=True),
        sa.Column("position_latitude", sa.Float(), nullable=True),
        sa.Column("position_longitude", sa.Float(), nullable=True),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("registered_by", sa.String(length=40), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_technicians_email", "technicians", ["email", "id"], unique=False)
    op.create_index("ix_technicians_name", "technicians", ["name", "id"], unique=False)
    op.create_index("ix_technicians_organization_id", "technicians", ["organization_id", "id"], unique=False)
    op.create_index("ix_technicians_organization_name", "technicians", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_technicians_person", "technicians", ["person_id"], unique=False)
    op.create_table(
        "work_orders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("issuer_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("executor_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("facility_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("category", sa.Integer(), server_default="0", nullable=False),
        sa.Column("scope_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("source_version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "work_types",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("certification_codes", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("source_version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

    for table, columns in SEARCHED.items():
        named = sa.Table(table, sa.MetaData(), *(sa.Column(name, sa.String()) for name in ("id", *columns)))
        SearchIndex(named, columns).create(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
