"""Keep the reason of a delay in words."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work_orders", sa.Column("appointment_delay_reason", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
