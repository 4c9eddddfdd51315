"""Keep what was told last of an order's target"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work_orders", sa.Column("sla_warning", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("work_orders", sa.Column("sla_warning_percent", sa.Integer(), server_default="0", nullable=False))
    op.add_column("work_orders", sa.Column("sla_warning_time", services.chassis.types.Instant(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
