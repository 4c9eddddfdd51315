"""Keep what other services told before a change, and which acceptance the newest summary of the parts is of."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("history", sa.Column("evidence", sa.Text(), server_default="", nullable=False))
    acceptance = sa.Column("fulfilment_acceptance", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("work_orders", acceptance)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
