"""Take service orders of utilities"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "utility_events",
        sa.Column("organization_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("receive_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "event_id"),
    )
    op.add_column(
        "work_orders",
        sa.Column("utility_type", sa.SmallInteger(), server_default="0", nullable=False),
    )
    op.add_column("work_orders", sa.Column("utility_instructions", sa.Text(), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("utility_materials", sa.Text(), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("utility_requested_date", services.chassis.types.LocalDate(), nullable=True))
    op.add_column("work_orders", sa.Column("utility_meter", sa.String(length=60), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("utility_event", sa.String(length=120), server_default="", nullable=False))
    op.add_column(
        "work_orders", sa.Column("utility_event_source", sa.String(length=60), server_default="", nullable=False)
    )
    op.add_column(
        "work_orders", sa.Column("utility_provider_reference", sa.String(length=80), server_default="", nullable=False)
    )
    op.add_column("work_orders", sa.Column("utility_meter_read", sa.Float(), nullable=True))
    op.add_column(
        "work_orders",
        sa.Column("utility_read_unit", sa.SmallInteger(), server_default="0", nullable=False),
    )
    op.add_column("work_orders", sa.Column("utility_read_time", services.chassis.types.Instant(), nullable=True))
    op.add_column(
        "work_orders", sa.Column("utility_lower_read_reason", sa.String(length=255), server_default="", nullable=False)
    )
    op.add_column("work_orders", sa.Column("utility_remark", sa.Text(), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("utility_earlier_read", sa.Float(), nullable=True))
    op.add_column(
        "work_orders", sa.Column("utility_earlier_read_time", services.chassis.types.Instant(), nullable=True)
    )
    op.create_index(
        "ix_orders_meter", "work_orders", ["issuer_org", "utility_meter", "utility_read_time"], unique=False
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
