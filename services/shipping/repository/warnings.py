"""Warnings of targets: waiting until their instant, then told once (sla.md, 10)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from services.shipping.domain.order_clock import Category
from services.shipping.domain.outcome import WarningKind, Warnings
from services.shipping.tables import sla_warnings, work_orders

_KEY = ("work_order_id", "target_version", "kind")


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be told of a new version of a target; `warnings` is empty unless its clock runs."""

    order_id: str
    version: int
    due: datetime | None
    warnings: Warnings = ()


def plan(connection: Connection, planned: Iterable[Planned], now: datetime) -> None:
    """Replaces what waits for earlier versions; what was told for the same instant is not told again.

    Of what has passed already only the last is told. A breach that a later target lifts stays, marked.
    """
    versions = {each.order_id: each for each in planned}
    columns = sla_warnings.c
    of_orders = columns.work_order_id.in_(sorted(versions))
    connection.execute(delete(sla_warnings).where(of_orders, columns.told_time.is_(None)))
    told = {
        (row.work_order_id, row.kind, row.due_time)
        for row in connection.execute(select(sla_warnings).where(of_orders, columns.lifted_by_version == 0))
    }
    rows = [
        {"work_order_id": each.order_id, "target_version": each.version, "kind": int(kind), "due_time": at}
        for each in versions.values()
        for kind, at in _still_to_tell(each.warnings, now)
        if (each.order_id, int(kind), at) not in told
    ]
    if rows:
        connection.execute(insert(sla_warnings), rows)
    for each in versions.values():
        if each.due is not None and each.due > now and any(key[0] == each.order_id for key in told):
            breaches = (columns.kind == int(WarningKind.BREACH)) & (columns.lifted_by_version == 0)
            lifted = update(sla_warnings).where(columns.work_order_id == each.order_id, breaches)
            connection.execute(lifted.where(columns.told_time.is_not(None)).values(lifted_by_version=each.version))


def _still_to_tell(warnings: Warnings, now: datetime) -> list[tuple[WarningKind, datetime]]:
    passed = sorted((each for each in warnings if each[1] <= now), key=lambda each: (each[1], each[0]))
    return [*passed[-1:], *(each for each in warnings if each[1] > now)]


def claim(connection: Connection, now: datetime, limit: int) -> list[RowMapping]:
    """Warnings whose instant has come, of orders that are worked on; locked, each by one process."""
    columns = sla_warnings.c
    due = (
        select(sla_warnings)
        .join(work_orders, work_orders.c.id == columns.work_order_id)
        .where(columns.told_time.is_(None), columns.due_time <= now, work_orders.c.category != int(Category.HELD))
        .order_by(columns.due_time, columns.work_order_id, columns.kind)
        .limit(limit)
    )
    return list(connection.execute(due.with_for_update(skip_locked=True, of=sla_warnings)).mappings())


def told(connection: Connection, row: RowMapping, now: datetime) -> None:
    """Notes that a warning was told."""
    connection.execute(update(sla_warnings).where(*_is(row)).values(told_time=now))


def drop(connection: Connection, row: RowMapping) -> None:
    """Forgets a warning that has become pointless."""
    connection.execute(delete(sla_warnings).where(*_is(row)))


def _is(row: RowMapping) -> list[ColumnElement[bool]]:
    return [sla_warnings.c[name] == row[name] for name in _KEY]
