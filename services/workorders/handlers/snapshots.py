"""What others are told of an order: events in order, each with a snapshot of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import events_pb2
from sqlalchemy import select, update

from services.workorders import wire
from services.workorders.domain.crew import crew_of
from services.workorders.domain.utility import UtilityRequest
from services.workorders.rows import order_of
from services.workorders.tables import (
    action_items,
    entitlements,
    facilities,
    follows,
    line_items,
    organizations,
    territories,
    work_orders,
    work_types,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message
    from sqlalchemy import Connection

    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.work_order import WorkOrder

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
    tasks = connection.execute(
        select(line_items.c.work_type_id, work_types.c.kind)
        .outerjoin(work_types, work_types.c.id == line_items.c.work_type_id)
        .where(line_items.c.work_order_id == order.id)
        .order_by(line_items.c.number)
    ).all()
    technicians = [each.technician_id for each in crew_of(order) if each.technician_id]
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
        work_type_ids=list(dict.fromkeys(task.work_type_id for task in tasks)),
        work_type_kinds=sorted({task.kind or 0 for task in tasks}),
        **_approved_content(connection, order),
        **_requested_content(connection, order),
    )


def _approved_content(connection: Connection, order: WorkOrder) -> dict[str, Any]:
    """What an approver is told beside the order itself; nothing for an order that is not approved."""
    if not order.content_version:
        return {"action_items": ()}
    titles = (
        select(action_items.c.title).where(action_items.c.work_order_id == order.id).order_by(action_items.c.number)
    )
    return {
        "issuer_name": _name_of(connection, order.issuer_org),
        "action_items": list(connection.execute(titles).scalars()),
    }


def _requested_content(connection: Connection, order: WorkOrder) -> dict[str, Any]:
    """What whoever does a service order is told beside the order itself (UM-5); nothing for another order."""
    if order.utility == UtilityRequest():
        return {"utility": None, "description": "", "contact_name": "", "contact_phone": ""}
    notes = connection.execute(select(facilities.c.access_notes).where(facilities.c.id == order.facility_id))
    return {"issuer_name": _name_of(connection, order.issuer_org), "access_notes": notes.scalar_one_or_none() or ""}


def _name_of(connection: Connection, organization_id: str) -> str:
    found = connection.execute(select(organizations.c.name).where(organizations.c.id == organization_id))
    return found.scalar_one_or_none() or ""
