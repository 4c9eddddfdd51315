"""SLA targets, one row a version."""

from collections.abc import Iterable, Mapping, Sequence
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


def latest_targets(connection: Connection, work_order_ids: Iterable[str]) -> dict[str, RowMapping]:
    """The newest targets of work orders by the orders' ids."""
    columns = sla_targets.c
    statement = select(sla_targets).where(columns.work_order_id.in_(sorted(set(work_order_ids))), columns.latest)
    return {row["work_order_id"]: row for row in connection.execute(statement).mappings()}


def add_targets(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Appends versions, which become the latest of their orders."""
    if not rows:
        return
    columns = sla_targets.c
    superseded = columns.work_order_id.in_([row["work_order_id"] for row in rows])
    connection.execute(update(sla_targets).where(superseded, columns.latest).values(latest=False))
    connection.execute(insert(sla_targets), rows)
