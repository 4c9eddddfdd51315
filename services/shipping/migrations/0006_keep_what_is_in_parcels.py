"""Keep what is in parcels, who said so, and when."""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("contents", services.chassis.types.JsonText(), server_default="[]", nullable=False),
    sa.Column("pack_time", services.chassis.types.Instant(), nullable=True),
    sa.Column("packer_name", sa.String(length=255), server_default="", nullable=False),
    sa.Column("packed_sequence", sa.BigInteger(), server_default="0", nullable=False),
)


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("parcels", column)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
