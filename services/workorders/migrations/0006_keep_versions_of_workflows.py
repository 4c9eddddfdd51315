"""Keep versions of workflows."""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workflow_versions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=255), server_default="", nullable=False),
        sa.Column("workflow", sa.String(length=60), server_default="", nullable=False),
        sa.Column("workflow_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("label", sa.String(length=255), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("creator_subject", sa.String(length=255), nullable=True),
        sa.Column("creator_display_name", sa.String(length=255), nullable=True),
        sa.Column("creator_organization_id", sa.String(length=255), nullable=True),
        sa.Column("publish_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("publisher_subject", sa.String(length=255), nullable=True),
        sa.Column("publisher_display_name", sa.String(length=255), nullable=True),
        sa.Column("publisher_organization_id", sa.String(length=255), nullable=True),
        sa.Column("retire_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("retirer_subject", sa.String(length=255), nullable=True),
        sa.Column("retirer_display_name", sa.String(length=255), nullable=True),
        sa.Column("retirer_organization_id", sa.String(length=255), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_workflow_versions_create_time", "workflow_versions", ["create_time", "id"], unique=False)
    op.create_index("ix_workflow_versions_publish_time", "workflow_versions", ["publish_time", "id"], unique=False)
    op.create_index("ix_workflow_versions_state", "workflow_versions", ["state", "id"], unique=False)
    op.create_index("ix_workflow_versions_workflow", "workflow_versions", ["workflow", "id"], unique=False)
    op.create_index(
        "ix_workflow_versions_workflow_version", "workflow_versions", ["workflow_version", "id"], unique=False
    )
    op.create_index(
        "uq_workflow_versions_published",
        "workflow_versions",
        ["workflow", "workflow_version"],
        unique=True,
        sqlite_where=sa.text("state <> 1"),
        postgresql_where=sa.text("state <> 1"),
    )
    op.create_index(
        "ix_orders_version", "work_orders", ["workflow", "workflow_version", "category", "state"], unique=False
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
