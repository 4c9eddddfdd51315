"""Orders that await somebody's approval: whose they are, and who decides now (R-3, hard case 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Text, and_, or_, select

from services.workorders.domain.requests import CostDecision
from services.workorders.standing_in import represented_by, stand_in_of
from services.workorders.tables import people, work_orders

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from fieldmesh.workorders.v1 import work_order_pb2
    from sqlalchemy import Connection

    from services.chassis.identity import Caller

AWAITED: Final = "submitted"
COMPLETED: Final = "completed"
UNDECIDED: Final = f'"decision":"{CostDecision.REQUESTED.value}"'


def awaited_by(connection: Connection, caller: Caller, now: datetime) -> ColumnElement[bool]:
    """The condition of orders that a caller is asked to approve, in their own place or in that of somebody away."""
    asked = {caller.subject, *represented_by(connection, caller.subject, now)}
    columns = work_orders.c
    return and_(
        columns.state == AWAITED,
        columns.approval_approver_id.in_(asked),
        columns.approval_submitter_id != caller.subject,
    )


def reviewed_by(caller: Caller) -> ColumnElement[bool]:
    """The condition of orders that the caller's organisation gave out and has to review.

    They are completed and neither closed nor sent back yet, or a cost awaits a decision (CP-60, CP-84).
    """
    columns = work_orders.c
    undecided = and_(
        columns.category.in_(("open", "held")), columns.cost_requests.cast(Text).contains(UNDECIDED, autoescape=True)
    )
    return and_(columns.issuer_org == caller.organization_id, or_(columns.state == COMPLETED, undecided))


def tell_who_decides(connection: Connection, orders: Iterable[work_order_pb2.WorkOrder], now: datetime) -> None:
    """Fill in whether the approver of an awaited order has left, and who decides in their place while they are away."""
    awaited = [order for order in orders if order.state == AWAITED and order.approval.approver_id]
    if not awaited:
        return
    asked = {order.approval.approver_id for order in awaited}
    stand_ins = {person_id: stand_in_of(connection, person_id, now) for person_id in asked}
    wanted = select(people.c.id, people.c.name, people.c.active, people.c.deleted)
    rows = connection.execute(wanted.where(people.c.id.in_({*asked, *stand_ins.values()}))).all()
    known = {row.id: row for row in rows}
    for order in awaited:
        row, deputy = known.get(order.approval.approver_id), known.get(stand_ins[order.approval.approver_id])
        order.approval.approver_left = row is None or row.deleted or not row.active
        if deputy is not None and deputy.active and deputy.id != order.approval.submitter_id:
            order.approval.stand_in_name = deputy.name
