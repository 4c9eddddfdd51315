"""Follow parts after they were asked for: returns, orders that no longer count, parcels that nobody awaits."""

import sqlalchemy as sa
from alembic import op

import services.chassis.types
from services.chassis.search import SearchIndex

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SEARCHED = ("number", "work_order_number")


def upgrade() -> None:
    op.create_table(
        "rmas",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=255), server_default="", nullable=False),
        sa.Column("order_class", sa.String(length=255), server_default="", nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("work_order_number", sa.String(length=255), server_default="", nullable=False),
        sa.Column("fulfilment_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("reason", sa.String(length=500), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lines", services.chassis.types.JsonText(), server_default="[]", nullable=False),
        sa.Column("parties_issuer_org", sa.String(length=255), nullable=True),
        sa.Column("parties_executor_org", sa.String(length=255), nullable=True),
        sa.Column("parties_facility_org", sa.String(length=255), nullable=True),
        sa.Column("parties_technician_ids", services.chassis.types.StringList(), nullable=True),
        sa.Column("parties_scope_version", sa.BigInteger(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number", name="uq_rmas_number"),
    )
    op.create_index("ix_rmas_create_time", "rmas", ["create_time", "id"], unique=False)
    op.create_index("ix_rmas_executor_org", "rmas", ["parties_executor_org", "create_time", "id"], unique=False)
    op.create_index("ix_rmas_facility_org", "rmas", ["parties_facility_org", "create_time", "id"], unique=False)
    op.create_index("ix_rmas_fulfilment_order_id", "rmas", ["fulfilment_order_id", "id"], unique=False)
    op.create_index("ix_rmas_issuer_org", "rmas", ["parties_issuer_org", "create_time", "id"], unique=False)
    op.create_index("ix_rmas_number", "rmas", ["number", "id"], unique=False)
    op.create_index("ix_rmas_work_order_id", "rmas", ["work_order_id", "id"], unique=False)
    op.add_column("fulfilment_orders", sa.Column("outcome", sa.Integer(), server_default="0", nullable=False))
    op.add_column("parcels", sa.Column("retirement", sa.Integer(), server_default="0", nullable=False))
    op.add_column("parcels", sa.Column("retired_sequence", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("work_orders", sa.Column("parts_version", sa.BigInteger(), server_default="0", nullable=False))
    named = sa.Table("rmas", sa.MetaData(), *(sa.Column(name, sa.String()) for name in ("id", *SEARCHED)))
    SearchIndex(named, SEARCHED).create(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
