"""Keep evidence of certificates as files."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "technician_certifications",
        sa.Column("evidence_name", sa.String(length=200), server_default="", nullable=False),
    )
    op.add_column(
        "technician_certifications",
        sa.Column("evidence_media_type", sa.String(length=255), server_default="", nullable=False),
    )
    op.add_column(
        "technician_certifications",
        sa.Column("evidence_size_bytes", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column(
        "technician_certifications",
        sa.Column("evidence_sha256", sa.String(length=255), server_default="", nullable=False),
    )
    op.add_column(
        "technician_certifications", sa.Column("evidence_id", sa.String(length=255), server_default="", nullable=False)
    )
    op.create_index("ix_technician_certifications_evidence", "technician_certifications", ["evidence_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
