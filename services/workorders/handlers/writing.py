"""How orders of each workflow are written before anybody works on them: what they begin with, how they are edited."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, cast

from services.chassis.errors import InvalidRequest, Violation, WrongState
from services.chassis.ids import derive_id, new_id
from services.chassis.kit.validation import check_message
from services.workorders import repository
from services.workorders.domain.changes import changes_between
from services.workorders.domain.work_order import Priority, WorkOrder
from services.workorders.handlers import drafting, service_orders, tasks
from services.workorders.handlers.belonging import misplaced
from services.workorders.handlers.resolving import issuer_of, resolve
from services.workorders.schemas import values_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fieldmesh.workorders.v1 import work_order_service_pb2
    from sqlalchemy import Connection

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.outcome import FieldChange
    from services.workorders.domain.workflow import Workflow

    Edited = tuple[WorkOrder, Sequence[FieldChange]]

# What a dispatcher gives; everything else follows, or is asked for by transitions.
GIVEN: Final = (
    "subject", "description", "priority", "case_id", "account_id", "facility_id", "station_ids",
    "site_validation_count", "contact_id", "territory_id", "entitlement_id", "customer_service_executive_id",
)  # fmt: skip


class Creation(NamedTuple):
    """Who creates an order of which workflow, and what they ask for."""

    transaction: Transaction
    caller: Caller
    workflow: Workflow
    request: work_order_service_pb2.CreateWorkOrderRequest


class Writing(Protocol):
    """How orders of a workflow are written. What is wrong is raised as InvalidRequest that names every field."""

    editable: Collection[str]
    writers: str
    """Who writes them, for whom does not."""
    locked: str
    """Why an order is not edited any more, and the reason of that refusal."""
    locked_reason: str

    def shape_problems(self, request: work_order_service_pb2.CreateWorkOrderRequest) -> list[Violation]:
        """What is wrong with the request as it stands."""

    def made(self, asked: Creation) -> WorkOrder:
        """A new order, with its contents stored."""

    def edited(self, connection: Connection, order: WorkOrder, given: Mapping[str, object]) -> Edited:
        """The order with other values, and what changed."""

    def refuse_discarding(self, caller: Caller, order: WorkOrder, /) -> None:
        """Raises NotAllowed or WrongState where an order is not to be deleted."""


class PartnerOrders:
    """Orders of dispatchers with line items, until they are allocated."""

    editable: Collection[str] = GIVEN
    writers = "dispatcher of the issuer"
    locked = "This work order was allocated; it is changed by its transitions only."
    locked_reason = "ALREADY_ALLOCATED"

    def shape_problems(self, request: work_order_service_pb2.CreateWorkOrderRequest) -> list[Violation]:
        """What is wrong with the order's fields and its line items."""
        wrong = check_message(request.work_order, GIVEN)
        for index, task in enumerate(request.line_items):
            wrong += [Violation(f"line_items[{index}].{each.field}", each.description) for each in check_message(task)]
        return wrong

    def made(self, asked: Creation) -> WorkOrder:
        """A new order with its line items."""
        caller, request, connection = asked.caller, asked.request, asked.transaction.connection
        given: dict[str, Any] = dict(values_of(request.work_order, GIVEN))
        if given["priority"] is Priority.UNSPECIFIED:
            given["priority"] = Priority.NORMAL
        issuer = issuer_of(connection, given["account_id"], caller.organization_id)
        resolved = resolve(connection, issuer, given)
        wrong = list(resolved.wrong)
        for index, task in enumerate(request.line_items):
            found = tasks.problems(connection, issuer, given["facility_id"], task)
            wrong += [Violation(f"line_items[{index}].{each.field}", each.description) for each in found]
        refuse(wrong)
        order_id = _id_of(asked)
        items = tuple(
            tasks.made(connection, issuer, derive_id("line-item", order_id, position), position, task)
            for position, task in enumerate(request.line_items, 1)
        )
        values: dict[str, Any] = {**given, **resolved.values, **tasks.summary(connection, items)}
        return _begun(asked, order_id, issuer, {**values, "line_items": items})

    def edited(self, connection: Connection, order: WorkOrder, given: Mapping[str, object]) -> Edited:
        """An order with other values; its line items keep their stations."""
        refuse(_fixed(given, self.editable))
        wanted: dict[str, Any] = {name: getattr(order, name) for name in GIVEN} | dict(given)
        resolved = resolve(connection, order.issuer_org, wanted)
        refuse(resolved.wrong + _left_behind(connection, order, str(wanted["facility_id"])))
        changed: dict[str, Any] = {**wanted, **resolved.values}
        after = replace(order, **changed)
        return after, changes_between(order, after, given, ())

    def refuse_discarding(self, _caller: Caller, _order: WorkOrder) -> None:
        """Whoever may edit one may delete it."""


