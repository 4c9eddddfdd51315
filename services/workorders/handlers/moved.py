"""The event of a move: what happened, with the effects and mails that the workflow asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.common.v1 import types_pb2
from fieldmesh.workorders.v1 import events_pb2

from services.workorders import wire
from services.workorders.domain.crew import crew_of
from services.workorders.domain.situation import Inputs
from services.workorders.handlers import snapshots, wanted
from services.workorders.standing_in import stand_in_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.definition import Notice
    from services.workorders.domain.work_order import WorkOrder
    from services.workorders.repository import Stored

NO_INPUTS = Inputs()


def announce(  # noqa: PLR0913 - the parts of the event
    transaction: Transaction,
    stored: Stored,
    transition: str,
    *,
    from_state: str,
    effects: Collection[str] = (),
    notices: Iterable[Notice] = (),
    inputs: Inputs = NO_INPUTS,
    reason_label: str = "",
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
        notices=[
            events_pb2.Notice(template=notice.template, recipients=notice.recipients, to_actor=notice.to_actor)
            for notice in notices
        ],
        reason_code=inputs.reason_code,
        reason_label=reason_label,
        comment=inputs.comment,
        actor=types_pb2.Actor(subject=actor.subject, display_name=actor.name, organization_id=actor.organization_id),
        move_time=wire.timestamp(transaction.now),
        assignment_id=assignment_id,
    )
    _tell_crew(event, before, stored.order, inputs.person_id)
    if before is not None and before.fulfilment.expected_delivery_date:
        event.earlier_delivery_date.CopyFrom(wire.date_message(before.fulfilment.expected_delivery_date))
    if before is not None and before.assignee.person_id != stored.order.assignee.person_id:
        event.former_assignee_id = before.assignee.person_id
    if before is not None and before.assignee.email != stored.order.assignee.email:
        wire.fill(event.former_assignee, before.assignee)
    if stored.order.approval.approver_id:
        event.work_order.approver_delegate_id = stand_in_of(
            transaction.connection, stored.order.approval.approver_id, transaction.now
        )
    asked = wanted.parts_wanted(transaction.connection, stored.order, effects, inputs)
    if asked is not None:
        event.parts.CopyFrom(asked)
    if wanted.RELEASE_PARTS in effects:
        event.finished_line_item_ids.extend(wanted.finished(stored.order))
    snapshots.publish(transaction, stored.order.id, event)


def _tell_crew(event: events_pb2.WorkOrderMoved, before: WorkOrder | None, after: WorkOrder, chosen: str) -> None:
    """Say which technician a move assigned, and who is not on the order any more."""
    present = {each.person_id: each for each in crew_of(after)}
    if chosen in present:
        wire.fill(event.assigned_technician, present[chosen])
    for each in crew_of(before) if before is not None else ():
        if each.person_id not in present:
            wire.fill(event.released_technicians.add(), each)
