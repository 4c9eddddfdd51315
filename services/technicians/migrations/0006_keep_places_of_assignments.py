"""Keep places of assignments"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignments", sa.Column("site_latitude", sa.Float(), nullable=True))
    op.add_column("assignments", sa.Column("site_longitude", sa.Float(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
