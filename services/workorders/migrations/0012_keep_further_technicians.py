"""Keep who comes beside the lead, and how many the work takes"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work_orders", sa.Column("further_technicians", sa.Text(), server_default="[]", nullable=False))
    op.add_column("work_orders", sa.Column("technicians_needed", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "further_technicians",
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("technician_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "person_id"),
    )
    op.create_index(
        "ix_further_technicians_person", "further_technicians", ["person_id", "work_order_id"], unique=False
    )
    op.create_index(
        "ix_further_technicians_technician", "further_technicians", ["technician_id", "work_order_id"], unique=False
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
