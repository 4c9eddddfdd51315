"""Create the tables of notifications"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types
from services.chassis.search import SearchIndex

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEARCHED = {
    "templates": ("code",),
    "messages": ("recipient_name", "subject"),
    "deliveries": ("subject", "recipient_email"),
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
        "deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=255), server_default="", nullable=False),
        sa.Column("recipient_email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("attempt", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("smtp_code", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("smtp_text", sa.String(length=255), server_default="", nullable=False),
        sa.Column("start_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("next_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("issuer_org", sa.String(length=40), server_default="", nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id", "attempt", name="uq_deliveries_message_id_attempt"),
    )
    op.create_index("ix_deliveries_issuer", "deliveries", ["issuer_org", "start_time", "id"], unique=False)
    op.create_index("ix_deliveries_message_id", "deliveries", ["message_id", "id"], unique=False)
    op.create_index("ix_deliveries_start_time", "deliveries", ["start_time", "id"], unique=False)
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
        "messages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=255), server_default="", nullable=False),
        sa.Column("template", sa.String(length=255), server_default="", nullable=False),
        sa.Column("recipient_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("recipient_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("recipient_email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("subject", sa.String(length=255), server_default="", nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("mail_message_id", sa.String(length=255), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parties_issuer_org", sa.String(length=255), nullable=True),
        sa.Column("parties_executor_org", sa.String(length=255), nullable=True),
        sa.Column("parties_facility_org", sa.String(length=255), nullable=True),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), nullable=True),
        sa.Column("parties_scope_version", sa.BigInteger(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("content", services.chassis.types.JsonText(), nullable=False),
        sa.Column("request_id", sa.String(length=80), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_outcome", sa.String(length=20), server_default="", nullable=False),
        sa.Column("accept_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("next_time", services.chassis.types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id", "recipient_id", name="uq_messages_event_id_recipient_id"),
    )
    op.create_index("ix_messages_create_time", "messages", ["create_time", "id"], unique=False)
    op.create_index(
        "ix_messages_due",
        "messages",
        ["next_time"],
        unique=False,
        sqlite_where=sa.text("state IN (1, 2)"),
        postgresql_where=sa.text("state IN (1, 2)"),
    )
    op.create_index("ix_messages_order", "messages", ["work_order_id", "recipient_id"], unique=False)
    op.create_index("ix_messages_recipient", "messages", ["recipient_id", "create_time", "id"], unique=False)
    op.create_index("ix_messages_recipient_id", "messages", ["recipient_id", "id"], unique=False)
    op.create_index("ix_messages_work_order_id", "messages", ["work_order_id", "id"], unique=False)
    op.create_table(
        "organizations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("source_version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
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
        "people",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("source_version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("locale", sa.String(length=20), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=80), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("roles", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_people_organization", "people", ["organization_id"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("source_version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("member_ids", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=255), server_default="", nullable=False),
        sa.Column("locale", sa.String(length=255), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("subject", sa.String(length=255), server_default="", nullable=False),
        sa.Column("description", sa.String(length=255), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "locale", "version", name="uq_templates_code_locale_version"),
    )
    op.create_index("ix_templates_code", "templates", ["code", "id"], unique=False)
    for table, columns in SEARCHED.items():
        named = sa.Table(table, sa.MetaData(), *(sa.Column(name, sa.String()) for name in ("id", *columns)))
        SearchIndex(named, columns).create(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
