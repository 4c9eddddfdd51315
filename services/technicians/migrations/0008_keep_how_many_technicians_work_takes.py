"""Keep how many technicians a work type takes"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work_types", sa.Column("technicians_needed", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
