"""Keep absences and who approves"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("approvers", sa.Integer(), server_default="0", nullable=False))
    op.add_column("people", sa.Column("delegate_id", sa.String(length=40), server_default="", nullable=False))
    op.add_column("people", sa.Column("away_from", services.chassis.types.LocalDate(), nullable=True))
    op.add_column("people", sa.Column("away_until", services.chassis.types.LocalDate(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
