"""Open visits of somebody who leaves: approved work and service orders that name the person who goes (PT-10, UM-5)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.common.v1 import list_pb2
from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2, work_order_service_pb2_grpc

from admin.grpcfab.context import mesh
from admin.pages.work_orders import moves
from services.chassis.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEDULE: Final = "schedule"
_MOST: Final = 200
_ASSIGNEE: Final = "inputs.assignee_id"
_APPOINTMENT: Final = ("appointment.date", "appointment.time", "appointment.fold")


@dataclasses.dataclass(frozen=True)
class Colleague:
    """Somebody who could go instead."""

    person_id: str
    name: str


def visits_of(
    person_id: str, organization_id: str, most_offered: int
) -> Iterator[tuple[work_order_pb2.WorkOrder, Sequence[Colleague]]]:
    """The open orders of an organisation that a person goes to, the earliest first, each with who could go instead.

    Whoever may not give an order to somebody else can return it to the queue; nobody is offered then. Nothing where
    the viewer's role sees none, or workorders does not answer: the event of the leave releases them all the same.
    """
    if not person_id:
        return
    try:
        orders = _assigned(person_id)
    except Refusal:
        return
    own = (order for order in orders if organization_id in {order.executor_org, order.issuer_org})
    for index, order in enumerate(own):
        yield order, _colleagues(order, person_id) if index < most_offered else ()


def reassigned(order: work_order_pb2.WorkOrder, person_id: str) -> dict[str, Any]:
    """What the transition is given so that somebody else goes, at the appointment as it stands."""
    kept = work_order_pb2.WorkOrder(appointment=order.appointment)
    return {
        "inputs": work_order_service_pb2.TransitionInputs(assignee_id=person_id),
        "work_order": kept,
        "update_mask": {"paths": list(_APPOINTMENT)},
    }


def _assigned(person_id: str) -> Sequence[work_order_pb2.WorkOrder]:
    equals = list_pb2.FILTER_OPERATOR_EQUALS
    query = list_pb2.ListQuery(
        filters=[
            list_pb2.Filter(field="assignee", operator=equals, values=[person_id]),
            list_pb2.Filter(field="category", operator=equals, values=["STATE_CATEGORY_OPEN"]),
        ],
        order_by="appointment",
        page_size=_MOST,
    )
    stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
    return list(stub.ListWorkOrders(work_order_service_pb2.ListWorkOrdersRequest(query=query)).work_orders)


def _colleagues(order: work_order_pb2.WorkOrder, person_id: str) -> Sequence[Colleague]:
    """Whom the order's own transition offers, but for whoever leaves; nobody where it is not offered."""
    offered = next((each for each in moves.available(order.id) if each.name == SCHEDULE), None)
    if offered is None or not order.appointment.HasField("start_time"):
        return ()
    fields = (field for step in offered.steps for field in step.fields if field.path == _ASSIGNEE)
    choices = (choice for field in fields for choice in field.choices if choice.value != person_id)
    return [Colleague(choice.value, choice.label) for choice in choices]
