"""Reservations that run out: workorders is asked first, for it may have committed (hard-parts 21)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from fieldmesh.workorders.v1 import work_order_pb2, work_order_service_pb2
from sqlalchemy import Row, select

from services.chassis.actors import service_actor
from services.chassis.database import Database
from services.chassis.errors import NotFound, Unavailable
from services.chassis.identity import as_service
from services.chassis.log import get_logger
from services.technicians.booking import CONFIRMED, EXPIRED, RESERVED, Booking
from services.technicians.tables import assignments

log = get_logger(__name__)
NAME: Final = "technicians"
_BATCH: Final = 100


class Orders(Protocol):
    """What of workorders' contract is used here."""

    def GetWorkOrder(  # noqa: N802 - the contract's name
        self, request: work_order_service_pb2.GetWorkOrderRequest
    ) -> work_order_pb2.WorkOrder: ...


def holders_of(orders: Orders, work_order_id: str) -> frozenset[str]:
    """Give the technicians that an order has, as workorders knows it; none where nobody is on it, or no order is there.

    Asked as the service itself. Raises Unavailable where workorders does not answer.
    """
    try:
        with as_service(NAME):
            order = orders.GetWorkOrder(work_order_service_pb2.GetWorkOrderRequest(id=work_order_id))
    except NotFound:
        return frozenset()
    return frozenset(
        {order.technician.technician_id, *(each.technician_id for each in order.further_technicians)} - {""}
    )


class Expiring:
    """Ends reservations whose time is over."""

    def __init__(self, service: str, database: Database, booking: Booking, orders: Orders) -> None:
        self._actor = service_actor(service)
        self._database = database
        self._booking = booking
        self._orders = orders

    def run_due(self, now: datetime) -> int:
        """End what is due and give how many ended; where workorders does not answer, they wait for the next time."""
        ended = 0
        for row in self._due(now):
            try:
                holders = holders_of(self._orders, row.work_order_id)
            except Unavailable:
                log.info("reservation.expiry_postponed", assignment=row.id)
                return ended
            ended += self._end(row.id, holders, now)
        return ended

    def _due(self, now: datetime) -> Sequence[Row[str, str]]:
        columns = assignments.c
        due = select(columns.id, columns.work_order_id).where(columns.state == RESERVED, columns.expire_time <= now)
        with self._database.read() as connection:
            return connection.execute(due.order_by(columns.expire_time, columns.id).limit(_BATCH)).all()

    def _end(self, assignment_id: str, holders: frozenset[str], now: datetime) -> int:
        """Confirm or end one reservation; its state is looked at again, for its event may have come meanwhile."""
        with self._database.begin(actor=self._actor, now=now) as transaction:
            row = self._booking.lock(transaction, assignment_id)
            if row is None or row.state != RESERVED:
                return 0
            others = self._booking.of_order(transaction, row.work_order_id)
            stands = any(each.state == CONFIRMED and each.technician_id == row.technician_id for each in others)
            if row.technician_id in holders and not stands:
                self._booking.change(transaction, row, {"state": CONFIRMED, "expire_time": None})
                return 0
            self._booking.change(transaction, row, {"state": EXPIRED})
            return 1
