"""Keep invitations of people to sign in."""

import sqlalchemy as sa
from alembic import op

import services.chassis.types
from services.chassis.search import SearchIndex

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("email", sa.String(length=255), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("roles", services.chassis.types.StringList(), server_default="[]", nullable=False),
        sa.Column("team_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("inviter_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("invite_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("expire_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("end_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("person_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("round", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_invitations_invite_time", "invitations", ["invite_time", "id"], unique=False)
    op.create_index("ix_invitations_name", "invitations", ["name", "id"], unique=False)
    op.create_index("ix_invitations_organization_id", "invitations", ["organization_id", "id"], unique=False)
    open_ones = sa.text("state = 1")
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["email"],
        unique=True,
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.create_index("ix_invitations_waiting", "invitations", ["state", "expire_time"], unique=False)
    searched = ("name", "email")
    named = sa.Table("invitations", sa.MetaData(), *(sa.Column(name, sa.String()) for name in ("id", *searched)))
    SearchIndex(named, searched).create(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
