"""Settle returns: why parts come back and until when, labels, proofs of return, what arrived, reminders."""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("cause", sa.Integer(), server_default="0", nullable=False),
    sa.Column("due_date", services.chassis.types.LocalDate(), nullable=True),
    sa.Column("proof_required", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
    sa.Column("label_carrier", sa.String(length=60), nullable=True),
    sa.Column("label_tracking_number", sa.String(length=80), nullable=True),
    sa.Column("label_send_time", services.chassis.types.Instant(), nullable=True),
    sa.Column("proof_carrier", sa.String(length=60), nullable=True),
    sa.Column("proof_tracking_number", sa.String(length=80), nullable=True),
    sa.Column("proof_attachment_id", sa.String(length=40), nullable=True),
    sa.Column("proof_attachment_title", sa.String(length=200), nullable=True),
    sa.Column("proof_person_name", sa.String(length=200), nullable=True),
    sa.Column("proof_record_time", services.chassis.types.Instant(), nullable=True),
    sa.Column("receive_time", services.chassis.types.Instant(), nullable=True),
    sa.Column("end_time", services.chassis.types.Instant(), nullable=True),
    sa.Column("remark", sa.String(length=500), server_default="", nullable=False),
    sa.Column("reminded", sa.SmallInteger(), server_default="0", nullable=False),
)


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("rmas", column)
    op.create_index("ix_rmas_due_date", "rmas", ["due_date", "id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
