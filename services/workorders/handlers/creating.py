"""Creating, editing and deleting orders that nobody works on yet (R-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldmesh.workorders.v1 import events_pb2, work_order_pb2, work_order_service_pb2
from google.protobuf import empty_pb2

from services.chassis.errors import NotAllowed, Violation, WrongState
from services.chassis.etag import check_etag
from services.chassis.idempotency import run_once
from services.chassis.masks import checked_paths
from services.workorders import repository
from services.workorders.acting import actor_of
from services.workorders.definitions.contract import WORK_ORDER, history_labels
from services.workorders.domain.changes import state_changes
from services.workorders.domain.history import Entry
from services.workorders.handlers import moved, snapshots
from services.workorders.handlers.resolving import issuer_of, subject_flags
from services.workorders.handlers.writing import EDITABLE, Creation, refuse, writing_of
from services.workorders.presenting import followed_of, order_message
from services.workorders.repository import Stored, load
from services.workorders.schemas import values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.domain.outcome import FieldChange
    from services.workorders.domain.work_order import WorkOrder
    from services.workorders.domain.workflow import Workflow

MOST_STATIONS = 200
DEFAULT_WORKFLOW = "partner_service"


class Orders:
    """Commands on orders that were not allocated yet; afterwards only transitions change them."""

    def __init__(self, database: Database, workflows: Workflows) -> None:
        self._database = database
        self._workflows = workflows

    def create(
        self, caller: Caller, request: work_order_service_pb2.CreateWorkOrderRequest
    ) -> work_order_pb2.WorkOrder:
        """Create an order with its line items; InvalidRequest names every wrong field, NotAllowed a foreign role."""
        workflow = self._chosen(caller, request.workflow or DEFAULT_WORKFLOW)
        writing = writing_of(workflow.definition.name)
        refuse(writing.shape_problems(request))

        def work(transaction: Transaction) -> work_order_pb2.WorkOrder:
            order = writing.made(Creation(transaction, caller, workflow, request))
            return order_message(begin(transaction, caller, workflow, order).row)

        return run_once(
            self._database, caller, "CreateWorkOrder", request.request_id, request, work_order_pb2.WorkOrder, work
        )

    def update(
        self, caller: Caller, request: work_order_service_pb2.UpdateWorkOrderRequest
    ) -> work_order_pb2.WorkOrder:
        """Change masked fields of an order that was not allocated yet; each changed field is a row of history.

        Raises NotFound, StaleEtag, WrongState (ALREADY_ALLOCATED), InvalidRequest naming every wrong path and field.
        """
        asked = checked_paths(WORK_ORDER, request.update_mask.paths, request.work_order)
        refuse([Violation(path, "is asked for by a transition") for path in asked if path not in EDITABLE])
        given = values_of(request.work_order, asked)

        def work(transaction: Transaction) -> work_order_pb2.WorkOrder:
            before = self._editable(transaction, caller, request.work_order.id, request.work_order.etag)
            after, changes = writing_of(before.order.workflow).edited(transaction.connection, before.order, given)
            return self._saved(transaction, caller, before, after, changes)

        return run_once(
            self._database, caller, "UpdateWorkOrder", request.request_id, request, work_order_pb2.WorkOrder, work
        )

    def delete(self, caller: Caller, request: work_order_service_pb2.DeleteWorkOrderRequest) -> empty_pb2.Empty:
        """Delete an order that was never allocated. Raises NotFound, StaleEtag, WrongState (ALREADY_ALLOCATED)."""

        def work(transaction: Transaction) -> empty_pb2.Empty:
            before = self._editable(transaction, caller, request.id, request.etag)
            writing_of(before.order.workflow).refuse_discarding(caller, before.order)
            gone = events_pb2.WorkOrderDeleted(work_order_id=before.order.id)
            snapshots.publish(transaction, before.order.id, gone)
            repository.remove(transaction, before)
            return empty_pb2.Empty()

        return run_once(self._database, caller, "DeleteWorkOrder", request.request_id, request, empty_pb2.Empty, work)

    def check_subject(
        self, caller: Caller, request: work_order_service_pb2.CheckSubjectRequest
    ) -> work_order_service_pb2.CheckSubjectResponse:
        """What a subject would be flagged for; nothing is stored."""
        with self._database.read() as connection:
            issuer = issuer_of(connection, request.account_id, caller.organization_id)
            flags = subject_flags(
                connection, issuer, request.subject, request.entitlement_id, request.station_ids[:MOST_STATIONS]
            )
        told = [work_order_pb2.OrderFlag(code=flag.code, message=flag.message) for flag in flags]
        return work_order_service_pb2.CheckSubjectResponse(flags=told)

    def _chosen(self, caller: Caller, name: str) -> Workflow:
        if name not in self._workflows.names():
            refuse([Violation("workflow", f"is none of {', '.join(self._workflows.names())}")])
        workflow = self._workflows.latest(name)
        if not workflow.may_create(actor_of(caller)):
            label = workflow.definition.label.lower()
            raise NotAllowed(f"You do not create work orders of {label}.", reason="ROLE_NOT_ALLOWED")
        return workflow

    def _saved(
        self, transaction: Transaction, caller: Caller, before: Stored, after: WorkOrder, changes: Sequence[FieldChange]
    ) -> work_order_pb2.WorkOrder:
        workflow = self._workflows.of(after.workflow, after.workflow_version)
        entry = Entry(after.id, actor_of(caller), transaction.now, "edit")
        after, _ = repository.record(transaction, after, entry, changes, history_labels())
        stored = repository.save(transaction, workflow, before, after)
        followed = after.id in followed_of(transaction.connection, caller, [after.id])
        return order_message(stored.row, followed=followed)

    def _editable(self, transaction: Transaction, caller: Caller, order_id: str, etag: str) -> Stored:
        stored = load(transaction.connection, caller, order_id, lock=True)
        check_etag(etag, stored.order.id, stored.order.version)
        refuse_allocated(self._workflows, caller, stored)
        return stored


def begin(transaction: Transaction, caller: Caller, workflow: Workflow, order: WorkOrder) -> Stored:
    """Store a new order with the first row of its history, and tell others of it."""
    start = state_changes(["", workflow.state(order.state).label])
    entry = Entry(order.id, actor_of(caller), transaction.now, "create")
    order, _ = repository.record(transaction, order, entry, start, history_labels())
    stored = repository.add(transaction, workflow, order)
    moved.announce(transaction, stored, "create", from_state="")
    return stored


def refuse_allocated(workflows: Workflows, caller: Caller, stored: Stored) -> None:
    """Let only those who may create orders, and only before the allocation, change or delete one (R-2)."""
    workflow = workflows.of(stored.order.workflow, stored.order.workflow_version)
    foreign = bool(caller.organization_id) and caller.organization_id != stored.order.issuer_org
    writing = writing_of(stored.order.workflow)
    if not workflow.may_create(actor_of(caller)) or (foreign and not caller.is_admin):
        raise NotAllowed(f"Only the {writing.writers} changes a work order.", reason="ROLE_NOT_ALLOWED")
    if stored.order.state != workflow.definition.initial:
        raise WrongState(writing.locked, reason=writing.locked_reason)
