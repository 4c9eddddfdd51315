"""What others are told of an order: events in order, each with a snapshot of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import events_pb2
from sqlalchemy import select, update

from services.workorders import wire
from services.workorders.rows import order_of
from services.workorders.tables import entitlements, follows, line_items, territories, work_orders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message
    from sqlalchemy import Connection

    from services.chassis.unit_of_work import Transaction

AGGREGATE = "WorkOrder"


def publish(transaction: Transaction, work_order_id: str, event: Message) -> str:
    """Record an event of an order under the order's row lock, and give its id."""
    following = work_orders.c.event_version + 1
    moved = {"moved_version": following} if isinstance(event, events_pb2.WorkOrderMoved) else {}
    version = transaction.execute(
        update(work_orders)
        .where(work_orders.c.id == work_order_id)
        .values(event_version=following, **moved)
        .returning(work_orders.c.event_version)
    ).scalar_one()
    return transaction.publish(event, AGGREGATE, work_order_id, version)


def of_row(connection: Connection, row: Mapping[str, Any]) -> events_pb2.WorkOrderSnapshot:
    """The snapshot of an order's row, with what its territory, entitlement, line items and followers add."""
    order = order_of(row)
    calendar = connection.execute(
        select(territories.c.calendar_name).where(territories.c.id == order.territory_id)
    ).scalar_one_or_none()
    policy = connection.execute(
        select(entitlements.c.sla_policy_code).where(entitlements.c.id == order.entitlement_id)
    ).scalar_one_or_none()
    followers = connection.execute(
        select(follows.c.person_id).where(follows.c.work_order_id == order.id).order_by(follows.c.person_id)
    ).scalars()
    work_types = connection.execute(
        select(line_items.c.work_type_id).where(line_items.c.work_order_id == order.id).order_by(line_items.c.number)
    ).scalars()
    technicians = [order.technician.technician_id] if order.technician.technician_id else []
    return wire.fill(
        events_pb2.WorkOrderSnapshot(),
        order,
        work_order_id=order.id,
        state_label=row["state_label"],
        category=row["category"],
        clock_running=row["clock_running"],
        parties=types_pb2.Parties(
            issuer_org=order.issuer_org,
            executor_org=order.executor_org,
            facility_org=order.facility_org,
            technician_ids=technicians,
            scope_version=order.scope_version,
        ),
        calendar_name=calendar or "",
        sla_policy_code=policy or "",
        follower_ids=list(followers),
        work_type_ids=list(dict.fromkeys(work_types)),
    )
