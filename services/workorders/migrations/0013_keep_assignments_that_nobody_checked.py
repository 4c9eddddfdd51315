"""Keep assignments that nobody checked, because technicians did not answer"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unchecked_assignments",
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("reason_code", sa.String(length=60), server_default="", nullable=False),
        sa.Column("reason_text", sa.Text(), server_default="", nullable=False),
        sa.Column("assign_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "person_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
