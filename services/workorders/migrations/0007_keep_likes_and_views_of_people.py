"""Keep likes and views of posts, and list views that people saved."""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed_posts", sa.Column("like_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("feed_posts", sa.Column("view_count", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "post_likes",
        sa.Column("feed_post_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("display_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("feed_post_id", "person_id"),
    )
    op.create_index(op.f("ix_post_likes_work_order_id"), "post_likes", ["work_order_id"], unique=False)
    op.create_table(
        "post_views",
        sa.Column("feed_post_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("feed_post_id", "person_id"),
    )
    op.create_index(op.f("ix_post_views_work_order_id"), "post_views", ["work_order_id"], unique=False)
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("owner_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("shared", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("label", sa.String(length=80), server_default="", nullable=False),
        sa.Column("base", sa.String(length=60), server_default="", nullable=False),
        sa.Column("columns", services.chassis.types.JsonText(), nullable=False),
        sa.Column("filters", services.chassis.types.JsonText(), nullable=False),
        sa.Column("search", sa.String(length=200), server_default="", nullable=False),
        sa.Column("order_by", sa.String(length=80), server_default="", nullable=False),
        sa.Column("mine", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_saved_views_owner_id"), "saved_views", ["owner_id"], unique=False)
    op.create_index("ix_saved_views_organization", "saved_views", ["organization_id", "shared"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
