"""Keep shifts and absences"""

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shift_patterns",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("technician_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("valid_from", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("monday", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("tuesday", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("wednesday", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("thursday", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("friday", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("saturday", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("sunday", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("time_zone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "technician_id",
            "organization_id",
            "valid_from",
            name="uq_shift_patterns_technician_id_organization_id_valid_from",
        ),
    )
    op.create_index(
        "ix_shift_patterns_organization", "shift_patterns", ["organization_id", "technician_name", "id"], unique=False
    )
    op.create_index("ix_shift_patterns_technician_id", "shift_patterns", ["technician_id", "id"], unique=False)
    op.create_index("ix_shift_patterns_technician_name", "shift_patterns", ["technician_name", "id"], unique=False)
    op.create_index("ix_shift_patterns_valid_from", "shift_patterns", ["valid_from", "id"], unique=False)
    op.create_table(
        "technician_absences",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("technician_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("technician_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("kind", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_day", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("last_day", services.chassis.types.LocalDate(), nullable=True),
        sa.Column("from_time", sa.String(length=5), server_default="", nullable=False),
        sa.Column("until_time", sa.String(length=5), server_default="", nullable=False),
        sa.Column("note", sa.String(length=500), server_default="", nullable=False),
        sa.Column("time_zone", sa.String(length=255), server_default="", nullable=False),
        sa.Column("start_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("end_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("update_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_technician_absences_first_day", "technician_absences", ["first_day", "id"], unique=False)
    op.create_index("ix_technician_absences_kind", "technician_absences", ["kind", "id"], unique=False)
    op.create_index("ix_technician_absences_last_day", "technician_absences", ["last_day", "id"], unique=False)
    op.create_index(
        "ix_technician_absences_organization",
        "technician_absences",
        ["organization_id", "first_day", "id"],
        unique=False,
    )
    op.create_index("ix_technician_absences_start_time", "technician_absences", ["start_time", "id"], unique=False)
    op.create_index(
        "ix_technician_absences_technician_id", "technician_absences", ["technician_id", "id"], unique=False
    )
    op.create_index(
        "ix_technician_absences_technician_name", "technician_absences", ["technician_name", "id"], unique=False
    )
    op.create_index(
        "ix_technician_absences_time", "technician_absences", ["technician_id", "start_time", "end_time"], unique=False
    )
    op.add_column("assignments", sa.Column("absent", sa.Boolean(), server_default=sa.text("(false)"), nullable=False))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
