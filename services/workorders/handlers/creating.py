"""Creating, editing and deleting orders that nobody works on yet (R-2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fieldmesh.workorders.v1 import events_pb2, work_order_pb2
from google.protobuf import empty_pb2

from services.chassis.errors import InvalidRequest, NotAllowed, Violation, WrongState
from services.chassis.etag import check_etag
from services.chassis.idempotency import run_once
from services.chassis.ids import derive_id, new_id
from services.chassis.kit.validation import check_message
from services.chassis.masks import checked_paths
from services.workorders import repository
from services.workorders.acting import actor_of
from services.workorders.definitions.contract import WORK_ORDER, history_labels
from services.workorders.domain.changes import changes_between, state_changes
from services.workorders.domain.history import Entry
from services.workorders.domain.work_order import Priority, WorkOrder
from services.workorders.handlers import moved, snapshots, tasks
from services.workorders.handlers.belonging import misplaced
from services.workorders.handlers.resolving import issuer_of, resolve
from services.workorders.presenting import followed_of, order_message
from services.workorders.repository import Stored, load
from services.workorders.schemas import values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldmesh.workorders.v1 import work_order_service_pb2

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.domain.workflow import Workflow

DEFAULT_WORKFLOW = "partner_service"
# What a dispatcher gives; everything else follows, or is asked for by transitions.
GIVEN = (
    "subject", "description", "priority", "case_id", "account_id", "facility_id", "station_ids",
    "site_validation_count", "contact_id", "territory_id", "entitlement_id", "customer_service_executive_id",
)  # fmt: skip


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
        wrong = _shape_problems(request)
        if wrong:
            raise _invalid(wrong)

        def work(transaction: Transaction) -> work_order_pb2.WorkOrder:
            order = self._made(transaction, caller, workflow, request)
            start = state_changes(["", workflow.state(order.state).label])
            entry = Entry(order.id, actor_of(caller), transaction.now, "create")
            order, _ = repository.record(transaction, order, entry, start, history_labels())
            stored = repository.add(transaction, workflow, order)
            moved.announce(transaction, stored, "create", from_state="")
            return order_message(stored.row)

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
        foreign = [Violation(path, "is asked for by a transition") for path in asked if path not in GIVEN]
        if foreign:
            raise _invalid(foreign)
        given = values_of(request.work_order, asked)

        def work(transaction: Transaction) -> work_order_pb2.WorkOrder:
            before = self._editable(transaction, caller, request.work_order.id, request.work_order.etag)
            return self._edited(transaction, caller, before, given)

        return run_once(
            self._database, caller, "UpdateWorkOrder", request.request_id, request, work_order_pb2.WorkOrder, work
        )

    def delete(self, caller: Caller, request: work_order_service_pb2.DeleteWorkOrderRequest) -> empty_pb2.Empty:
        """Delete an order that was never allocated. Raises NotFound, StaleEtag, WrongState (ALREADY_ALLOCATED)."""

        def work(transaction: Transaction) -> empty_pb2.Empty:
            before = self._editable(transaction, caller, request.id, request.etag)
            gone = events_pb2.WorkOrderDeleted(work_order_id=before.order.id)
            snapshots.publish(transaction, before.order.id, gone)
            repository.remove(transaction, before)
            return empty_pb2.Empty()

        return run_once(self._database, caller, "DeleteWorkOrder", request.request_id, request, empty_pb2.Empty, work)

    def _chosen(self, caller: Caller, name: str) -> Workflow:
        if name not in self._workflows.names():
            raise _invalid([Violation("workflow", f"is none of {', '.join(self._workflows.names())}")])
        workflow = self._workflows.latest(name)
        if not workflow.may_create(actor_of(caller)):
            raise NotAllowed("Your role does not create work orders.", reason="ROLE_NOT_ALLOWED")
        return workflow

    def _made(
        self,
        transaction: Transaction,
        caller: Caller,
        workflow: Workflow,
        request: work_order_service_pb2.CreateWorkOrderRequest,
    ) -> WorkOrder:
        connection = transaction.connection
        given: dict[str, Any] = dict(values_of(request.work_order, GIVEN))
        if given["priority"] is Priority.UNSPECIFIED:
            given["priority"] = Priority.NORMAL
        issuer = issuer_of(connection, given["account_id"], caller.organization_id)
        resolved = resolve(connection, issuer, given)
        wrong = list(resolved.wrong)
        for index, task in enumerate(request.line_items):
            found = tasks.problems(connection, issuer, given["facility_id"], task)
            wrong += [Violation(f"line_items[{index}].{each.field}", each.description) for each in found]
        if wrong:
            raise _invalid(wrong)
        order_id = derive_id("work-order", caller.subject, request.request_id) if request.request_id else new_id()
        items = tuple(
            tasks.made(connection, issuer, derive_id("line-item", order_id, position), position, task)
            for position, task in enumerate(request.line_items, 1)
        )
        values: dict[str, Any] = {**given, **resolved.values, **tasks.summary(items)}
        return WorkOrder(
            id=order_id,
            number=repository.next_number(transaction, "work_order"),
            workflow=workflow.definition.name,
            workflow_version=workflow.definition.version,
            state=workflow.definition.initial,
            issuer_org=issuer,
            line_items=items,
            **values,
        )

    def _editable(self, transaction: Transaction, caller: Caller, order_id: str, etag: str) -> Stored:
        stored = load(transaction.connection, caller, order_id, lock=True)
        check_etag(etag, stored.order.id, stored.order.version)
        refuse_allocated(self._workflows, caller, stored)
        return stored

    def _edited(
        self, transaction: Transaction, caller: Caller, before: Stored, given: Mapping[str, object]
    ) -> work_order_pb2.WorkOrder:
        order = before.order
        wanted: dict[str, Any] = {name: getattr(order, name) for name in GIVEN} | dict(given)
        resolved = resolve(transaction.connection, order.issuer_org, wanted)
        wrong = resolved.wrong + self._left_behind(transaction, order, str(wanted["facility_id"]))
        if wrong:
            raise _invalid(wrong)
        changed: dict[str, Any] = {**wanted, **resolved.values}
        after = replace(order, **changed)
        changes = changes_between(order, after, given, ())
        workflow = self._workflows.of(order.workflow, order.workflow_version)
        entry = Entry(after.id, actor_of(caller), transaction.now, "edit")
        after, _ = repository.record(transaction, after, entry, changes, history_labels())
        stored = repository.save(transaction, workflow, before, after)
        followed = order.id in followed_of(transaction.connection, caller, [order.id])
        return order_message(stored.row, followed=followed)

    @staticmethod
    def _left_behind(transaction: Transaction, order: WorkOrder, facility_id: str) -> list[Violation]:
        """Line items at stations of another facility than the one that the order moves to."""
        return [
            Violation("facility_id", f"Line item {item.number}: {each.description}")
            for item in order.line_items
            if item.station_id and facility_id != order.facility_id
            for each in misplaced(transaction.connection, order.issuer_org, "", [item.station_id], facility_id)
        ]


def refuse_allocated(workflows: Workflows, caller: Caller, stored: Stored) -> None:
    """Let only those who may create orders, and only before the allocation, change or delete one (R-2)."""
    workflow = workflows.of(stored.order.workflow, stored.order.workflow_version)
    foreign = bool(caller.organization_id) and caller.organization_id != stored.order.issuer_org
    if not workflow.may_create(actor_of(caller)) or (foreign and not caller.is_admin):
        raise NotAllowed("Only the dispatcher of the issuer changes a work order.", reason="ROLE_NOT_ALLOWED")
    if stored.order.state != workflow.definition.initial:
        text = "This work order was allocated; it is changed by its transitions only."
        raise WrongState(text, reason="ALREADY_ALLOCATED")


def _shape_problems(request: work_order_service_pb2.CreateWorkOrderRequest) -> list[Violation]:
    wrong = check_message(request.work_order, GIVEN)
    for index, task in enumerate(request.line_items):
        wrong += [Violation(f"line_items[{index}].{each.field}", each.description) for each in check_message(task)]
    return wrong


def _invalid(wrong: list[Violation]) -> InvalidRequest:
    return InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=wrong)
