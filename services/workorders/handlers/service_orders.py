"""Service orders of utilities: what they begin with, by hand or by an event, and how they are edited (UM-1 to UM-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from services.chassis.errors import Violation
from services.chassis.ids import derive_id, new_id
from services.chassis.kit.validation import check_message
from services.workorders import repository
from services.workorders.domain import paths
from services.workorders.domain.utility import ServiceType, subject_of
from services.workorders.domain.work_order import Priority, WorkOrder
from services.workorders.handlers.resolving import resolve
from services.workorders.tables import organizations, stations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2
    from sqlalchemy import Connection

    from services.chassis.identity import Caller
    from services.chassis.unit_of_work import Transaction
    from services.workorders.domain.workflow import Workflow

WORKFLOW = "utility_request"
UTILITY = "utility"
_ASKED = ("type", "instructions", "materials", "requested_date", "meter")
# What its dispatcher gives, and what of it may be changed while it is New.
GIVEN = (
    "priority", "account_id", "facility_id", "station_ids", "contact_id", "territory_id", "description",
    *(f"utility.{name}" for name in _ASKED),
)  # fmt: skip
EDITABLE = tuple(path for path in GIVEN if path != "account_id")
_REFERENCES = ("account_id", "facility_id", "territory_id", "contact_id", "station_ids")
_BLANK = {"case_id": "", "entitlement_id": "", "customer_service_executive_id": "", "subject": ""}
METER, TYPE = "utility.meter", "utility.type"


def shape_problems(request: work_order_service_pb2.CreateWorkOrderRequest) -> list[Violation]:
    """What is wrong with the order's fields as they stand."""
    wrong = field_problems(request.work_order)
    if request.line_items:
        wrong.append(Violation("line_items", "belong to orders of partners; give the type of the service"))
    return wrong


def field_problems(order: work_order_pb2.WorkOrder) -> list[Violation]:
    """What is wrong with what was given of an order, by itself."""
    heads = {path.partition(".")[0] for path in GIVEN}
    wrong = [each for each in check_message(order, heads) if each.field != "subject"]
    return [*wrong, *([] if order.utility.type else [Violation(TYPE, "is required")])]


def values_for(connection: Connection, issuer: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Violation]]:
    """The members of a service order that follow from what was given, by path, and what is wrong.

    A station stands for its meter where no meter is named.
    """
    plain = {path: value for path, value in given.items() if "." not in path}
    resolved = resolve(connection, issuer, {**_BLANK, **plain})
    values: dict[str, Any] = {**given, **resolved.values, "flags": ()}
    if values["priority"] is Priority.UNSPECIFIED:
        values["priority"] = Priority.NORMAL
    values[METER] = values[METER] or _serial_number(connection, given["station_ids"])
    values["subject"] = subject_of(values[TYPE], values[METER], str(values.get("facility_name", "")))
    wrong = list(resolved.wrong)
    if not _is_utility(connection, issuer):
        wrong.append(Violation("account_id", "names no account of a utility"))
    if not values[METER]:
        wrong.append(Violation(METER, "names no meter: give its serial number, or choose a station that has one"))
    return values, wrong


def made(
    transaction: Transaction, workflow: Workflow, issuer: str, values: Mapping[str, Any], key: str = ""
) -> WorkOrder:
    """A new service order with these values; a `key` makes its id the same each time."""
    order = WorkOrder(
        id=derive_id("work-order", key) if key else new_id(),
        number=repository.next_number(transaction, "work_order"),
        workflow=workflow.definition.name,
        workflow_version=workflow.definition.version,
        state=workflow.definition.initial,
        issuer_org=issuer,
    )
    return paths.write(order, values)


def edited(connection: Connection, order: WorkOrder, given: Mapping[str, Any]) -> tuple[WorkOrder, list[Violation]]:
    """A New order with other values, and what is wrong with them (UM-8)."""
    wrong = [Violation(path, "stays what it is") for path in given if path not in EDITABLE]
    if given.get(TYPE, order.utility.type) is ServiceType.UNSPECIFIED:
        wrong.append(Violation(TYPE, "is required"))
    wanted = {path: paths.read(order, path) for path in GIVEN} | dict(given)
    if "station_ids" in given and METER not in given and given["station_ids"] != order.station_ids:
        wanted[METER] = ""
    values, misled = values_for(connection, order.issuer_org, wanted)
    return paths.write(order, values), wrong + misled


def request_key(caller: Caller, request_id: str) -> str:
    """The key of an order that a person creates by hand; empty without a request id."""
    return f"{caller.subject}/{request_id}" if request_id else ""


def _is_utility(connection: Connection, organization_id: str) -> bool:
    found = connection.execute(select(organizations.c.kind).where(organizations.c.id == organization_id))
    return found.scalar_one_or_none() == UTILITY


def _serial_number(connection: Connection, station_ids: tuple[str, ...]) -> str:
    if not station_ids:
        return ""
    found = connection.execute(select(stations.c.serial_number).where(stations.c.id == station_ids[0]))
    return found.scalar_one_or_none() or ""
