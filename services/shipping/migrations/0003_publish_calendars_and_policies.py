"""Publish calendars and policies by version, compute open orders anew, and warn before targets are missed."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import services.chassis.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_RUNNING = 3
_VERSIONED = ("business_calendars", "sla_policies")


def upgrade() -> None:
    for table in _VERSIONED:
        op.add_column(table, sa.Column("state", sa.Integer(), server_default="0", nullable=False))
        op.add_column(table, sa.Column("note", sa.String(length=500), server_default="", nullable=False))
        op.add_column(table, sa.Column("publish_time", services.chassis.types.Instant(), nullable=True))
        op.add_column(table, sa.Column("publisher_name", sa.String(length=255), server_default="", nullable=False))
        op.add_column(table, sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("business_calendars", sa.Column("country", sa.String(length=255), server_default="", nullable=False))
    op.add_column("business_calendars", sa.Column("region", sa.String(length=255), server_default="", nullable=False))
    op.add_column(
        "sla_policies", sa.Column("ignores_holds", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
    )
    op.add_column("sla_policies", sa.Column("first_warning", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("sla_policies", sa.Column("second_warning", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column(
        "sla_policies", sa.Column("morning_warning", sa.String(length=255), server_default="", nullable=False)
    )
    op.create_table(
        "sla_recalculations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=255), server_default="", nullable=False),
        sa.Column("state", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("moved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("problem", sa.String(length=500), server_default="", nullable=False),
        sa.Column("create_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("finish_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("publisher_name", sa.String(length=255), server_default="", nullable=False),
        sa.Column("version_id", sa.String(length=255), server_default="", nullable=False),
        sa.Column("organization_id", sa.String(length=255), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("version_kind", sa.String(length=10), server_default="", nullable=False),
        sa.Column("version_key", sa.String(length=120), server_default="", nullable=False),
        sa.Column("after", sa.String(length=40), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sla_recalculations_create_time", "sla_recalculations", ["create_time", "id"], unique=False)
    op.create_table(
        "sla_warnings",
        sa.Column("work_order_id", sa.String(length=40), nullable=False),
        sa.Column("target_version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("due_time", services.chassis.types.Instant(), nullable=False),
        sa.Column("told_time", services.chassis.types.Instant(), nullable=True),
        sa.Column("lifted_by_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("work_order_id", "target_version", "kind"),
    )
    op.create_index("ix_sla_warnings_waiting", "sla_warnings", ["told_time", "due_time"], unique=False)
    _describe_what_is_there()
    _warn_of_what_runs()


def _warn_of_what_runs() -> None:
    """Targets that run now are warned of as well, as far as their row tells when: at risk, and missed."""
    instant = services.chassis.types.Instant()
    targets = sa.table(
        "sla_targets",
        *(sa.column(name) for name in ("work_order_id", "version", "latest", "state")),
        sa.column("warn_time", instant),
        sa.column("due_time", instant),
    )
    warnings = sa.table(
        "sla_warnings",
        *(sa.column(name) for name in ("work_order_id", "target_version", "kind")),
        sa.column("due_time", instant),
    )
    now = datetime.now(UTC)
    connection = op.get_bind()
    for kind, at in ((2, targets.c.warn_time), (4, targets.c.due_time)):
        running = sa.select(targets.c.work_order_id, targets.c.version, sa.literal(kind), at)
        running = running.where(targets.c.latest == sa.true(), targets.c.state == _RUNNING, at > now)
        names = ["work_order_id", "target_version", "kind", "due_time"]
        connection.execute(sa.insert(warnings).from_select(names, running))


def _describe_what_is_there() -> None:
    """What was there came with the installation: published, warned at the usual times, the holidays of one country."""
    for table in _VERSIONED:
        op.execute(f"UPDATE {table} SET state = CASE WHEN in_force THEN 2 ELSE 3 END")  # noqa: S608 - a constant name
    op.execute("UPDATE sla_policies SET first_warning = 50, second_warning = 75, morning_warning = '09:00'")
    calendars = sa.table(
        "business_calendars",
        sa.column("id", sa.String()),
        sa.column("country", sa.String()),
        sa.column("exceptions", services.chassis.types.JsonText()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(calendars.c.id, calendars.c.exceptions)).all():
        days = [day if day.get("windows") else {**day, "imported": True} for day in row.exceptions]
        connection.execute(
            sa.update(calendars).where(calendars.c.id == row.id).values(exceptions=days, country="US" if days else "")
        )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
