"""What workorders tells: orders that move, and work types. Each event takes effect once, in order."""

from collections.abc import Sequence
from typing import Any, Final

from fieldmesh.common.v1.events_pb2 import Event
from fieldmesh.workorders.v1 import events_pb2, work_order_pb2
from sqlalchemy import Row, update

from services.chassis.projections import Projection
from services.chassis.unit_of_work import Transaction
from services.technicians import wire
from services.technicians.booking import CONFIRMED, RELEASED, RESERVED, Booking, parties_row, visit_row
from services.technicians.tables import skill_requirements, work_orders, work_types

PRODUCER: Final = "workorders"
WORK_ORDERS: Final = Projection(PRODUCER, "WorkOrder", work_orders)
WORK_TYPES: Final = Projection(PRODUCER, "WorkType", work_types)
_AT_WORK: Final = frozenset({work_order_pb2.STATE_CATEGORY_OPEN, work_order_pb2.STATE_CATEGORY_HELD})


class Following:
    """Handles the events of workorders."""

    def __init__(self, booking: Booking) -> None:
        self._booking = booking

    def work_order_moved(self, transaction: Transaction, event: Event, moved: events_pb2.WorkOrderMoved) -> None:
        """Keep an order's parties; confirm those whom it names, release everybody else, follow its appointment.

        What workorders committed is a fact: a reservation that it names is confirmed even where it ran out meanwhile.
        """
        order = moved.work_order
        values = {
            **parties_row(order.parties),
            "technician_id": order.technician.technician_id,
            "category": int(order.category),
        }
        if not WORK_ORDERS.upsert(transaction, order.work_order_id, event.aggregate_version, values):
            return
        rows = self._booking.of_order(transaction, order.work_order_id)
        chosen = _chosen(rows, moved)
        for row in rows:
            self._booking.change(transaction, row, self._values(row, moved, is_chosen=row.id in chosen))

    def work_order_deleted(self, transaction: Transaction, event: Event, gone: events_pb2.WorkOrderDeleted) -> None:
        """Forget an order that was never allocated."""
        WORK_ORDERS.bury(transaction, gone.work_order_id, event.aggregate_version)
        for row in self._booking.of_order(transaction, gone.work_order_id):
            if row.state == CONFIRMED:
                self._booking.change(transaction, row, {"state": RELEASED})

    def work_type_changed(self, transaction: Transaction, event: Event, told: events_pb2.WorkTypeChanged) -> None:
        """Keep what a work type needs, and its name where requirements show it."""
        values = {
            "name": told.name,
            "certification_codes": list(told.certification_codes),
            "technicians_needed": told.technicians_needed,
            "active": told.active,
        }
        if not WORK_TYPES.upsert(transaction, told.work_type_id, event.aggregate_version, values):
            return
        columns = skill_requirements.c
        stale = (columns.work_type_id == told.work_type_id) & (columns.work_type_name != told.name)
        renamed = {"work_type_name": told.name, "version": columns.version + 1, "update_time": transaction.now}
        transaction.execute(update(skill_requirements).where(stale).values(renamed))

    @staticmethod
    def _values(row: Row[Any], moved: events_pb2.WorkOrderMoved, *, is_chosen: bool) -> dict[str, Any]:
        order = moved.work_order
        values: dict[str, Any] = {"work_order_number": order.number}
        if order.parties.scope_version >= row.scope_version:
            values |= parties_row(order.parties)
        if is_chosen:
            start = order.appointment.start_time
            appointed = wire.instant(start) if order.appointment.HasField("start_time") else None
            values |= {"state": CONFIRMED, "expire_time": None, **visit_row(appointed, row.duration_minutes)}
            # The reason for sending somebody who is absent is one for that very time.
            values["absent"] = row.absent and appointed == row.start_time
        elif row.state == CONFIRMED:
            values["state"] = RELEASED
        if is_chosen and row.id == moved.assignment_id:
            values |= {
                "actor_subject": moved.actor.subject,
                "actor_display_name": moved.actor.display_name,
                "actor_organization_id": moved.actor.organization_id,
            }
        return values


def _chosen(rows: Sequence[Row[Any]], moved: events_pb2.WorkOrderMoved) -> frozenset[str]:
    """The assignments that the order stands for while work is open, one for each technician that it names.

    That is the one that the event names, else the technician's latest. A completed order that is sent back gets its
    technicians again; a reservation that is not named waits for its own event, or runs out.
    """
    order = moved.work_order
    if order.category not in _AT_WORK:
        return frozenset()
    present = {order.technician.technician_id, *(each.technician_id for each in order.further_technicians)} - {""}
    return frozenset(row.id for one in present for row in _of_technician(rows, one, moved.assignment_id))


def _of_technician(rows: Sequence[Row[Any]], technician_id: str, assignment_id: str) -> Sequence[Row[Any]]:
    """The assignment that counts of those of one technician, or nothing."""
    own = [row for row in rows if row.technician_id == technician_id]
    named = [row for row in own if row.id == assignment_id]
    same = [row for row in own if row.state != RESERVED]
    confirmed = [row for row in same if row.state == CONFIRMED]
    return [*named, *confirmed[-1:], *same[-1:]][:1]
