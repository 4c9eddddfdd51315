"""The event of a move: what happened, with the effects and mails that the workflow asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import events_pb2
from sqlalchemy import select

from services.workorders import wire
from services.workorders.handlers import snapshots
from services.workorders.tables import parts, work_types

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.definition import Notice
    from services.workorders.domain.work_order import WorkOrder
    from services.workorders.repository import Stored

REQUEST_PARTS = "request_parts"


def announce(  # noqa: PLR0913 - the parts of the event
    transaction: Transaction,
    stored: Stored,
    transition: str,
    *,
    from_state: str,
    effects: Iterable[str] = (),
    notices: Iterable[Notice] = (),
    reason_code: str = "",
    reason_label: str = "",
    comment: str = "",
    assignment_id: str = "",
    before: WorkOrder | None = None,
) -> None:
    """Tell others of a move; called while the order's row is locked. `before` is the order as it was."""
    actor = transaction.actor
    event = events_pb2.WorkOrderMoved(
        work_order=snapshots.of_row(transaction.connection, stored.row),
        transition=transition,
        from_state=from_state,
        to_state=stored.order.state,
        effects=effects,
        notices=[events_pb2.Notice(template=notice.template, recipients=notice.recipients) for notice in notices],
        reason_code=reason_code,
        reason_label=reason_label,
        comment=comment,
        actor=types_pb2.Actor(subject=actor.subject, display_name=actor.name, organization_id=actor.organization_id),
        move_time=wire.timestamp(transaction.now),
        assignment_id=assignment_id,
    )
    if before is not None and before.fulfilment.expected_delivery_date:
        event.earlier_delivery_date.CopyFrom(wire.date_message(before.fulfilment.expected_delivery_date))
    if REQUEST_PARTS in event.effects:
        event.parts.CopyFrom(parts_wanted(transaction.connection, stored.order))
    snapshots.publish(transaction, stored.order.id, event)


def parts_wanted(connection: Connection, order: WorkOrder) -> events_pb2.PartsWanted:
    """What to ship for an accepted order: every part of every line item."""
    named = {need.part_id for item in order.line_items for need in item.parts}
    known = {row.id: row for row in connection.execute(select(parts).where(parts.c.id.in_(named)))}
    types = {item.work_type_id for item in order.line_items}
    asked = select(work_types.c.id, work_types.c.old_part_returns).where(work_types.c.id.in_(types))
    returns = {row.id: bool(row.old_part_returns) for row in connection.execute(asked)}
    wanted = wire.fill(events_pb2.PartsWanted(), order)
    for item in order.line_items:
        for need in item.parts:
            part = known[need.part_id]
            wanted.lines.add(
                line_item_id=item.id,
                part_id=need.part_id,
                part_number=part.part_number,
                part_name=part.name,
                quantity=need.quantity,
                returnable=part.returnable or returns.get(item.work_type_id, False),
            )
    return wanted
