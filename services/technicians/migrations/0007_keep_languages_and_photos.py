"""Keep languages and photos of technicians"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "technicians", sa.Column("languages", services.chassis.types.StringList(), server_default="[]", nullable=False)
    )
    op.add_column("technicians", sa.Column("photo_version", sa.String(length=255), server_default="", nullable=False))
    op.create_table(
        "technician_photos",
        sa.Column("technician_id", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("photo_version", sa.String(length=40), nullable=False),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("technician_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
