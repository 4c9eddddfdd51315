"""Keep holds and endings."""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work_orders", sa.Column("hold_resume_date", services.chassis.types.LocalDate(), nullable=True))
    op.add_column("work_orders", sa.Column("hold_reason", sa.Text(), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("hold_start_time", services.chassis.types.Instant(), nullable=True))
    op.add_column("work_orders", sa.Column("hold_from_state", sa.String(length=40), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("hold_request_text", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "work_orders", sa.Column("hold_request_request_time", services.chassis.types.Instant(), nullable=True)
    )
    op.add_column(
        "work_orders", sa.Column("ending_reason_code", sa.String(length=60), server_default="", nullable=False)
    )
    op.add_column("work_orders", sa.Column("ending_reason", sa.Text(), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("ending_end_time", services.chassis.types.Instant(), nullable=True))
    op.create_index(op.f("ix_work_orders_hold_resume_date"), "work_orders", ["hold_resume_date"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
