"""Tell again how many technicians work takes, of work types that were stored before anybody was told"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from fieldmesh.workorders.v1 import events_pb2

import services.chassis.types
from services.chassis import outbox
from services.chassis.actors import service_actor

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_WORK_TYPES = sa.table(
    "work_types",
    sa.column("id", sa.String()),
    sa.column("name", sa.String()),
    sa.column("certification_codes", services.chassis.types.StringList()),
    sa.column("technicians_needed", sa.BigInteger()),
    sa.column("active", sa.Boolean()),
    sa.column("version", sa.BigInteger()),
)


def upgrade() -> None:
    """Each gets a new version, because copies take nothing that is not newer than what they hold."""
    connection, columns = op.get_bind(), _WORK_TYPES.c
    several = columns.technicians_needed > 0
    connection.execute(sa.update(_WORK_TYPES).where(several).values(version=columns.version + 1))
    told = [
        outbox.PendingEvent.of(
            events_pb2.WorkTypeChanged(
                work_type_id=row.id,
                name=row.name,
                certification_codes=row.certification_codes,
                technicians_needed=row.technicians_needed,
                version=row.version,
                active=row.active,
            ),
            "WorkType",
            row.id,
            row.version,
        )
        for row in connection.execute(sa.select(_WORK_TYPES).where(several).order_by(columns.id))
    ]
    outbox.write(connection, told, service_actor("workorders"), datetime.now(UTC))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup to go back")
