"""Keep links between orders, requested costs, and actions that the vendor directs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for end in ("predecessor", "successor"):
        op.add_column("work_orders", sa.Column(f"{end}_id", sa.String(length=40), server_default="", nullable=False))
        op.add_column("work_orders", sa.Column(f"{end}_number", sa.String(length=8), server_default="", nullable=False))
        op.add_column("work_orders", sa.Column(f"{end}_kind", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_index("ix_orders_predecessor", "work_orders", ["predecessor_id"], unique=False)
    for name in ("cost_requests", "directed_actions"):
        op.add_column("work_orders", sa.Column(name, sa.Text(), server_default="[]", nullable=False))
    op.add_column("attachments", sa.Column("content_id", sa.String(length=40), server_default="", nullable=False))
    op.create_index("ix_attachments_content", "attachments", ["content_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
