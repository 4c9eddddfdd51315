"""Creating, editing and deleting orders that nobody works on yet (R-2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from fieldmesh.workorders.v1 import events_pb2, work_order_pb2, work_order_service_pb2
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
from services.workorders.handlers import drafting, moved, service_orders, snapshots, tasks
from services.workorders.handlers.belonging import misplaced
from services.workorders.handlers.resolving import issuer_of, resolve, subject_flags
from services.workorders.presenting import followed_of, order_message
from services.workorders.repository import Stored, load
from services.workorders.schemas import values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.chassis.database import Database
    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.definitions import Workflows
    from services.workorders.domain.outcome import FieldChange
    from services.workorders.domain.workflow import Workflow

MOST_STATIONS = 200
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
        shape_problems, make = {
            drafting.WORKFLOW: (drafting.shape_problems, self._drafted),
            service_orders.WORKFLOW: (service_orders.shape_problems, self._requested),
        }.get(workflow.definition.name, (_shape_problems, self._made))
        wrong = shape_problems(request)
        if wrong:
            raise _invalid(wrong)

        def work(transaction: Transaction) -> work_order_pb2.WorkOrder:
            order = make(transaction, caller, workflow, request)
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
        known = {*GIVEN, *drafting.EDITABLE, *service_orders.EDITABLE}
        foreign = [Violation(path, "is asked for by a transition") for path in asked if path not in known]
        if foreign:
            raise _invalid(foreign)
        given = values_of(request.work_order, asked)

        def work(transaction: Transaction) -> work_order_pb2.WorkOrder:
            before = self._editable(transaction, caller, request.work_order.id, request.work_order.etag)
            if before.order.workflow == service_orders.WORKFLOW:
                return self._reworded(transaction, caller, before, given)
            edit = self._redrafted if before.order.content_version else self._edited
            return edit(transaction, caller, before, given)

        return run_once(
            self._database, caller, "UpdateWorkOrder", request.request_id, request, work_order_pb2.WorkOrder, work
        )

    def delete(self, caller: Caller, request: work_order_service_pb2.DeleteWorkOrderRequest) -> empty_pb2.Empty:
        """Delete an order that was never allocated. Raises NotFound, StaleEtag, WrongState (ALREADY_ALLOCATED)."""

        def work(transaction: Transaction) -> empty_pb2.Empty:
            before = self._editable(transaction, caller, request.id, request.etag)
            if before.order.workflow == service_orders.WORKFLOW:
                service_orders.refuse_discarding()
            if before.order.content_version:
                drafting.refuse_discarding(caller, before.order)
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
            raise _invalid([Violation("workflow", f"is none of {', '.join(self._workflows.names())}")])
        workflow = self._workflows.latest(name)
        if not workflow.may_create(actor_of(caller)):
            label = workflow.definition.label.lower()
            raise NotAllowed(f"You do not create work orders of {label}.", reason="ROLE_NOT_ALLOWED")
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
        values: dict[str, Any] = {**given, **resolved.values, **tasks.summary(connection, items)}
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

    def _drafted(
        self,
        transaction: Transaction,
        caller: Caller,
        workflow: Workflow,
        request: work_order_service_pb2.CreateWorkOrderRequest,
    ) -> WorkOrder:
        """A draft at a facility with its action items, notes and estimates (PT-1 to PT-3)."""
        given = values_of(request.work_order, drafting.GIVEN)
        issuer, values, wrong = drafting.begin(transaction.connection, caller, given)
        wrong = wrong + drafting.content_problems(transaction.connection, str(given["facility_id"]), request)
        if wrong:
            raise _invalid(wrong)
        order_id = derive_id("work-order", caller.subject, request.request_id) if request.request_id else new_id()
        order = WorkOrder(
            id=order_id,
            number=repository.next_number(transaction, "work_order"),
            workflow=workflow.definition.name,
            workflow_version=workflow.definition.version,
            state=workflow.definition.initial,
            issuer_org=issuer,
            **values,
        )
        return drafting.write_content(transaction, caller, order, request)

    @staticmethod
    def _requested(
        transaction: Transaction,
        caller: Caller,
        workflow: Workflow,
        request: work_order_service_pb2.CreateWorkOrderRequest,
    ) -> WorkOrder:
        """A service order that a utility's dispatcher writes (UM-3)."""
        given = values_of(request.work_order, service_orders.GIVEN)
        issuer = issuer_of(transaction.connection, str(given["account_id"]), caller.organization_id)
        values, wrong = service_orders.values_for(transaction.connection, issuer, given)
        if wrong:
            raise _invalid(wrong)
        key = service_orders.request_key(caller, request.request_id)
        return service_orders.made(transaction, workflow, issuer, values, key)

    def _reworded(
        self, transaction: Transaction, caller: Caller, before: Stored, given: Mapping[str, object]
    ) -> work_order_pb2.WorkOrder:
        """A New service order with other values (UM-8)."""
        after, wrong = service_orders.edited(transaction.connection, before.order, given)
        if wrong:
            raise _invalid(wrong)
        changes = changes_between(before.order, after, (*given, service_orders.METER), ())
        return self._saved(transaction, caller, before, after, changes)

    def _redrafted(
        self, transaction: Transaction, caller: Caller, before: Stored, given: Mapping[str, object]
    ) -> work_order_pb2.WorkOrder:
        """A draft with other fields: another version of what is approved (hard case 12)."""
        order = before.order
        wrong = [Violation(path, "stays what it is") for path in given if path not in drafting.EDITABLE]
        if "station_ids" in given:
            wanted = cast("tuple[str, ...]", given["station_ids"])
            wrong += drafting.misplaced(transaction.connection, wanted, order.facility_id)
        if wrong:
            raise _invalid(wrong)
        changed: dict[str, Any] = dict(given)
        after = replace(order, **changed)
        changes = changes_between(order, after, given, ())
        after = replace(after, content_version=order.content_version + bool(changes))
        return self._saved(transaction, caller, before, after, changes)

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
        return self._saved(transaction, caller, before, after, changes)

    @staticmethod
    def _left_behind(transaction: Transaction, order: WorkOrder, facility_id: str) -> list[Violation]:
        """Line items at stations of another facility than the one that the order moves to."""
        return [
            Violation("facility_id", f"Line item {item.number}: {each.description}")
            for item in order.line_items
            if item.station_id and facility_id != order.facility_id
            for each in misplaced(transaction.connection, order.issuer_org, "", [item.station_id], facility_id)
        ]


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
    if not workflow.may_create(actor_of(caller)) or (foreign and not caller.is_admin):
        who = "organisation that created it" if stored.order.content_version else "dispatcher of the issuer"
        raise NotAllowed(f"Only the {who} changes a work order.", reason="ROLE_NOT_ALLOWED")
    if stored.order.state != workflow.definition.initial and stored.order.content_version:
        raise WrongState("This work order is no draft; only a draft can be changed.", reason="NOT_A_DRAFT")
    if stored.order.state != workflow.definition.initial:
        text = "This work order was allocated; it is changed by its transitions only."
        if stored.order.workflow == service_orders.WORKFLOW:
            text = "This service order is not New any more; it is changed by its transitions only."
        raise WrongState(text, reason="ALREADY_ALLOCATED")


def _shape_problems(request: work_order_service_pb2.CreateWorkOrderRequest) -> list[Violation]:
    wrong = check_message(request.work_order, GIVEN)
    for index, task in enumerate(request.line_items):
        wrong += [Violation(f"line_items[{index}].{each.field}", each.description) for each in check_message(task)]
    return wrong


def _invalid(wrong: list[Violation]) -> InvalidRequest:
    return InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=wrong)
