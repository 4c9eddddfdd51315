"""Arriving and departing with one tap: the moment of the tap becomes a time of the visit (CP-41, R-4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fieldmesh.workorders.v1 import work_order_service_pb2, work_order_service_pb2_grpc

from admin.grpcfab import cells
from admin.grpcfab.context import mesh
from admin.pages.work_orders import moves
from admin.pages.work_orders.sites import site_zone
from services.chassis.errors import Refusal, WrongState
from services.chassis.ids import derive_id, new_id

if TYPE_CHECKING:
    from fieldmesh.workorders.v1 import work_order_pb2

# Clocks of two machines differ a little; a time that was tapped is in the future for neither.
MARGIN: Final = dt.timedelta(seconds=2)


@dataclass(frozen=True)
class Tap:
    """A time of the visit that a tap sets; it needs `after` to be set before."""

    field: str
    label: str
    done: str
    after: str = ""


ARRIVE: Final = Tap("arrive_time", "Your arrival", "You arrived")
DEPART: Final = Tap("depart_time", "Your departure", "You departed", after="arrive_time")


def tell(order_id: str, tap: Tap, key: str, now: dt.datetime) -> str:
    """Set a time of an order's visit to `now`, once: told again it stays what it was. Gives what happened in words.

    `key` is the request key of the page. Raises Refusal: NotFound for an order that the viewer does not see, WrongState
    where the order is not being worked on or the arrival is missing, Unavailable.
    """
    order = _order(order_id)
    if order.visit.HasField(tap.field):
        return _known(order, tap)
    if tap.after and not order.visit.HasField(tap.after):
        raise WrongState("Tell first that you arrived.")
    request = work_order_service_pb2.TransitionWorkOrderRequest(
        work_order_id=order.id,
        transition="set_visit_times",
        etag=order.etag,
        request_id=derive_id(key or new_id(), order.id, tap.field),
    )
    getattr(request.work_order.visit, tap.field).FromDatetime((now - MARGIN).replace(microsecond=0))
    request.update_mask.paths.append(f"visit.{tap.field}")
    try:
        answer = moves.fire(request)
    except Refusal as refusal:
        # A second tap at the same moment: the first one counts.
        again = _order(order_id) if refusal.kind in {"exists", "stale"} else order
        if again.visit.HasField(tap.field):
            return _known(again, tap)
        raise
    told = f"{answer.work_order.number}: {tap.done} at {_when(answer.work_order, tap)}."
    return " ".join((told, *(warning.message for warning in answer.warnings)))


def _known(order: work_order_pb2.WorkOrder, tap: Tap) -> str:
    return f"{order.number}: {tap.label} was noted already, at {_when(order, tap)}."


def _when(order: work_order_pb2.WorkOrder, tap: Tap) -> str:
    return cells.instant(getattr(order.visit, tap.field).ToDatetime(tzinfo=dt.UTC), site_zone(order)).text


def _order(order_id: str) -> Any:
    stub = mesh().stub(work_order_service_pb2_grpc.WorkOrderServiceStub)
    return stub.GetWorkOrder(work_order_service_pb2.GetWorkOrderRequest(id=order_id))
