"""Technicians who left the organisation that does the work: its orders return to the queue (CP-94, hard case 8).

What technicians committed is a fact, whatever version of which workflow an order follows; so this is no transition of
any. The order keeps its state and its appointment, and waits for somebody else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import or_, select

from services.chassis.identity import SUBJECT_PREFIX, Caller
from services.chassis.ids import derive_id
from services.chassis.log import get_logger
from services.workorders import repository
from services.workorders.acting import actor_of
from services.workorders.definitions.contract import history_labels
from services.workorders.domain.approval import Assignee
from services.workorders.domain.changes import changes_between
from services.workorders.domain.computations import SKILL_FLAG
from services.workorders.domain.crew import crew_of, without
from services.workorders.domain.definition import Category, Notice
from services.workorders.domain.history import Entry
from services.workorders.domain.situation import Inputs
from services.workorders.domain.work_order import OrderFlag
from services.workorders.handlers import collaboration, moved
from services.workorders.handlers.directory import TECHNICIANS, has_technician, person_of, raise_flag
from services.workorders.tables import line_items, work_orders

if TYPE_CHECKING:
    from fieldmesh.common.v1 import events_pb2 as envelope_pb2
    from fieldmesh.common.v1 import types_pb2
    from fieldmesh.technicians.v1 import events_pb2

    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.domain.work_order import WorkOrder
    from services.workorders.repository import Stored

log = get_logger(__name__)
RELEASED: Final = "technician_released"
_GROUP: Final = ("technician", "assignee")
_TOLD: Final = (*_GROUP, "further_technicians")
# Who looks for somebody else where no office of an executor does.
_GAVE_OUT: Final = {"facility_approval": "submitter", "utility_request": "issuer_dispatchers"}


class Departing:
    """Takes technicians who left off their former organisation's orders."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows

    def technician_offboarded(
        self, transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.TechnicianOffboarded
    ) -> None:
        """Release the orders that are under way and still have the technician; told twice, it changes nothing more."""
        columns = work_orders.c
        affected = select(columns.id).where(
            has_technician(payload.technician_id),
            columns.executor_org == payload.organization_id,
            columns.category.in_([Category.OPEN, Category.HELD]),
        )
        for order_id in transaction.execute(affected.order_by(columns.id)).scalars().all():
            self._release(transaction, event, payload, order_id)
        person = payload.person_id or person_of(transaction, payload.technician_id)
        if not person:
            return
        visits = select(columns.id).where(
            columns.assignee_person_id == person,
            or_(columns.executor_org == payload.organization_id, columns.issuer_org == payload.organization_id),
            columns.category.in_([Category.OPEN, Category.HELD]),
        )
        for order_id in transaction.execute(visits.order_by(columns.id)).scalars().all():
            self._release_visit(transaction, event, payload, order_id)

    def _release(
        self,
        transaction: Transaction,
        event: envelope_pb2.Event,
        payload: events_pb2.TechnicianOffboarded,
        order_id: str,
    ) -> None:
        stored = repository.load(transaction.connection, TECHNICIANS, order_id, lock=True)
        before = stored.order
        gone = {each.person_id for each in crew_of(before) if each.technician_id == payload.technician_id}
        if not gone:
            return
        left_over: dict[str, Any] = dict(without(before, gone))
        self._write(transaction, event, payload, stored, replace(before, **left_over))

    def _release_visit(
        self,
        transaction: Transaction,
        event: envelope_pb2.Event,
        payload: events_pb2.TechnicianOffboarded,
        order_id: str,
    ) -> None:
        """The same for approved work and service orders, whose visit is one person's (PT-10, UM-5)."""
        stored = repository.load(transaction.connection, TECHNICIANS, order_id, lock=True)
        if stored.order.assignee.person_id:
            self._write(transaction, event, payload, stored, replace(stored.order, assignee=Assignee()))

    def _write(
        self,
        transaction: Transaction,
        event: envelope_pb2.Event,
        payload: events_pb2.TechnicianOffboarded,
        stored: Stored,
        after: WorkOrder,
    ) -> None:
        before = stored.order
        after = replace(after, scope_version=before.scope_version + 1)
        left = f"{payload.technician_name} left the organisation"
        reason = f"{left}: {payload.reason}" if payload.reason else left
        author = author_of(payload.actor)
        entry = Entry(before.id, actor_of(author), transaction.now, reason=reason)
        order, _ = repository.record(
            transaction, after, entry, changes_between(before, after, _TOLD, _GROUP), history_labels()
        )
        saved = repository.save(
            transaction, self._workflows.of(before.workflow, before.workflow_version), stored, order
        )
        collaboration.write_post(
            transaction,
            author,
            before.id,
            f"{left} and is not assigned to this work order any more. Assign somebody else.",
            [],
            post_id=derive_id("post", before.id, RELEASED, event.id or payload.membership_id),
        )
        moved.announce(
            transaction,
            saved,
            RELEASED,
            from_state=before.state,
            effects=(RELEASED,),
            notices=_notices(before),
            inputs=Inputs(comment=payload.reason),
            reason_label=left,
            before=before,
        )
        log.info("work_order.technician_released", work_order=before.number)

    @staticmethod
    def credential_revoked(
        transaction: Transaction, event: envelope_pb2.Event, payload: events_pb2.CredentialRevoked
    ) -> None:
        """Flag open orders of the technician that need the certificate; the flag blocks closing (hard case 8)."""
        del event
        revoked = payload.credential
        columns = work_orders.c
        needed = (
            select(columns.id)
            .join(line_items, line_items.c.work_order_id == columns.id)
            .where(
                has_technician(revoked.technician_id),
                columns.category.in_([Category.OPEN, Category.HELD]),
                line_items.c.work_type_id.in_(list(payload.work_type_ids)),
            )
        )
        rows = transaction.execute(needed.distinct().order_by(columns.id)).scalars().all()
        person_id = person_of(transaction, revoked.technician_id)
        text = f"{revoked.code} of {revoked.technician_name} was revoked after the assignment; assign somebody else."
        for order_id in rows:
            raise_flag(transaction, order_id, OrderFlag(SKILL_FLAG, text, True, person_id))


def _notices(order: WorkOrder) -> tuple[Notice, ...]:
    """Who is told that somebody else has to go: those who gave it out, and the office of whoever does the work."""
    gave_out = _GAVE_OUT.get(order.workflow)
    offices = ("executor_organization", "executor_dispatchers") if order.executor_org and gave_out else ()
    return (Notice(RELEASED, (gave_out, *offices) if gave_out else ("executor_organization",)),)


def author_of(actor: types_pb2.Actor) -> Caller:
    """Whoever did it, for history and feed; technicians itself where it came by the clock."""
    if not actor.subject or actor.subject.startswith(SUBJECT_PREFIX):
        return TECHNICIANS
    return Caller(actor.subject, actor.display_name, organization_id=actor.organization_id)