class Drafts:
    """Orders of facility owners and providers, until they are submitted for approval (PT-1 to PT-3)."""

    editable: Collection[str] = drafting.EDITABLE
    writers = "organisation that created it"
    locked = "This work order is no draft; only a draft can be changed."
    locked_reason = "NOT_A_DRAFT"

    def shape_problems(self, request: work_order_service_pb2.CreateWorkOrderRequest) -> list[Violation]:
        """What is wrong with the order's fields, action items, notes and estimates."""
        return drafting.shape_problems(request)

    def made(self, asked: Creation) -> WorkOrder:
        """A draft at a facility with its action items, notes and estimates."""
        transaction, caller, _, request = asked
        given = values_of(request.work_order, drafting.GIVEN)
        issuer, values, wrong = drafting.begin(transaction.connection, caller, given)
        refuse(wrong + drafting.content_problems(transaction.connection, str(given["facility_id"]), request))
        order = _begun(asked, _id_of(asked), issuer, values)
        return drafting.write_content(transaction, caller, order, request)

    def edited(self, connection: Connection, order: WorkOrder, given: Mapping[str, object]) -> Edited:
        """A draft with other fields: another version of what is approved (hard case 12)."""
        wrong = _fixed(given, self.editable)
        if "station_ids" in given:
            wanted = cast("tuple[str, ...]", given["station_ids"])
            wrong += drafting.misplaced(connection, wanted, order.facility_id)
        refuse(wrong)
        changed: dict[str, Any] = dict(given)
        after = replace(order, **changed)
        changes = changes_between(order, after, given, ())
        return replace(after, content_version=order.content_version + bool(changes)), changes

    def refuse_discarding(self, caller: Caller, order: WorkOrder) -> None:
        """Its creator discards it, and only before it was submitted."""
        drafting.refuse_discarding(caller, order)


class ServiceOrders:
    """Service orders that a utility's dispatcher writes, while they are New (UM-3, UM-8)."""

    editable: Collection[str] = service_orders.EDITABLE
    writers = PartnerOrders.writers
    locked = "This service order is not New any more; it is changed by its transitions only."
    locked_reason = PartnerOrders.locked_reason

    def shape_problems(self, request: work_order_service_pb2.CreateWorkOrderRequest) -> list[Violation]:
        """What is wrong with the order's fields."""
        return service_orders.shape_problems(request)

    def made(self, asked: Creation) -> WorkOrder:
        """A new service order."""
        transaction, caller, workflow, request = asked
        given = values_of(request.work_order, service_orders.GIVEN)
        issuer = issuer_of(transaction.connection, str(given["account_id"]), caller.organization_id)
        values, wrong = service_orders.values_for(transaction.connection, issuer, given)
        refuse(wrong)
        key = service_orders.request_key(caller, request.request_id)
        return service_orders.made(transaction, workflow, issuer, values, key)

    def edited(self, connection: Connection, order: WorkOrder, given: Mapping[str, object]) -> Edited:
        """A New service order with other values; its meter may follow from its station."""
        after, wrong = service_orders.edited(connection, order, given)
        refuse(wrong)
        return after, changes_between(order, after, (*given, service_orders.METER), ())

    def refuse_discarding(self, _caller: Caller, _order: WorkOrder) -> None:
        """It stands in the books of its utility, and perhaps in an event's: it is cancelled, never deleted."""
        raise WrongState("A service order is cancelled, not deleted.", reason="TRANSITION_REFUSED")


_USUAL: Final[Writing] = PartnerOrders()
_OTHERS: Final[Mapping[str, Writing]] = {drafting.WORKFLOW: Drafts(), service_orders.WORKFLOW: ServiceOrders()}
EDITABLE: Final = frozenset(path for each in (_USUAL, *_OTHERS.values()) for path in each.editable)


def writing_of(workflow: str) -> Writing:
    """Give how orders of a workflow are written; workflows that are none of ours are written like those of partners."""
    return _OTHERS.get(workflow, _USUAL)


def refuse(wrong: list[Violation]) -> None:
    """Raises InvalidRequest that names every wrong field, where there is one."""
    if wrong:
        raise InvalidRequest("Some fields are missing or wrong.", reason="INVALID_FIELDS", violations=wrong)


def _fixed(given: Iterable[str], editable: Collection[str]) -> list[Violation]:
    return [Violation(path, "stays what it is") for path in given if path not in editable]


def _id_of(asked: Creation) -> str:
    key = asked.request.request_id
    return derive_id("work-order", asked.caller.subject, key) if key else new_id()


def _begun(asked: Creation, order_id: str, issuer: str, values: Mapping[str, Any]) -> WorkOrder:
    definition = asked.workflow.definition
    return WorkOrder(
        id=order_id,
        number=repository.next_number(asked.transaction, "work_order"),
        workflow=definition.name,
        workflow_version=definition.version,
        state=definition.initial,
        issuer_org=issuer,
        **values,
    )


def _left_behind(connection: Connection, order: WorkOrder, facility_id: str) -> list[Violation]:
    """Line items at stations of another facility than the one that the order moves to."""
    return [
        Violation("facility_id", f"Line item {item.number}: {each.description}")
        for item in order.line_items
        if item.station_id and facility_id != order.facility_id
        for each in misplaced(connection, order.issuer_org, "", [item.station_id], facility_id)
    ]
