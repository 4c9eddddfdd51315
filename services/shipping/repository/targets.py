"""SLA targets, one row a version."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from services.shipping.tables import sla_targets

_COMPARED = (
    "state", "due_time", "due_date", "time_zone", "warn_time", "policy_code", "policy_version", "calendar_name",
    "calendar_version", "steps",
)  # fmt: skip


def latest_target(connection: Connection, work_order_id: str) -> RowMapping | None:
    """The newest target of a work order as its row."""
    columns = sla_targets.c
    statement = select(sla_targets).where(columns.work_order_id == work_order_id, columns.latest)
    return connection.execute(statement).mappings().first()


def says_the_same(row: RowMapping, values: Mapping[str, Any]) -> bool:
    """Whether a newly computed target differs in nothing that anybody sees."""
    return all(row[name] == values[name] for name in _COMPARED)


def add_target(connection: Connection, values: Mapping[str, Any]) -> None:
    """Appends a version, which becomes the latest."""
    columns = sla_targets.c
    connection.execute(
        update(sla_targets).where(columns.work_order_id == values["work_order_id"], columns.latest).values(latest=False)
    )
    connection.execute(insert(sla_targets).values(**values))
