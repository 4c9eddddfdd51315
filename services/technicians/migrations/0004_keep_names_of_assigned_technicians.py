"""Keep names of assigned technicians"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignments", sa.Column("technician_name", sa.String(length=255), server_default="", nullable=False))
    op.execute(
        "UPDATE assignments SET technician_name = COALESCE("
        "(SELECT technicians.name FROM technicians WHERE technicians.id = assignments.technician_id), '')"
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
