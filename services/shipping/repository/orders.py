"""Work orders as shipping knows them, and the parties that every row of theirs carries."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from services.shipping.domain.known_order import KnownOrder, Parties
from services.shipping.domain.order_clock import Category, OrderClock
from services.shipping.domain.policy import Pause, PauseKind, WorkClass
from services.shipping.tables import OF_AN_ORDER, order_technicians, work_orders

Row = RowMapping


def lock_orders(connection: Connection, order_ids: Iterable[str]) -> dict[str, KnownOrder]:
    """Known orders by id, locked in one order so that two units of work never wait for each other in a circle."""
    wanted = sorted(set(order_ids))
    statement = select(work_orders).where(work_orders.c.id.in_(wanted)).order_by(work_orders.c.id).with_for_update()
    return {row["id"]: known_order(row) for row in connection.execute(statement).mappings()}


def find_order(connection: Connection, order_id: str) -> KnownOrder | None:
    """One known order, not locked."""
    row = connection.execute(select(work_orders).where(work_orders.c.id == order_id)).mappings().first()
    return known_order(row) if row else None


def find_orders(connection: Connection, order_ids: Iterable[str]) -> dict[str, KnownOrder]:
    """Known orders by id, not locked."""
    wanted = sorted(set(order_ids))
    statement = select(work_orders).where(work_orders.c.id.in_(wanted)).order_by(work_orders.c.id)
    return {row["id"]: known_order(row) for row in connection.execute(statement).mappings()}


def save_order(connection: Connection, order: KnownOrder, before: KnownOrder | None) -> None:
    """Writes an order; new parties go to every row that belongs to it."""
    values = _values(order)
    if before is None:
        connection.execute(insert(work_orders).values(id=order.id, **values))
    else:
        connection.execute(update(work_orders).where(work_orders.c.id == order.id).values(values))
    if before is None or order.parties.technician_ids != before.parties.technician_ids:
        _save_technicians(connection, order)
    if before is not None and order.parties != before.parties:
        parties = party_columns(order.parties)
        for table in OF_AN_ORDER:
            connection.execute(update(table).where(table.c.work_order_id == order.id).values(parties))


def forget_order(connection: Connection, order_id: str) -> None:
    """Removes an order that was never allocated: nothing else belongs to it."""
    connection.execute(delete(work_orders).where(work_orders.c.id == order_id, work_orders.c.assigned_time.is_(None)))


def count_parts(connection: Connection, order_ids: Iterable[str]) -> dict[str, int]:
    """The next version of what others are told of orders' parts, by id; the orders are locked by the caller."""
    columns = work_orders.c
    counted = update(work_orders).where(columns.id.in_(sorted(set(order_ids))))
    rows = connection.execute(
        counted.values(parts_version=columns.parts_version + 1).returning(columns.id, columns.parts_version)
    )
    return {row.id: row.parts_version for row in rows}


def parts_version(connection: Connection, order_id: str) -> int:
    """The version of what others were told last of an order's parts."""
    return int(connection.execute(select(work_orders.c.parts_version).where(work_orders.c.id == order_id)).scalar_one())


def save_target_versions(connection: Connection, versions: Mapping[str, int]) -> None:
    """Notes the newest targets of orders, by id."""
    if versions:
        noted = update(work_orders).where(work_orders.c.id == bindparam("order_id"))
        connection.execute(
            noted.values(target_version=bindparam("version")),
            [{"order_id": order_id, "version": version} for order_id, version in versions.items()],
        )


def party_columns(parties: Parties) -> dict[str, Any]:
    """Parties as the columns of a row."""
    return {
        "parties_issuer_org": parties.issuer_org,
        "parties_executor_org": parties.executor_org,
        "parties_facility_org": parties.facility_org,
        "parties_technician_ids": parties.technician_ids,
        "parties_scope_version": parties.scope_version,
    }


def parties_of(row: Row) -> Parties:
    """Parties from the columns of a row."""
    return Parties(
        row["parties_issuer_org"] or "",
        row["parties_executor_org"] or "",
        row["parties_facility_org"] or "",
        row["parties_technician_ids"] or (),
        row["parties_scope_version"] or 0,
    )


def known_order(row: Row) -> KnownOrder:
    """A work order from its row."""
    return KnownOrder(
        id=row["id"],
        number=row["number"],
        source_version=row["source_version"],
        parties=parties_of(row),
        category=Category(row["category"]),
        entitlement_name=row["entitlement_name"],
        policy_code=row["policy_code"],
        calendar_name=row["calendar_name"],
        site_time_zone=row["site_time_zone"],
        parts_required=row["parts_required"],
        acceptance_version=row["acceptance_version"],
        assigned=row["assigned_time"],
        clock=OrderClock(
            pauses_from_json(row["pauses"]), row["stopped_time"], row["completed_time"], void=bool(row["void"])
        ),
        target_version=row["target_version"],
        work_classes=tuple(WorkClass(each) for each in row["work_classes"]),
    )


def pauses_to_json(pauses: Iterable[Pause]) -> list[dict[str, str | None]]:
    """Pauses as JSON."""
    return [
        {
            "start": pause.start.isoformat(),
            "end": pause.end.isoformat() if pause.end else None,
            "kind": pause.kind.value,
        }
        for pause in pauses
    ]


def pauses_from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[Pause, ...]:
    """Pauses from JSON."""
    return tuple(
        Pause(
            datetime.fromisoformat(row["start"]),
            datetime.fromisoformat(row["end"]) if row["end"] else None,
            PauseKind(row["kind"]),
        )
        for row in rows
    )


def _save_technicians(connection: Connection, order: KnownOrder) -> None:
    connection.execute(delete(order_technicians).where(order_technicians.c.work_order_id == order.id))
    rows = [{"work_order_id": order.id, "technician_id": each} for each in dict.fromkeys(order.parties.technician_ids)]
    if rows:
        connection.execute(insert(order_technicians), rows)


def _values(order: KnownOrder) -> dict[str, Any]:
    return {
        "number": order.number,
        "source_version": order.source_version,
        **party_columns(order.parties),
        "category": int(order.category),
        "entitlement_name": order.entitlement_name,
        "policy_code": order.policy_code,
        "calendar_name": order.calendar_name,
        "site_time_zone": order.site_time_zone,
        "parts_required": order.parts_required,
        "acceptance_version": order.acceptance_version,
        "assigned_time": order.assigned,
        "pauses": pauses_to_json(order.clock.pauses),
        "stopped_time": order.clock.stopped,
        "completed_time": order.clock.completed,
        "void": order.clock.void,
        "target_version": order.target_version,
        "work_classes": order.work_classes,
    }
