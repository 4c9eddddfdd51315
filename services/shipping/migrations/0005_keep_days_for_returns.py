"""Keep how many days an organisation gives for returns, classes of work, and terms by class"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("return_days", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "work_orders",
        sa.Column("work_classes", services.chassis.types.StringList(), server_default="[]", nullable=False),
    )
    op.add_column(
        "sla_policies",
        sa.Column("class_terms", services.chassis.types.JsonText(), server_default="[]", nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
