"""Keep webhooks."""

import sqlalchemy as sa
from alembic import op

import services.chassis.types
from services.chassis.search import SearchIndex

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SEARCHED = {"webhook_deliveries": ("work_order_number",), "webhook_endpoints": ("name", "url")}


def upgrade() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("endpoint_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("event_id", sa.String(length=255), server_default="", nullable=False),
        sa.Column("event_type", sa.String(length=60), server_default="", nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_order_number", sa.String(length=40), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("http_status", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.String(length=500), server_default="", nullable=False),
        sa.Column("request_id", sa.String(length=80), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("try_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("next_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("accept_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint_id", "event_id", name="uq_webhook_deliveries_endpoint_id_event_id"),
    )
    op.create_index("ix_webhook_deliveries_create_time", "webhook_deliveries", ["create_time", "id"], unique=False)
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["next_time"],
        unique=False,
        sqlite_where=sa.text("state IN (1, 2, 5)"),
        postgresql_where=sa.text("state IN (1, 2, 5)"),
    )
    op.create_index("ix_webhook_deliveries_endpoint_id", "webhook_deliveries", ["endpoint_id", "id"], unique=False)
    op.create_index(
        "ix_webhook_deliveries_order", "webhook_deliveries", ["endpoint_id", "work_order_id", "sequence"], unique=False
    )
    op.create_index(
        "ix_webhook_deliveries_organization_id", "webhook_deliveries", ["organization_id", "id"], unique=False
    )
    op.create_index("ix_webhook_deliveries_work_order_id", "webhook_deliveries", ["work_order_id", "id"], unique=False)
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), server_default="", nullable=False),
        sa.Column("url", sa.String(length=500), server_default="", nullable=False),
        sa.Column("event_types", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("disabled_reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("failing_since", services.chassis.types.Instant(), nullable=True),
        sa.Column("secret_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rotate_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "name", name="uq_webhook_endpoints_organization_id_name"),
    )
    op.create_index("ix_webhook_endpoints_name", "webhook_endpoints", ["name", "id"], unique=False)
    op.create_index(
        "ix_webhook_endpoints_organization_id", "webhook_endpoints", ["organization_id", "id"], unique=False
    )
    op.create_table(
        "webhook_reports",
        sa.Column("endpoint_id", sa.String(length=40), nullable=False),
        sa.Column("webhook_id", sa.String(length=255), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint_id", "webhook_id"),
    )
    op.create_index("ix_webhook_reports_create_time", "webhook_reports", ["create_time"], unique=False)
    for table, columns in SEARCHED.items():
        named = sa.Table(table, sa.MetaData(), *(sa.Column(name, sa.String()) for name in ("id", *columns)))
        SearchIndex(named, columns).create(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
