"""Keep whether a state is frozen, and follow the parts of an order as a whole."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FROZEN = ("closed", "cannot_complete", "rejected", "cancelled")


def upgrade() -> None:
    op.add_column("work_orders", sa.Column("frozen", sa.Boolean(), server_default=sa.false(), nullable=False))
    orders = sa.table(
        "work_orders",
        sa.column("state", sa.String()),
        sa.column("frozen", sa.Boolean()),
        sa.column("fulfilment_version"),
    )
    op.execute(sa.update(orders).where(orders.c.state.in_(FROZEN)).values(frozen=True))
    # Summaries of all parts are counted for the order, no longer for each of its fulfilment orders.
    op.execute(sa.update(orders).values(fulfilment_version=0))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
