"""Approve work before it is dispatched"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "action_items",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("title", sa.String(length=200), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("station_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("station_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("end_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("work_order_id", "number", name="uq_action_items_work_order_id_number"),
    )
    op.create_index("ix_action_items_number", "action_items", ["work_order_id", "number", "id"], unique=False)
    op.create_index("ix_action_items_scope", "action_items", ["work_order_id", "id"], unique=False)
    op.create_table(
        "estimates",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("description", sa.String(length=200), server_default="", nullable=False),
        sa.Column("quantity", sa.Float(), server_default="0", nullable=False),
        sa.Column("unit_price_currency_code", sa.String(length=255), nullable=True),
        sa.Column("unit_price_micros", sa.BigInteger(), nullable=True),
        sa.Column("line_total_currency_code", sa.String(length=255), nullable=True),
        sa.Column("line_total_micros", sa.BigInteger(), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_estimates_create_time", "estimates", ["work_order_id", "create_time", "id"], unique=False)
    op.create_index("ix_estimates_scope", "estimates", ["work_order_id", "id"], unique=False)
    op.create_table(
        "notes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("work_order_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("author_subject", sa.String(length=255), nullable=True),
        sa.Column("author_display_name", sa.String(length=255), nullable=True),
        sa.Column("author_organization_id", sa.String(length=255), nullable=True),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notes_create_time", "notes", ["work_order_id", "create_time", "id"], unique=False)
    op.create_index("ix_notes_scope", "notes", ["work_order_id", "id"], unique=False)
    op.add_column("organizations", sa.Column("approvers", sa.String(length=40), server_default="", nullable=False))
    op.add_column("people", sa.Column("delegate_id", sa.String(length=40), server_default="", nullable=False))
    op.add_column("people", sa.Column("away_from", services.chassis.types.LocalDate(), nullable=True))
    op.add_column("people", sa.Column("away_until", services.chassis.types.LocalDate(), nullable=True))
    op.create_index("ix_people_delegate", "people", ["delegate_id"], unique=False)
    op.add_column("work_orders", sa.Column("creator_id", sa.String(length=40), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("creator_name", sa.String(length=255), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("facility_name", sa.String(length=255), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("content_version", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "work_orders", sa.Column("approval_submitter_id", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column(
        "work_orders", sa.Column("approval_submitter_name", sa.String(length=255), server_default="", nullable=False)
    )
    op.add_column(
        "work_orders", sa.Column("approval_approver_id", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column(
        "work_orders", sa.Column("approval_approver_name", sa.String(length=255), server_default="", nullable=False)
    )
    op.add_column(
        "work_orders", sa.Column("approval_delegate_id", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column(
        "work_orders", sa.Column("approval_delegate_name", sa.String(length=255), server_default="", nullable=False)
    )
    op.add_column("work_orders", sa.Column("approval_submit_time", services.chassis.types.Instant(), nullable=True))
    op.add_column("work_orders", sa.Column("approval_decide_time", services.chassis.types.Instant(), nullable=True))
    op.add_column(
        "work_orders", sa.Column("approval_submitted_version", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("work_orders", sa.Column("approval_comment", sa.Text(), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("approval_submission", sa.Integer(), server_default="0", nullable=False))
    op.add_column(
        "work_orders", sa.Column("assignee_person_id", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column("work_orders", sa.Column("assignee_name", sa.String(length=255), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("assignee_email", sa.String(length=255), server_default="", nullable=False))
    op.add_column("work_orders", sa.Column("handover_ask_time", services.chassis.types.Instant(), nullable=True))
    op.add_column("work_orders", sa.Column("handover_accept_time", services.chassis.types.Instant(), nullable=True))
    op.add_column(
        "work_orders",
        sa.Column("estimate_totals", services.chassis.types.JsonText(), server_default="[]", nullable=False),
    )
    op.create_index("ix_orders_approver", "work_orders", ["approval_approver_id", "state", "id"], unique=False)
    op.create_index("ix_orders_assignee_person_id", "work_orders", ["assignee_person_id", "id"], unique=False)
    op.create_index(
        "ix_orders_assignee_person_id_state", "work_orders", ["assignee_person_id", "state", "id"], unique=False
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
