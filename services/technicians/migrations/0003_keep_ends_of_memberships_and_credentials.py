"""Keep ends of memberships and credentials"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "expiry_reminders",
        sa.Column("technician_certification_id", sa.String(length=40), nullable=False),
        sa.Column("expiry_date", services.chassis.types.LocalDate(), nullable=False),
        sa.Column("threshold_days", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("remind_time", services.chassis.types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("technician_certification_id", "expiry_date", "threshold_days"),
    )
    op.add_column("certifications", sa.Column("kind", sa.String(length=255), server_default="", nullable=False))
    op.add_column("certifications", sa.Column("work", sa.String(length=255), server_default="", nullable=False))
    op.add_column("memberships", sa.Column("offboard_time", services.chassis.types.Instant(), nullable=True))
    op.add_column("memberships", sa.Column("offboarded_by", sa.String(length=255), server_default="", nullable=False))
    op.add_column("memberships", sa.Column("end_reason", sa.String(length=255), server_default="", nullable=False))
    op.create_index(
        "ix_memberships_organization_days", "memberships", ["organization_id", "start_date", "end_date"], unique=False
    )
    op.add_column("organizations", sa.Column("contact_name", sa.String(length=120), server_default="", nullable=False))
    op.add_column("organizations", sa.Column("office_email", sa.String(length=255), server_default="", nullable=False))
    op.add_column(
        "technician_certifications",
        sa.Column("evidence_number", sa.String(length=80), server_default="", nullable=False),
    )
    op.add_column(
        "technician_certifications", sa.Column("evidence_url", sa.String(length=400), server_default="", nullable=False)
    )
    op.add_column(
        "technician_certifications", sa.Column("revoke_time", services.chassis.types.Instant(), nullable=True)
    )
    op.add_column(
        "technician_certifications",
        sa.Column("revoke_reason", sa.String(length=255), server_default="", nullable=False),
    )
    op.add_column(
        "technician_certifications", sa.Column("revoked_by", sa.String(length=255), server_default="", nullable=False)
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
