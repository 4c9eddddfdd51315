"""Keep where mail of technicians goes who have a corporate address; memberships of today fill it by themselves"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("work_email", sa.String(length=255), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
